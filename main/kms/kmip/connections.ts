import { type KmipCredentials, secureContext } from './credentials.ts';
import { ConnectionEnded, KmipConnection } from './connection.ts';
import type { ServerAddress } from './server-address.ts';

/** Servers close what is idle for longer (PyKMIP: 10 s). */
const LONGEST_IDLE_MS = 8_000;

interface Idle {
  readonly connection: KmipConnection;
  readonly since: number;
}

/** The connections to one server: each carries one request at a time and then waits for another, the newest first. */
export class KmipConnections {
  readonly #address: ServerAddress;
  readonly #credentials: KmipCredentials;
  readonly #busy = new Set<KmipConnection>();
  #idle: Idle[] = [];
  #closed = false;
  #opened = 0;

  constructor(address: ServerAddress, credentials: KmipCredentials) {
    this.#address = address;
    this.#credentials = credentials;
  }

  /** How many were opened so far. */
  get opened(): number {
    return this.#opened;
  }

  /**
   * Sends `request` and answers the message that comes back; both are the caller's to zero. One that is repeatable goes
   * out on a waiting connection, and again on a new one where that turns out to have ended; any other goes out on a new
   * connection, where nothing is left open about whether it arrived.
   * @throws as {@link KmipConnection.open}, {@link KmipConnection.exchange} and `secureContext`
   */
  async exchange(request: Buffer, repeatable: boolean, signal: AbortSignal): Promise<Buffer> {
    const waiting = repeatable ? this.#takeIdle() : null;
    if (waiting === null) return this.#on(await this.#open(signal), request, signal);
    try {
      return await this.#on(waiting, request, signal);
    } catch (error) {
      if (!(error instanceof ConnectionEnded && error.beforeAnswer) || signal.aborted || this.#closed) throw error;
      return this.#on(await this.#open(signal), request, signal);
    }
  }

  /** Requests that are under way fail. */
  close(): void {
    this.#closed = true;
    for (const connection of [...this.#busy, ...this.#idle.map((idle) => idle.connection)]) connection.close();
    this.#idle = [];
  }

  async #on(connection: KmipConnection, request: Buffer, signal: AbortSignal): Promise<Buffer> {
    this.#busy.add(connection);
    try {
      return await connection.exchange(request, signal);
    } finally {
      this.#busy.delete(connection);
      if (connection.isOpen) this.#keep(connection);
    }
  }

  async #open(signal: AbortSignal): Promise<KmipConnection> {
    if (this.#closed) throw new ConnectionEnded(true);
    const connection = await KmipConnection.open(this.#address, await secureContext(this.#credentials), signal);
    this.#opened += 1;
    if (this.#closed) connection.close();
    return connection;
  }

  #keep(connection: KmipConnection): void {
    if (this.#closed) connection.close();
    else this.#idle.push({ connection, since: performance.now() });
  }

  #takeIdle(): KmipConnection | null {
    const oldest = performance.now() - LONGEST_IDLE_MS;
    const [fresh, stale] = [this.#idle.filter(({ since }) => since >= oldest), this.#idle.filter(({ since }) => since < oldest)];
    for (const { connection } of stale) connection.close();
    this.#idle = fresh.filter(({ connection }) => connection.isOpen);
    return this.#idle.pop()?.connection ?? null;
  }
}
