/** The newest answers that figures are made of. */
const KEPT = 128;

/** Milliseconds of answered requests; null before the first. */
export interface LatencyFigures {
  readonly answers: number;
  readonly lastMs: number | null;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

/** Measures how long a KMS takes: each request by itself, without waiting for the budget. */
export class Latency {
  readonly #newest: number[] = [];
  #answers = 0;

  add(ms: number): void {
    this.#newest[this.#answers % KEPT] = ms;
    this.#answers += 1;
  }

  get figures(): LatencyFigures {
    const sorted = [...this.#newest].sort((a, b) => a - b);
    const at = (part: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
    return { answers: this.#answers, lastMs: this.#newest[(this.#answers - 1) % KEPT] ?? null, medianMs: at(0.5), p95Ms: at(0.95) };
  }
}
