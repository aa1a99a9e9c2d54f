import { z } from 'zod';
import { censusState } from './census.ts';
import { channel, count, nothing, time } from './channel.ts';

export const finding = z.object({
  /** Stable: the same fact has the same id. */
  id: z.string(),
  severity: z.enum(['critical', 'warning', 'note']),
  code: z.string(),
  /** One sentence: what is so. */
  what: z.string(),
  /** What shows it. */
  evidence: z.string(),
  remedy: z.string(),
  /** The page that mends it, as a route of the window, and the button's words. */
  action: z.object({ label: z.string(), to: z.string() }).nullable(),
});

export const latency = z.object({ dependency: z.string(), milliseconds: z.number().nonnegative(), at: time });

export const overview = z.object({
  /** How old and how complete the counts are. */
  census: censusState,
  instances: count,
  readable: count,
  generations: count,
  /** Instances under the active generation, under older ones, under unreadable ones. */
  byState: z.object({ active: count, older: count, unreadable: count }),
  findings: z.array(finding),
  latencies: z.array(latency),
  activationsByDay: z.array(z.object({ day: time, activations: count })),
  /** True on an empty cluster: three steps are shown instead of pictures. */
  empty: z.boolean(),
});

export const overviewChannels = {
  'overview.get': channel(nothing, overview),
};

export type Finding = z.infer<typeof finding>;
export type Overview = z.infer<typeof overview>;
