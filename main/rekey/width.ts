/** A latency under this is none of a cluster that slows, in milliseconds. */
const SLOW_FLOOR_MS = 50;
/** How much slower than usual is slow. */
const SLOW_FACTOR = 3;
/** Weight of a new latency in the recent mean, and in the usual one, which must not follow a slowdown soon. */
const RECENT_WEIGHT = 1 / 16;
const USUAL_WEIGHT = 1 / 2048;
/** A write of this many bytes may take as long as one of few bytes; beyond it grows with them. */
const BYTES_OF_ONE = 256 * 1024;
const START = 8;

/**
 * How many instances are under way at once: one more for each answer until the cluster slows for the first time, then one
 * more after each round without trouble; half as many where the cluster slows against its own usual latency for more than
 * what is under way at one moment, or does not answer in time (slow start, additive increase, multiplicative decrease, as congestion control in TCP: RFC 5681
 * section 3.1).
 */
export class Width {
  #most: number;
  #width: number;
  #inHand = 0;
  #recent = 0;
  #usual = 0;
  /** Answers until one tells something again: those under way when it shrank, or was warned, tell of before. */
  #settling = 0;
  /** Whether the cluster slowed lately; forgotten after a round in time. */
  #warned = false;
  #inTime = 0;
  #sinceGrowth = 0;
  #shrankOnce = false;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
    this.#width = Math.min(START, most);
  }

  get now(): number {
    return this.#width;
  }

  setMost(most: number): void {
    this.#most = most;
    this.#width = Math.min(this.#width, most);
    this.#admit();
  }

  /** Takes a place. @returns undefined where one was free. */
  enter(): Promise<void> | undefined {
    if (this.#inHand < this.#width && this.#waiting.length === 0) {
      this.#inHand++;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    this.#inHand--;
    this.#admit();
  }

  /** The cluster took `ms` to write `bytes`. */
  answered(ms: number, bytes: number): void {
    if (this.#settling > 0) {
      this.#settling--;
      return;
    }
    const latency = ms / Math.max(1, bytes / BYTES_OF_ONE);
    this.#recent += (latency - this.#recent) * RECENT_WEIGHT;
    this.#usual = this.#usual === 0 ? latency : Math.max(0.001, this.#usual + (latency - this.#usual) * (latency < this.#usual ? RECENT_WEIGHT : USUAL_WEIGHT));
    if (this.#recent > Math.max(SLOW_FLOOR_MS, SLOW_FACTOR * this.#usual)) {
      // A node that collects its garbage makes all that is under way late, once: only what was sent after it tells whether the cluster slows.
      if (this.#warned) this.#shrink();
      else this.#warn();
      return;
    }
    if (++this.#inTime >= this.#width) this.#warned = false;
    if (++this.#sinceGrowth >= this.#width || !this.#shrankOnce) {
      this.#sinceGrowth = 0;
      this.#width = Math.min(this.#most, this.#width + 1);
      this.#admit();
    }
  }

  /** The cluster did not answer in time, or could not. */
  troubled(): void {
    if (this.#settling > 0) this.#settling--;
    else this.#shrink();
  }

  #shrink(): void {
    this.#shrankOnce = true;
    this.#width = Math.max(1, Math.floor(this.#width / 2));
    this.#sinceGrowth = 0;
    this.#warn();
  }

  #warn(): void {
    this.#warned = true;
    this.#inTime = 0;
    this.#settling = Math.max(16, this.#inHand);
    this.#recent = this.#usual;
  }

  #admit(): void {
    while (this.#inHand < this.#width && this.#waiting.length > 0) {
      this.#inHand++;
      this.#waiting.shift()?.();
    }
  }
}
