import type { Clock } from './clock.ts';

/** So long a range may be silent before it fails: a node may be away for some minutes, where it alone holds the range. */
const PATIENCE_MS = 15 * 60_000;
/** And so often in a row, since all of the database may have been away in between. */
const TIMES = 3;

/** Ranges whose data did not answer for long though the database answered other requests, as one worker met them. */
export class Silences {
  readonly #clock: Clock;
  readonly #known = new Map<number, { readonly since: number; readonly times: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often in a row the range was put off for it. */
  times(seq: number): number {
    return this.#known.get(seq)?.times ?? 0;
  }

  /**
   * The range is silent again, or (where it got on in between) for the first time.
   * @returns whether it may be put off once more; else it is to fail.
   */
  mayPutOff(seq: number, gotOn: boolean): boolean {
    const known = gotOn ? undefined : this.#known.get(seq);
    const { since, times } = { since: known?.since ?? this.#clock.elapsed(), times: (known?.times ?? 0) + 1 };
    this.#known.set(seq, { since, times });
    return times < TIMES || this.#clock.elapsed() - since < PATIENCE_MS;
  }
}
