import type { AppError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { isPassing } from './patience.ts';

/** So often a range is put off before it fails: in between, all of the database may have been away. */
const TIMES = 3;
/** So long at least where its data is silent: a node may be away for some minutes, where it alone holds the range. */
const SILENT_MS = 15 * 60_000;

/** Ranges of which one worker could not read or write the data though the database answered other requests. */
export class PutOff {
  readonly #clock: Clock;
  readonly #known = new Map<number, { readonly since: number; readonly times: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often in a row the range was put off. */
  times(seq: number): number {
    return this.#known.get(seq)?.times ?? 0;
  }

  /**
   * @param why what its data could not be read or written for.
   * @param gotOn whether anything of it was treated since it was put off.
   * @returns whether the range is put off once more; else it is to fail.
   */
  again(seq: number, why: AppError, gotOn: boolean): boolean {
    const known = gotOn ? undefined : this.#known.get(seq);
    const { since, times } = { since: known?.since ?? this.#clock.elapsed(), times: (known?.times ?? 0) + 1 };
    this.#known.set(seq, { since, times });
    return times < TIMES || (isPassing(why) && this.#clock.elapsed() - since < SILENT_MS);
  }
}
