/** Calls `onIdle` after minutes without {@link touch}; not at all with 0 minutes. */
export class IdleClock {
  readonly #onIdle: () => void;
  #minutes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  restart(minutes: number): void {
    this.#minutes = minutes;
    this.touch();
  }

  touch(): void {
    this.stop();
    if (this.#minutes > 0) this.#timer = setTimeout(this.#onIdle, this.#minutes * 60_000).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
