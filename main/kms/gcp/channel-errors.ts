import { AppError, type ErrorDetails } from '../../errors.ts';
import { STATUS } from './status.ts';
import { tell, TOLD } from './told.ts';

/** The words of grpc-js, which makes statuses of its own for what happens between here and the server. */
const NOT_CONNECTED = /no connection established|name resolution failed|failed to connect|connect E[A-Z]+/i;
const BROKEN = /connection dropped|rst_stream|econnreset|epipe|goaway|socket hang up|channel (has been )?(closed|shut)|cancelled/i;
const NO_GRPC = /http status code|content-?type|response message parsing|failure to parse|deserializ|invalid wire type|index out of range|no message received|too many messages|protocol error|parse error|unhandled frame/i;
const CERTIFICATE = /certificate|altname|self.signed|unable to (get|verify)|ERR_TLS_CERT|CERT_/i;
const TLS = /EPROTO|ERR_SSL|ssl routines|wrong version number|tls/i;

/** The failure of a connection; null for what the server said. */
export function channelFailure(status: number, words: string, facts: ErrorDetails): AppError | null {
  const unsent = status === STATUS.UNAVAILABLE && NOT_CONNECTED.test(words);
  if (unsent && CERTIFICATE.test(words)) {
    return new AppError(
      'KMS_TLS_UNTRUSTED',
      'The certificate that answered for Google Cloud KMS is not trusted, not valid now, or for another name. No credentials and no key were sent.',
      'Look for an inspecting proxy. A private CA is trusted by NODE_EXTRA_CA_CERTS; check the endpoint of the profile and the clock.',
      { details: facts },
    );
  }
  if (unsent && TLS.test(words)) {
    return new AppError(
      'KMS_TLS_REFUSED',
      'What answers for Google Cloud KMS does not speak TLS as we do. No credentials and no key were sent.',
      'Check that the endpoint of the profile names a port that speaks TLS, and what proxy lies between.',
      { details: facts },
    );
  }
  if (unsent) return unreachable({ ...facts, ...socketIn(words), sent: false }, '');
  // Half of an answer ends the stream with an error of the parser, or with the connection.
  if (NO_GRPC.test(words) && OWN.has(status)) return tell(TOLD.invalid, facts);
  if (OWN.has(status) && BROKEN.test(words)) return unreachable({ ...facts, ...socketIn(words), sent: true }, ': the connection broke');
  return null;
}

/** The statuses that grpc-js makes by itself. */
const OWN: ReadonlySet<number> = new Set([STATUS.CANCELLED, STATUS.UNKNOWN, STATUS.INTERNAL, STATUS.UNAVAILABLE, STATUS.UNIMPLEMENTED, STATUS.RESOURCE_EXHAUSTED]);

function unreachable(details: ErrorDetails, how: string): AppError {
  return new AppError(
    'KMS_UNREACHABLE',
    `Google Cloud KMS can not be reached${how}. Nothing was changed here; a running process goes on with the keys that it holds, one that starts now can not unwrap them.`,
    'Check the network, a proxy, private access to Google, and the endpoint of the profile.',
    { details },
  );
}

function socketIn(words: string): ErrorDetails {
  const code = /\b(E[A-Z]{4,15})\b/.exec(words)?.[1];
  return code === undefined ? {} : { socketError: code };
}
