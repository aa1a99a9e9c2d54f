import { AppError } from '../errors.ts';
import type { KmsClock } from './clock.ts';

export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** First pause in milliseconds; each failed probe doubles it, up to `longestPauseMs`. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
}

export const BREAKER: BreakerSettings = { failures: 5, pauseMs: 10_000, longestPauseMs: 120_000 };

/** Times are milliseconds since the epoch (UTC). */
export interface BreakerState {
  /** `closed`: calls go through; `open`: none does; `probing`: one finds out whether it answers again. */
  readonly state: 'closed' | 'open' | 'probing';
  /** Of the first failure in a row; null while the last answer was good. */
  readonly failingSince: number | null;
  /** Failures in a row. */
  readonly failures: number;
  /** When a probe goes out at the earliest; null unless open. */
  readonly retryAt: number | null;
  /** Code and words of the last failure. */
  readonly last: { readonly code: string; readonly message: string } | null;
}

/** Stops asking a KMS that does not answer, so that callers know at once, and it is not flooded when it comes back. */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  readonly #clock: KmsClock;
  #state: 'closed' | 'open' | 'probing' = 'closed';
  #failures = 0;
  #failingSince: number | null = null;
  #last: AppError | null = null;
  #pause: number;
  #openedAt = 0;

  constructor(settings: BreakerSettings, clock: KmsClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#pause = settings.pauseMs;
  }

  get state(): BreakerState {
    const left = this.#openedAt + this.#pause - this.#clock.elapsed();
    return {
      state: this.#state,
      failingSince: this.#failingSince,
      failures: this.#failures,
      retryAt: this.#state === 'open' ? this.#clock.now() + Math.max(0, left) : null,
      last: this.#last === null ? null : { code: this.#last.code, message: this.#last.message },
    };
  }

  /** Null where a call may go out; it is then followed by exactly one of {@link good}, {@link bad} and {@link nothing}. */
  refusal(): AppError | null {
    if (this.#state === 'closed') return null;
    if (this.#state === 'open' && this.#clock.elapsed() >= this.#openedAt + this.#pause) {
      this.#state = 'probing';
      return null;
    }
    return this.#refused();
  }

  good(): void {
    this.#state = 'closed';
    this.#failures = 0;
    this.#failingSince = null;
    this.#last = null;
    this.#pause = this.#settings.pauseMs;
  }

  bad(error: AppError): void {
    this.#failures += 1;
    this.#failingSince ??= this.#clock.now();
    this.#last = error;
    if (this.#state === 'probing') this.#pause = Math.min(this.#pause * 2, this.#settings.longestPauseMs);
    // Calls that were under way when it opened fail too, and do not make the pause longer.
    if (this.#state === 'probing' || (this.#state === 'closed' && this.#failures >= this.#settings.failures)) this.#open();
  }

  /** The call never reached the KMS. */
  nothing(): void {
    if (this.#state === 'probing') this.#state = 'open';
  }

  #open(): void {
    this.#state = 'open';
    this.#openedAt = this.#clock.elapsed();
  }

  #refused(): AppError {
    const since = new Date(this.#failingSince ?? this.#clock.now()).toISOString();
    return new AppError(
      'KMS_CIRCUIT_OPEN',
      `The KMS has not answered since ${since} (${this.#last?.code ?? ''}), so it is not asked for a while. A running process goes on with the keys that it holds; one that starts now could not unwrap them.`,
      `${this.#last?.remedy ?? ''} It is asked again by itself.`.trimStart(),
      { details: { since, failures: this.#failures, lastCode: this.#last?.code ?? '' } },
    );
  }
}
