/** So much may be sealed and wait: what a worker seals in the time of a node's longer pauses, and little memory. */
const MOST = 256;
const MOST_BYTES = 4 * 1024 * 1024;

interface Waiting {
  readonly bytes: number;
  readonly admit: () => void;
}

/**
 * Room for instances that are sealed before they may be written. A node stops for moments (it collects garbage, writes its
 * memory to disk) and then takes more than a worker seals in the same time: what was sealed in the pause is sent at once.
 */
export class Ahead {
  #instances = 0;
  #bytes = 0;
  readonly #waiting: Waiting[] = [];

  /** Takes room for an instance of `bytes`; one larger than all room gets it when nothing else has any. @returns undefined where there was room. */
  enter(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#take(bytes);
      return undefined;
    }
    return new Promise((admit) => this.#waiting.push({ bytes, admit }));
  }

  leave(bytes: number): void {
    this.#instances--;
    this.#bytes -= bytes;
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.bytes);
      next.admit();
    }
  }

  #fits(bytes: number): boolean {
    return this.#instances === 0 || (this.#instances < MOST && this.#bytes + bytes <= MOST_BYTES);
  }

  #take(bytes: number): void {
    this.#instances++;
    this.#bytes += bytes;
  }
}
