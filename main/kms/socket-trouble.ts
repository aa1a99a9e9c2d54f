/** What went wrong between here and a server, whatever is spoken there. */
export interface SocketTrouble {
  /**
   * `certificate`: the server's is not trusted; `tls`: no TLS came about; `unsent`: no connection, so nothing was asked;
   * `broken`: it ended on the way, and the request may have arrived.
   */
  readonly kind: 'certificate' | 'tls' | 'unsent' | 'broken';
  /** Node's code of the failure; may be empty. */
  readonly code: string;
}

/** Where the certificate itself is at fault (https://nodejs.org/api/tls.html, X509 certificate error codes). */
const CERTIFICATE = /^(ERR_TLS_CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|CERT_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CRL_|HOSTNAME_MISMATCH|ERROR_IN_CERT)/;
const TLS = /^(EPROTO|ERR_SSL_|ERR_TLS_)/;

const UNSENT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'EHOSTDOWN', 'ENETDOWN']);
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE']);

/** Null for what is no trouble of a connection. Node tells several addresses' failures as one AggregateError. */
export function socketTrouble(error: Error): SocketTrouble | null {
  const code = socketCode(error);
  if (CERTIFICATE.test(code)) return { kind: 'certificate', code };
  if (TLS.test(code)) return { kind: 'tls', code };
  if (BROKEN.has(code) || /aborted|socket hang up/i.test(error.message)) return { kind: 'broken', code };
  return error.name === 'TimeoutError' || UNSENT.has(code) ? { kind: 'unsent', code } : null;
}

/** Node's code of a failed connection; empty where it has none. */
export function socketCode(error: Error): string {
  return codeOf(error) || (error instanceof AggregateError && error.errors[0] instanceof Error ? codeOf(error.errors[0]) : '');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
