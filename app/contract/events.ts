import { z } from 'zod';
import { count } from './channel.ts';
import { job } from './data.ts';
import { replacementStep } from './kms-replace.ts';

/** Everything that main tells the window unasked, on one subscription. */
export const event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('job'), job }),
  z.object({
    type: z.literal('activation'),
    step: z.enum(['generated', 'wrapped', 'stored', 'read-back', 'verified', 'described', 'active', 'lost', 'failed']),
    name: z.string(),
    description: z.string(),
    stripes: z.object({ stored: count, total: count }).nullable(),
  }),
  /** A check or step of a key replacement. */
  z.object({ type: z.literal('replacement'), step: replacementStep }),
  /** Plain keys were zeroed, or came back, or the state changed. Ask for `session.status`. */
  z.object({ type: z.literal('status') }),
  /** Something that a page may show changed, here or in another process. */
  z.object({ type: z.literal('changed'), what: z.enum(['keys', 'data', 'rekey', 'audit', 'profiles', 'all']) }),
  /** The menu or a shortcut asks the window to go somewhere. */
  z.object({ type: z.literal('navigate'), to: z.string() }),
]);

export type ConsoleEvent = z.infer<typeof event>;
