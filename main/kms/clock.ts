import { setTimeout as delay } from 'node:timers/promises';

/** Time as calls to a KMS see it; tests put a virtual one in its place. */
export interface KmsClock {
  /** Milliseconds since the epoch (UTC): what is shown. */
  readonly now: () => number;
  /** Milliseconds that never jump, from any origin: what is measured with. */
  readonly elapsed: () => number;
  /** Waits `ms`, or until the signal says stop: that is no failure. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export const systemClock: KmsClock = {
  now: Date.now,
  elapsed: () => performance.now(),
  async sleep(ms, signal) {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
