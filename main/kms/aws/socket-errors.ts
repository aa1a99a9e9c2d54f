import { AppError, type ErrorDetails } from '../../errors.ts';
import { socketCode, socketTrouble } from '../socket-trouble.ts';
import type { AwsRequest } from './errors.ts';

/** The failure of a connection; null for what is none. */
export function notReached(error: Error, { region }: AwsRequest, facts: ErrorDetails): AppError | null {
  const code = socketCode(error);
  const details = { ...facts, ...(code === '' ? {} : { socketError: code }) };
  // Node's parser: what answered does not speak HTTP.
  if (code.startsWith('HPE_')) {
    return new AppError('KMS_ANSWER_INVALID', `What answers for AWS KMS in ${region} does not speak HTTP. It was not used, and nothing was changed.`, 'Look for a proxy or another server between here and AWS, and check AWS_ENDPOINT_URL_KMS.', { details });
  }
  const trouble = socketTrouble(error);
  switch (trouble?.kind) {
    case undefined:
      return null;
    case 'certificate':
      return new AppError(
        'KMS_TLS_UNTRUSTED',
        `The certificate that answered for AWS KMS in ${region} is not trusted, not valid now, or for another name. No credentials and no key were sent.`,
        'Look for an inspecting proxy. A private CA is trusted by NODE_EXTRA_CA_CERTS; check AWS_ENDPOINT_URL_KMS and the clock.',
        { details },
      );
    case 'tls':
      return new AppError(
        'KMS_TLS_REFUSED',
        `What answers for AWS KMS in ${region} does not speak TLS as we do. No credentials and no key were sent.`,
        'Check that AWS_ENDPOINT_URL_KMS names a port that speaks TLS, and what proxy lies between.',
        { details },
      );
    case 'unsent':
    case 'broken': {
      const sent = trouble?.kind === 'broken';
      return new AppError(
        'KMS_UNREACHABLE',
        `AWS KMS in ${region} can not be reached${sent ? ': the connection broke' : ''}. Nothing was changed here; a running process goes on with the keys that it holds, one that starts now can not unwrap them.`,
        'Check the network, the name of the Region, a VPC endpoint or proxy, and AWS_ENDPOINT_URL_KMS.',
        { details: { ...details, sent } },
      );
    }
  }
}
