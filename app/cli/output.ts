import type { Writable } from 'node:stream';

/**
 * One stream to write to. A reader that went away (`fkc … | head`) is no failure: what comes after is dropped, and
 * {@link closed} says so to commands that would otherwise go on for long.
 */
export class Output {
  readonly #stream: Writable & { readonly isTTY?: boolean };
  #closed = false;

  constructor(stream: Writable & { readonly isTTY?: boolean }) {
    this.#stream = stream;
    stream.on('error', () => {
      this.#closed = true;
    });
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves once the bytes were handed on, or can not be any more. */
  write(text: string | Uint8Array): Promise<void> {
    if (this.#closed || text.length === 0) return Promise.resolve();
    return new Promise((done) => {
      this.#stream.write(text, (error) => {
        if (error !== null && error !== undefined) this.#closed = true;
        done();
      });
    });
  }
}
