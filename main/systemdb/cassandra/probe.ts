import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { AppError } from '../../errors.ts';
import { databaseError, tlsRefused, tookTooLong, unreachable } from './errors.ts';
import { formatEndpoint, type Endpoint } from './settings.ts';

/** Milliseconds for each of: to connect, and to answer. */
const PATIENCE = 5_000;

/** An OPTIONS request of the native protocol, version 4 (native_protocol_v4.spec, sections 2 and 4.1.3): nobody needs to log in for it. */
const OPTIONS = Uint8Array.of(0x04, 0, 0, 0, 0x05, 0, 0, 0, 0);

/** Set in the first byte of every answer. */
const RESPONSE = 0x80;

/**
 * Opens a TCP connection and closes it.
 * @throws AppError `DATABASE_UNREACHABLE`
 */
export async function probePort(endpoint: Endpoint): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const socket = connect({ host: endpoint.host, port: endpoint.port, timeout: PATIENCE }, () => resolve(undefined));
  socket.once('error', reject);
  socket.once('timeout', () => reject(new Error('no answer')));
  try {
    await promise;
  } catch (error) {
    throw unreachable({ host: formatEndpoint(endpoint) }, error);
  } finally {
    socket.destroy();
  }
}

/**
 * Asks a node which options it has, over TLS or not. Over TLS 1.3 a node refuses a missing client certificate only after
 * the client has finished: an answer is the proof.
 * @returns the TLS version, null without TLS
 * @throws AppError `DATABASE_TLS_REFUSED`, `DATABASE_TLS_UNTRUSTED`, `DATABASE_TLS_NAME_MISMATCH`, `DATABASE_UNREACHABLE`,
 *   `DATABASE_TIMEOUT` (it took the connection and said nothing)
 */
export async function probeCql(endpoint: Endpoint, tls: ConnectionOptions | null): Promise<string | null> {
  const details = { host: formatEndpoint(endpoint) };
  const { promise, resolve, reject } = Promise.withResolvers<string | null>();
  const at = { host: endpoint.host, port: endpoint.port, timeout: PATIENCE };
  const socket: Socket = tls === null ? connect(at, ask) : connectTls({ ...tls, ...at }, ask);
  function ask(): void {
    socket.write(OPTIONS);
  }
  socket.once('data', (answer: Buffer) => {
    if (((answer[0] ?? 0) & RESPONSE) === 0) reject(tlsRefused(details));
    else resolve('getProtocol' in socket && typeof socket.getProtocol === 'function' ? String(socket.getProtocol()) : null);
  });
  socket.once('error', reject);
  socket.once('close', () => reject(tlsRefused(details)));
  socket.once('timeout', () => reject(tookTooLong('A node took the connection and did not answer. Nothing was changed.', 'Check that the port is the one for CQL clients, and that the node is not stopped.', details)));
  try {
    return await promise;
  } catch (error) {
    const known = databaseError(error, 'connect', details);
    // Once the port was seen open, a connection that is cut off is the node's answer to how we spoke.
    throw known instanceof AppError && known.code === 'DATABASE_UNREACHABLE' ? tlsRefused(details, error) : known;
  } finally {
    socket.destroy();
  }
}
