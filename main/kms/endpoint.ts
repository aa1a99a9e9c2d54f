import { randomInt } from 'node:crypto';
import { type AppError, isAppError } from '../errors.ts';
import { BREAKER, type BreakerSettings, type BreakerState, CircuitBreaker } from './breaker.ts';
import { type BudgetSettings, RequestBudget } from './budget.ts';
import { type KmsClock, systemClock } from './clock.ts';
import { answered, isPassing, isSurelyUndone, outcomeUnknown, timedOut } from './failures.ts';
import { Latency, type LatencyFigures } from './latency.ts';

export interface KmsEndpointSettings {
  /** Of one request, in milliseconds. */
  readonly timeoutMs: number;
  /** Requests for one call at most. */
  readonly attempts: number;
  /** No further request is made for a call that is older than this. */
  readonly deadlineMs: number;
  /** Pause before the second request: random up to this, and twice as much each time. */
  readonly backoffMs: number;
  readonly longestBackoffMs: number;
  readonly breaker: BreakerSettings;
  readonly budget: BudgetSettings;
}

export const ENDPOINT: KmsEndpointSettings = {
  timeoutMs: 5_000,
  attempts: 4,
  deadlineMs: 20_000,
  backoffMs: 200,
  longestBackoffMs: 5_000,
  breaker: BREAKER,
  budget: { requestsPerSecond: 100 },
};

/** One call as a provider makes it. */
export interface KmsCall<T> {
  /** The KMS's own name of the operation. */
  readonly operation: string;
  /** Throws AppErrors alone; stops where the signal says so. */
  readonly ask: (signal: AbortSignal) => Promise<T>;
  /** False for an act that must not happen twice: it is asked again only where it surely was not done. */
  readonly repeatable?: boolean;
  /** Zeroes what an answer holds that came after its time. */
  readonly discard?: (late: T) => void;
}

export interface KmsEndpointState {
  /** Region, location or host. */
  readonly location: string;
  readonly circuit: BreakerState;
  readonly latency: LatencyFigures;
  /** Requests that went out. */
  readonly requests: number;
  /** Of these, those that asked a second time or more. */
  readonly retries: number;
  /** Of these, those that the KMS refused as too many. */
  readonly throttled: number;
}

export interface EndpointSurroundings {
  readonly clock?: KmsClock;
  /** A number from 0 to below 1: spreads those who ask again. */
  readonly random?: () => number;
}

/**
 * One place of a KMS, and everything that keeps a call to it bounded: time-out of each request, a few repetitions with
 * random pauses, a circuit breaker, a budget, and what was measured.
 */
export class KmsEndpoint {
  readonly #location: string;
  readonly #settings: KmsEndpointSettings;
  readonly #clock: KmsClock;
  readonly #random: () => number;
  readonly #breaker: CircuitBreaker;
  readonly #budget: RequestBudget;
  readonly #latency = new Latency();
  #requests = 0;
  #retries = 0;
  #throttled = 0;

  constructor(location: string, settings: KmsEndpointSettings = ENDPOINT, { clock = systemClock, random = anyFraction }: EndpointSurroundings = {}) {
    this.#location = location;
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.#breaker = new CircuitBreaker(settings.breaker, clock);
    this.#budget = new RequestBudget(settings.budget, clock);
  }

  get state(): KmsEndpointState {
    return {
      location: this.#location,
      circuit: this.#breaker.state,
      latency: this.#latency.figures,
      requests: this.#requests,
      retries: this.#retries,
      throttled: this.#throttled,
    };
  }

  /**
   * @throws AppError what `ask` threw last; `KMS_TIMEOUT`; `KMS_CIRCUIT_OPEN` where nothing was asked;
   *   `KMS_OUTCOME_UNKNOWN` where a call that is not repeatable may have been done
   */
  async call<T>(call: KmsCall<T>): Promise<T> {
    const { attempts, deadlineMs } = this.#settings;
    const began = this.#clock.elapsed();
    for (let attempt = 1, last: unknown = null; ; attempt += 1) {
      await this.#budget.turn(call.operation);
      const refusal = this.#breaker.refusal();
      if (refusal !== null) throw last ?? refusal;
      if (attempt > 1) this.#retries += 1;
      try {
        return await this.#request(call);
      } catch (error) {
        if (call.repeatable === false && !isSurelyUndone(error)) throw answered(error) === 'no' && isAppError(error) ? outcomeUnknown(call.operation, error) : error;
        const pause = this.#pauseAfter(attempt);
        const hasTime = this.#clock.elapsed() - began + pause < deadlineMs;
        if (!isPassing(error) || attempt >= attempts || !hasTime) throw error;
        last = error;
        await this.#clock.sleep(pause);
      }
    }
  }

  async #request<T>(call: KmsCall<T>): Promise<T> {
    this.#requests += 1;
    const began = this.#clock.elapsed();
    try {
      const answer = await this.#inTime(call);
      this.#breaker.good();
      this.#latency.add(this.#clock.elapsed() - began);
      return answer;
    } catch (error) {
      const said = answered(error);
      if (said === 'yes') this.#breaker.good();
      else if (said === 'no' && isAppError(error)) this.#breaker.bad(error);
      else this.#breaker.nothing();
      if (isAppError(error, 'KMS_THROTTLED')) this.#throttled += 1;
      throw error;
    }
  }

  async #inTime<T>({ operation, ask, discard }: KmsCall<T>): Promise<T> {
    const { timeoutMs } = this.#settings;
    const tooLate = new AbortController();
    const inTime = new AbortController();
    const asked = ask(tooLate.signal);
    try {
      const first = await Promise.race([asked.then((answer) => ({ answer })), this.#clock.sleep(timeoutMs, inTime.signal).then(() => null)]);
      if (first !== null) return first.answer;
    } finally {
      inTime.abort();
    }
    const over: AppError = timedOut(operation, timeoutMs, { location: this.#location });
    asked.then(discard, () => undefined);
    tooLate.abort(over);
    throw over;
  }

  #pauseAfter(attempt: number): number {
    const { backoffMs, longestBackoffMs } = this.#settings;
    return Math.ceil(this.#random() * Math.min(backoffMs * 2 ** (attempt - 1), longestBackoffMs));
  }
}

function anyFraction(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
