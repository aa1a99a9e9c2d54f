import { z } from 'zod';
import type { Failure } from '../../main/errors.ts';

/** One request from the window to the main process: what goes in, what comes back when it works. */
export interface Channel<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly input: I;
  readonly output: O;
}

export function channel<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Channel<I, O> {
  return { input, output };
}

/** The answer to every request; nothing is ever thrown across the bridge. */
export type Answer<T> = { readonly ok: true; readonly value: T } | Failure;

/** No input. */
export const nothing = z.undefined();
/** No output beyond "done". */
export const done = z.object({});

export const time = z.number().int().nonnegative().describe('milliseconds since the epoch, UTC');
export const count = z.number().int().nonnegative();
export const description = z.string().min(1).max(160);
export const keyName = z.string().min(1).max(48);
export const luName = z.string().min(1).max(128);
export const instanceId = z.string().min(1).max(512);
/** A name typed to confirm, or one of a profile: never longer than these may be. */
export const typedName = z.string().max(512);
export const failure = z.object({
  ok: z.literal(false),
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
