import type { CampaignLimits } from './campaign.ts';
import type { Clock } from './clock.ts';

/** Limits are looked at again this often while somebody waits for one. */
const SLICE_MS = 250;
/** What may be taken at once after a pause: this many seconds of the rate. */
const BURST_SECONDS = 0.25;
const MEBIBYTE = 1024 * 1024;

/**
 * A token bucket that may run into debt: whoever comes while it is not empty takes what it needs and leaves the debt to
 * the next, so that one larger than the bucket passes too, and the rate holds in the long run.
 */
export class TokenBucket {
  readonly #clock: Clock;
  #rate: number;
  #tokens: number;
  #filledAt: number;

  /** @param rate tokens a second; Infinity is no limit. */
  constructor(rate: number, clock: Clock) {
    this.#clock = clock;
    this.#rate = rate;
    this.#tokens = this.#capacity;
    this.#filledAt = clock.elapsed();
  }

  setRate(rate: number): void {
    this.#fill();
    this.#rate = rate;
    this.#tokens = Math.min(this.#tokens, this.#capacity);
    // A debt made under a higher rate, or without one, is not paid at the new one.
    this.#tokens = Math.max(this.#tokens, -this.#capacity);
  }

  /** Milliseconds until something may be taken; 0 is now. */
  wait(): number {
    if (this.#rate === Infinity) return 0;
    this.#fill();
    return this.#tokens > 0 ? 0 : Math.max(1, Math.ceil(((1e-9 - this.#tokens) * 1000) / this.#rate));
  }

  take(tokens: number): void {
    if (this.#rate !== Infinity) this.#tokens -= tokens;
  }

  get #capacity(): number {
    return this.#rate === Infinity ? 0 : this.#rate * BURST_SECONDS;
  }

  #fill(): void {
    const at = this.#clock.elapsed();
    if (this.#rate !== Infinity) this.#tokens = Math.min(this.#capacity, this.#tokens + (this.#rate * (at - this.#filledAt)) / 1000);
    this.#filledAt = at;
  }
}

/** Holds a worker to its share of a campaign's rates. */
export class Throttle {
  readonly #clock: Clock;
  readonly #instances: TokenBucket;
  readonly #bytes: TokenBucket;
  #share: string;
  #turn: Promise<void> | null = null;

  /** @param workers that share the limits. */
  constructor(limits: CampaignLimits, workers: number, clock: Clock) {
    const { instances, bytes } = ratesOf(limits, workers);
    this.#clock = clock;
    this.#share = `${instances} ${bytes}`;
    this.#instances = new TokenBucket(instances, clock);
    this.#bytes = new TokenBucket(bytes, clock);
  }

  set(limits: CampaignLimits, workers: number): void {
    const { instances, bytes } = ratesOf(limits, workers);
    const share = `${instances} ${bytes}`;
    if (share === this.#share) return;
    this.#share = share;
    this.#instances.setRate(instances);
    this.#bytes.setRate(bytes);
  }

  /**
   * Waits for the turn of an instance of `bytes`, in the order of asking, or until the signal says stop.
   * @returns undefined where it need not wait.
   */
  pass(bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (this.#turn === null && this.#wait() === 0) {
      this.#take(bytes);
      return undefined;
    }
    const turn = (this.#turn ?? Promise.resolve()).then(() => this.#passInTurn(bytes, signal));
    this.#turn = turn;
    void turn.then(() => {
      if (this.#turn === turn) this.#turn = null;
    });
    return turn;
  }

  async #passInTurn(bytes: number, signal: AbortSignal): Promise<void> {
    for (let wait = this.#wait(); wait > 0 && !signal.aborted; wait = this.#wait()) await this.#clock.sleep(Math.min(wait, SLICE_MS), signal);
    if (!signal.aborted) this.#take(bytes);
  }

  #wait(): number {
    return Math.max(this.#instances.wait(), this.#bytes.wait());
  }

  #take(bytes: number): void {
    this.#instances.take(1);
    this.#bytes.take(bytes);
  }
}

function ratesOf(limits: CampaignLimits, workers: number): { instances: number; bytes: number } {
  const share = Math.max(1, workers);
  return { instances: (limits.instancesPerSecond ?? Infinity) / share, bytes: ((limits.mebibytesPerSecond ?? Infinity) * MEBIBYTE) / share };
}
