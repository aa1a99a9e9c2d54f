import { setTimeout as delay } from 'node:timers/promises';

/** Time as a campaign sees it; tests put a virtual one in its place. */
export interface Clock {
  /** Milliseconds since the epoch (UTC): what is stored. */
  readonly now: () => number;
  /** Milliseconds that never jump, from any origin: what is measured with. */
  readonly elapsed: () => number;
  /** Waits `ms`, or until the signal says stop: that is no failure. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  async sleep(ms, signal) {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
