import { AppError, type ErrorDetails } from '../../errors.ts';
import { factsOf, type GcpRequest } from './errors.ts';
import { tell, TOLD } from './told.ts';

/**
 * Why there is no token (RFC 6749, section 5.2; Google Identity, "Using OAuth 2.0"). The library's error stays behind:
 * it holds the request, with the refresh token or the signed assertion in it.
 */
export function signInError(error: unknown, request: GcpRequest): AppError {
  const { message, status, socket, refused, description } = partsOf(error);
  const facts: ErrorDetails = { ...factsOf(null, request), ...(refused === '' ? {} : { googleError: refused }), ...(status === null ? {} : { status }) };
  if (/could not load the default credentials|ENOENT/i.test(message) || socket === 'ENOENT') return tell(TOLD.credentialsMissing, facts);
  // The metadata server of a machine that has no service account (Compute Engine, "Access tokens").
  if (status === 404 && refused === '') return tell(TOLD.credentialsMissing, facts);
  if (/reasonable timeframe|iat and exp/i.test(description)) return tell(TOLD.clockWrong, facts);
  if (refused === 'invalid_rapt' || /expired|reauth|rapt/i.test(description)) return tell(TOLD.credentialsExpired, facts);
  if (refused !== '' || (status !== null && status >= 400 && status < 429)) return tell(TOLD.credentialsWrong, facts);
  if (status === 429) return tell(TOLD.throttled, facts);
  if (status !== null && status >= 500) return tell(TOLD.failed, facts);
  if (socket !== '') {
    return new AppError(
      'KMS_UNREACHABLE',
      'The server that gives out tokens for Google can not be reached, so Google Cloud KMS was not asked. Nothing was changed; a running process goes on with the keys that it holds.',
      'Check the network and proxy to oauth2.googleapis.com or the metadata server.',
      { details: { ...facts, socketError: socket, sent: false } },
    );
  }
  return tell(TOLD.credentialsWrong, facts);
}

interface Parts {
  readonly message: string;
  readonly status: number | null;
  /** Node's code of a broken connection, or empty. */
  readonly socket: string;
  /** OAuth's code, or empty. */
  readonly refused: string;
  readonly description: string;
}

function partsOf(error: unknown): Parts {
  const { message, code, response, cause } = recordOf(error);
  const { status, data } = recordOf(response);
  const { error: refused, error_description: description } = recordOf(data);
  const socket = [code, recordOf(cause)['code']].find((known) => typeof known === 'string' && /^E[A-Z_]+$/.test(known));
  return {
    message: textOf(message),
    status: typeof status === 'number' ? status : null,
    socket: textOf(socket),
    refused: /^[a-z_]{1,64}$/.test(textOf(refused)) ? textOf(refused) : '',
    description: textOf(description),
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
