import type { InstanceKeys } from '../lu/keys.ts';
import type { Clock } from './clock.ts';
import { isPassing, type Patience } from './patience.ts';
import type { ActiveGeneration } from './treatment.ts';

/** How long an answer holds: asking the cluster for every instance would cost more than the instance. */
const FRESH_MS = 250;

/** The generation that is active now, give or take a quarter of a second. */
export class ActiveNow {
  readonly #keys: InstanceKeys;
  readonly #clock: Clock;
  readonly #patience: Patience;
  #generation: ActiveGeneration | null = null;
  #askedAt = 0;
  #asking: Promise<ActiveGeneration> | null = null;

  constructor(keys: InstanceKeys, clock: Clock, patience: Patience) {
    this.#keys = keys;
    this.#clock = clock;
    this.#patience = patience;
  }

  /** @returns null where it must be asked for. */
  get fresh(): ActiveGeneration | null {
    return this.#clock.elapsed() - this.#askedAt < FRESH_MS ? this.#generation : null;
  }

  /** @throws AppError what {@link InstanceKeys.active} throws: it concerns all that is to be sealed. */
  async ask(signal: AbortSignal): Promise<ActiveGeneration> {
    for (;;) {
      this.#asking ??= this.#ask(signal).finally(() => {
        this.#asking = null;
      });
      try {
        return await this.#asking;
      } catch (error) {
        // A trouble that passes is thrown where the signal of whoever asked first said stop: the others ask on.
        if (signal.aborted || !isPassing(error)) throw error;
      }
    }
  }

  async #ask(signal: AbortSignal): Promise<ActiveGeneration> {
    let sentAt = 0;
    this.#generation = await this.#patience.ask(() => {
      sentAt = this.#clock.elapsed();
      return this.#keys.active();
    }, signal);
    this.#askedAt = sentAt;
    return this.#generation;
  }
}
