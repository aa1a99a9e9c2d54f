import type { KmsClock } from './clock.ts';

/** Requests a second: of all operations together, and of those that have a quota of their own. */
export interface BudgetSettings {
  readonly requestsPerSecond: number;
  readonly perOperation?: Readonly<Record<string, number>>;
  /** Quotas that several operations live off together. */
  readonly shared?: readonly SharedBudget[];
}

export interface SharedBudget {
  readonly operations: readonly string[];
  readonly requestsPerSecond: number;
  /** What may go out at once after a pause, in seconds of the rate: for quotas that are counted by the minute. */
  readonly burstSeconds: number;
}

/** What may go out at once after a pause, in seconds of the rate. */
const BURST_SECONDS = 0.25;

/**
 * Paces requests so that no second holds more than the budget, in the order of asking. A rate's next free moment moves
 * on by 1/rate with each request and never lies further back than the burst (the generic cell rate algorithm).
 */
export class RequestBudget {
  readonly #clock: KmsClock;
  readonly #all: Pace;
  readonly #perOperation: ReadonlyMap<string, Pace>;

  constructor(settings: BudgetSettings, clock: KmsClock) {
    this.#clock = clock;
    this.#all = new Pace(settings.requestsPerSecond);
    const shared = (settings.shared ?? []).flatMap(({ operations, requestsPerSecond, burstSeconds }) => {
      const pace = new Pace(requestsPerSecond, burstSeconds);
      return operations.map((operation) => [operation, pace] as const);
    });
    this.#perOperation = new Map([...shared, ...Object.entries(settings.perOperation ?? {}).map(([operation, rate]) => [operation, new Pace(rate)] as const)]);
  }

  /** Resolves when a request of `operation` may go out. */
  async turn(operation: string): Promise<void> {
    const now = this.#clock.elapsed();
    const own = this.#perOperation.get(operation);
    // The place in the slower queue first: a request that waits there takes its share of all when it leaves.
    const wait = own?.take(now) ?? 0;
    if (wait > 0) await this.#clock.sleep(wait);
    const rest = this.#all.take(this.#clock.elapsed());
    if (rest > 0) await this.#clock.sleep(rest);
  }
}

class Pace {
  readonly #interval: number;
  readonly #burst: number;
  #next = -Infinity;

  constructor(requestsPerSecond: number, burstSeconds = BURST_SECONDS) {
    this.#interval = 1000 / requestsPerSecond;
    // The first of a burst is one of those that the second allows.
    this.#burst = Math.max(0, burstSeconds * 1000 - this.#interval);
  }

  /** Takes a place and says in how many milliseconds it comes. */
  take(now: number): number {
    this.#next = Math.max(this.#next, now - this.#burst);
    const wait = Math.max(0, this.#next - now);
    this.#next += this.#interval;
    return wait;
  }
}
