import { AppError } from './errors.ts';

/**
 * The one owner of secret bytes: copies what it is given, hands it out only inside {@link use}, zeroes it on
 * {@link dispose}. It prints, serialises and inspects as `[SecretBytes]`, so that it can not leak by accident.
 * JavaScript promises no more than this (see SECURITY.md).
 */
export class SecretBytes implements Disposable {
  readonly #bytes: Buffer;
  #disposed = false;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Copies `source`, which stays the caller's to zero. */
  static copyOf(source: Uint8Array): SecretBytes {
    // An ArrayBuffer of its own: V8 keeps small typed arrays inside its heap, where the collector moves them and leaves
    // copies behind that nobody zeroes; an explicit ArrayBuffer lies outside and stays where it is.
    const owned = Buffer.from(new ArrayBuffer(source.length));
    owned.set(source);
    return new SecretBytes(owned);
  }

  /** Copies `source` and zeroes it: the secret now has one owner, this one. */
  static take(source: Uint8Array): SecretBytes {
    const secret = SecretBytes.copyOf(source);
    source.fill(0);
    return secret;
  }

  /** Length in bytes. */
  get length(): number {
    return this.#bytes.length;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Lends the bytes to `borrower`, which must not keep them.
   * @throws AppError `SECRET_DISPOSED` after {@link dispose}.
   */
  use<T>(borrower: (bytes: Buffer) => T): T {
    if (this.#disposed) {
      throw new AppError('SECRET_DISPOSED', 'This key was already removed from memory.', 'Unlock the console and try again.');
    }
    return borrower(this.#bytes);
  }

  /** A second owner with its own copy. @throws AppError `SECRET_DISPOSED` */
  clone(): SecretBytes {
    return this.use((bytes) => SecretBytes.copyOf(bytes));
  }

  /** Zeroes the bytes; may be called more than once. */
  dispose(): void {
    this.#bytes.fill(0);
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toJSON(): string {
    return '[SecretBytes]';
  }

  toString(): string {
    return '[SecretBytes]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[SecretBytes]';
  }
}
