import { AppError, type ErrorDetails } from '../../errors.ts';
import type { AwsRequest } from './errors.ts';

/** Where the certificate itself is at fault (https://nodejs.org/api/tls.html, X509 certificate error codes). */
const CERTIFICATE = /^(ERR_TLS_CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|CERT_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CRL_|HOSTNAME_MISMATCH|ERROR_IN_CERT)/;
const TLS = /^(EPROTO|ERR_SSL_|ERR_TLS_)/;

/** The connection was not made, so nothing was asked. */
const UNSENT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'EHOSTDOWN', 'ENETDOWN']);
/** It broke on the way: the request may have arrived. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_CONSTANT']);

/** The failure of a connection; null for what is none. Node tells several addresses' failures as one AggregateError. */
export function notReached(error: Error, { region }: AwsRequest, facts: ErrorDetails): AppError | null {
  const code = codeOf(error) || (error instanceof AggregateError && error.errors[0] instanceof Error ? codeOf(error.errors[0]) : '');
  const details = { ...facts, ...(code === '' ? {} : { socketError: code }) };
  if (CERTIFICATE.test(code)) {
    return new AppError(
      'KMS_TLS_UNTRUSTED',
      `The certificate that answered for AWS KMS in ${region} is not trusted, not valid now, or for another name. No credentials and no key were sent.`,
      'Look for an inspecting proxy. A private CA is trusted by NODE_EXTRA_CA_CERTS; check AWS_ENDPOINT_URL_KMS and the clock.',
      { details },
    );
  }
  if (TLS.test(code)) {
    return new AppError(
      'KMS_TLS_REFUSED',
      `What answers for AWS KMS in ${region} does not speak TLS as we do. No credentials and no key were sent.`,
      'Check that AWS_ENDPOINT_URL_KMS names a port that speaks TLS, and what proxy lies between.',
      { details },
    );
  }
  // Node's parser: what answered does not speak HTTP.
  if (code.startsWith('HPE_')) {
    return new AppError('KMS_ANSWER_INVALID', `What answers for AWS KMS in ${region} does not speak HTTP. It was not used, and nothing was changed.`, 'Look for a proxy or another server between here and AWS, and check AWS_ENDPOINT_URL_KMS.', { details });
  }
  const sent = BROKEN.has(code) || /aborted|socket hang up/i.test(error.message);
  if (error.name === 'TimeoutError' || UNSENT.has(code) || sent) {
    return new AppError(
      'KMS_UNREACHABLE',
      `AWS KMS in ${region} can not be reached${sent ? ': the connection broke' : ''}. Nothing was changed here; a running process goes on with the keys that it holds, one that starts now can not unwrap them.`,
      'Check the network, the name of the Region, a VPC endpoint or proxy, and AWS_ENDPOINT_URL_KMS.',
      { details: { ...details, sent } },
    );
  }
  return null;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
