import { setImmediate as macrotask } from 'node:timers/promises';
import type { Clock } from '../../main/rekey/clock.ts';

/** Rounds of the event loop in which everything that does not sleep comes to rest: sealing what a worker holds ahead gives others a turn some thirty times. */
const ROUNDS = 64;

/** Time stands while anybody works, and jumps to the next that sleeps: minutes of a campaign pass in a second. */
export class SteppedClock implements Clock {
  #ms = 1_700_000_000_000;
  readonly #began = this.#ms;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  readonly #marks: { readonly at: number; readonly act: () => Promise<void> | void }[] = [];

  readonly now = (): number => this.#ms;
  readonly elapsed = (): number => this.#ms - this.#began;
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const sleeper = { at: this.#ms + ms, wake: () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', sleeper.wake);
        resolve();
      } };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake);
    });

  /** Does something once so many milliseconds passed, while all others stand. */
  at(elapsed: number, act: () => Promise<void> | void): void {
    this.#marks.push({ at: elapsed, act });
    this.#marks.sort((a, b) => a.at - b.at);
  }

  /** Lets time pass until `work` ends. */
  async run<T>(work: Promise<T>): Promise<T> {
    let over = false;
    void work.catch(() => undefined).then(() => (over = true));
    while (!over) {
      for (let round = 0; round < ROUNDS; round++) await macrotask();
      const next = Math.min(...[...this.#sleepers].map(({ at }) => at));
      for (let mark = this.#marks[0]; mark !== undefined && mark.at <= Math.min(next, Infinity) - this.#began; mark = this.#marks[0]) {
        this.#ms = Math.max(this.#ms, this.#began + mark.at);
        this.#marks.shift();
        await mark.act();
      }
      if (next === Infinity) continue;
      this.#ms = Math.max(this.#ms, next);
      for (const sleeper of [...this.#sleepers]) if (sleeper.at <= this.#ms) sleeper.wake();
    }
    return work;
  }
}
