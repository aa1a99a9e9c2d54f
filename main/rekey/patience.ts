import { randomInt } from 'node:crypto';
import { type AppError, type ErrorCode, isAppError } from '../errors.ts';
import type { Clock } from './clock.ts';

/** Troubles of the database that pass by themselves: the same may be asked again, as all that a campaign asks is idempotent. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'DATABASE_TIMEOUT',
  'DATABASE_UNAVAILABLE',
  'DATABASE_UNREACHABLE',
  'DATABASE_OUTCOME_UNKNOWN',
  'DATABASE_LOCKED',
]);

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export function isPassing(error: unknown): error is AppError {
  return isAppError(error) && PASSING.has(error.code);
}

/** Since when, and over what, a worker waits for the database. */
export interface Waiting {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Asks again until the database answers, with pauses that grow and differ; one for all that a worker does at once. */
export class Patience {
  readonly #clock: Clock;
  readonly #changed: (waiting: Waiting | null) => void;
  #waiting: Waiting | null = null;

  /** @param changed called when a wait begins (also for another reason), and with null when it is over. */
  constructor(clock: Clock, changed: (waiting: Waiting | null) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get waiting(): Waiting | null {
    return this.#waiting;
  }

  /**
   * @param signal once it says stop, the next failure is thrown.
   * @param again whether to ask again after a failure; default: where it is a trouble that passes.
   * @throws what `ask` throws, but where it is asked again.
   */
  async ask<T>(ask: () => Promise<T>, signal: AbortSignal, again: (error: AppError) => boolean = isPassing): Promise<T> {
    try {
      return this.answered(await ask());
    } catch (error) {
      return await this.askAgain(error, ask, signal, again);
    }
  }

  /** As {@link ask}, once it was asked and failed. */
  async askAgain<T>(failure: unknown, ask: () => Promise<T>, signal: AbortSignal, again: (error: AppError) => boolean = isPassing): Promise<T> {
    let error = failure;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (!isAppError(error) || signal.aborted || !again(error)) throw error;
      this.#set({ since: this.#waiting?.since ?? this.#clock.now(), code: error.code, message: error.message });
      // Random, so that workers that lost the same node do not come back in step.
      await this.#clock.sleep(randomInt(pause / 2, pause * 1.5), signal);
      if (signal.aborted) throw error;
      try {
        return this.answered(await ask());
      } catch (next) {
        error = next;
      }
    }
  }

  /** The database answered: what was waited for is over. */
  answered<T>(answer: T): T {
    if (this.#waiting !== null) this.#set(null);
    return answer;
  }

  #set(waiting: Waiting | null): void {
    const known = this.#waiting;
    this.#waiting = waiting;
    if (known?.code !== waiting?.code) this.#changed(waiting);
  }
}
