import { setTimeout as pause } from 'node:timers/promises';

/** How soon after a failure another attempt may begin: a page that polls must not keep the disk busy. */
const PAUSE_MS = 1_000;

/**
 * Something that is opened once, and again when it is asked for after a failure: what was locked, damaged or missing
 * may have been mended meanwhile. There is never more than one attempt at a time.
 */
export class Opening<T> {
  readonly #open: () => Promise<T>;
  readonly #pauseMs: number;
  readonly #ended = new AbortController();
  #attempt: Promise<T>;
  #failure: { readonly error: unknown; readonly at: number } | null = null;

  /** Begins the first attempt. */
  constructor(open: () => Promise<T>, pauseMs = PAUSE_MS) {
    this.#open = open;
    this.#pauseMs = pauseMs;
    this.#attempt = this.#begin(null);
  }

  /**
   * What is open. After a failed attempt this begins another, `pauseMs` after the failure at the earliest, so that the
   * answer is never older than the question. Rejects with the failure of the attempt.
   */
  get(): Promise<T> {
    if (this.#failure !== null && !this.#ended.signal.aborted) {
      const failure = this.#failure;
      this.#failure = null;
      this.#attempt = this.#begin(failure);
    }
    return this.#attempt;
  }

  /** The last attempt, however it ends; begins none. */
  last(): Promise<T> {
    return this.#attempt;
  }

  /** From here on no attempt begins. @returns what is open once the attempt that runs has ended; null when nothing is */
  async end(): Promise<T | null> {
    this.#ended.abort();
    return this.#attempt.catch(() => null);
  }

  #begin(before: { readonly error: unknown; readonly at: number } | null): Promise<T> {
    const attempt = this.#try(before);
    // It may fail before anybody asks; it is told when somebody does.
    attempt.catch(() => undefined);
    return attempt;
  }

  async #try(before: { readonly error: unknown; readonly at: number } | null): Promise<T> {
    try {
      if (before !== null) {
        const wait = before.at + this.#pauseMs - performance.now();
        await pause(Math.max(0, wait), undefined, { signal: this.#ended.signal }).catch(() => undefined);
        if (this.#ended.signal.aborted) throw before.error;
      }
      return await this.#open();
    } catch (error) {
      this.#failure = { error, at: performance.now() };
      throw error;
    }
  }
}
