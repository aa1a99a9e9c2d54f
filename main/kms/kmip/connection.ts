import { type SecureContext, type TLSSocket, connect } from 'node:tls';
import { isIP } from 'node:net';
import type { ServerAddress } from './server-address.ts';
import { messageLength } from './ttlv/decode.ts';
import { unreadable } from './ttlv/failures.ts';
import { HEADER_BYTES } from './ttlv/item.ts';

/** A connection that ended where an answer was due: it may have been idle for too long, and nothing was done. */
export class ConnectionEnded extends Error {
  override readonly name = 'ConnectionEnded';
  readonly code = 'ECONNRESET';
  /** No byte of the answer had come. */
  readonly beforeAnswer: boolean;

  constructor(beforeAnswer: boolean) {
    super('The connection ended before its answer.');
    this.beforeAnswer = beforeAnswer;
  }
}

interface Awaited {
  readonly resolve: (message: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One TLS connection to a KMIP server, for one request at a time: KMIP answers carry nothing that surely tells to which
 * request they belong. After any failure it is closed, so that a late answer can not be taken for another's.
 */
export class KmipConnection {
  readonly #socket: TLSSocket;
  #head = Buffer.alloc(0);
  #message: Buffer | null = null;
  #filled = 0;
  #awaited: Awaited | null = null;
  #ended = false;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#take(chunk);
      } catch (error) {
        this.#fail(error as Error);
      } finally {
        chunk.fill(0);
      }
    });
    socket.on('error', (error) => this.#fail(isEnd(error) ? new ConnectionEnded(this.#isBeforeAnswer) : error));
    socket.on('end', () => this.#fail(new ConnectionEnded(this.#isBeforeAnswer)));
    socket.on('close', () => this.#fail(new ConnectionEnded(this.#isBeforeAnswer)));
  }

  /**
   * Opens a connection. The server's certificate must be signed by the CA of `context`, valid now, and for this host.
   * @throws Error of node:tls or node:net; the reason of `signal`
   */
  static open({ host, port }: ServerAddress, context: SecureContext, signal: AbortSignal): Promise<KmipConnection> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      // Names alone go into the TLS greeting (RFC 6066, section 3); the certificate is checked for addresses too.
      const socket = connect({ host, port, secureContext: context, rejectUnauthorized: true, ...(isIP(host) === 0 ? { servername: host } : {}) });
      const stop = (): void => void socket.destroy(signal.reason instanceof Error ? signal.reason : undefined);
      const ended = (): void => reject(new ConnectionEnded(true));
      signal.addEventListener('abort', stop);
      // Stays: a socket that fails twice must not end the process.
      socket.on('error', reject);
      socket.once('close', ended);
      socket.once('close', () => signal.removeEventListener('abort', stop));
      socket.once('secureConnect', () => {
        signal.removeEventListener('abort', stop);
        socket.removeListener('close', ended);
        socket.setNoDelay(true);
        resolve(new KmipConnection(socket));
      });
    });
  }

  /** False where it can take no more requests. */
  get isOpen(): boolean {
    return !this.#ended;
  }

  /**
   * Writes `request` in one piece and answers the one message that comes back, in memory of its own that the caller
   * zeroes. The request stays the caller's, to zero when this settles.
   * @throws ConnectionEnded; AppError as `messageLength`, `KMIP_TRAILING_BYTES`; Error of the socket; the reason of `signal`
   */
  async exchange(request: Buffer, signal: AbortSignal): Promise<Buffer> {
    if (this.#ended) throw new ConnectionEnded(true);
    const stop = (): void => this.#fail(signal.reason instanceof Error ? signal.reason : new ConnectionEnded(false));
    this.#socket.ref();
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        this.#awaited = { resolve, reject };
        signal.addEventListener('abort', stop);
        if (signal.aborted) stop();
        else this.#socket.write(request);
      });
    } finally {
      signal.removeEventListener('abort', stop);
      // A pool at rest keeps no process alive.
      this.#socket.unref();
    }
  }

  close(): void {
    this.#fail(new ConnectionEnded(false));
  }

  get #isBeforeAnswer(): boolean {
    return this.#head.length === 0 && this.#message === null;
  }

  #take(chunk: Buffer): void {
    if (this.#awaited === null) throw unreadable('KMIP_TRAILING_BYTES', 0);
    if (this.#message === null) {
      this.#head = Buffer.concat([this.#head, chunk]);
      if (this.#head.length < HEADER_BYTES) return;
      const length = messageLength(this.#head);
      this.#message = Buffer.from(new ArrayBuffer(length));
      chunk = this.#head;
    }
    const message = this.#message;
    if (this.#filled + chunk.length > message.length) throw unreadable('KMIP_TRAILING_BYTES', message.length);
    message.set(chunk, this.#filled);
    this.#filled += chunk.length;
    if (chunk === this.#head) this.#head.fill(0);
    if (this.#filled === message.length) this.#answer(message);
  }

  #answer(message: Buffer): void {
    const awaited = this.#awaited;
    this.#awaited = null;
    this.#message = null;
    this.#head = Buffer.alloc(0);
    this.#filled = 0;
    awaited?.resolve(message);
  }

  #fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#head.fill(0);
    this.#message?.fill(0);
    this.#socket.destroy();
    this.#awaited?.reject(error);
    this.#awaited = null;
  }
}

function isEnd(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
