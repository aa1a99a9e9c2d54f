import type { KMSClient } from '@aws-sdk/client-kms';
import { AppError } from '../../errors.ts';
import { isLoopback } from '../loopback.ts';

/**
 * Makes a client refuse a request that would cross the network without TLS: requests and answers hold plain master keys.
 * What counts is where the request goes in the end, whichever setting of the SDK said so (AWS_ENDPOINT_URL_KMS,
 * AWS_ENDPOINT_URL, `endpoint_url` of a profile). Nothing is sent then, and each request throws AppError `INPUT_INVALID`.
 */
export function refusePlainText(client: KMSClient): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { protocol, hostname } = addressOf(args.request);
      if (protocol !== 'https:' && !isLoopback(hostname)) throw refused(protocol, hostname);
      return next(args);
    },
    // The request has its address, and is neither signed nor sent yet.
    { step: 'build', name: 'refusePlainText' },
  );
}

function addressOf(request: unknown): { protocol: string; hostname: string } {
  const { protocol, hostname } = request as { readonly protocol?: unknown; readonly hostname?: unknown };
  return { protocol: String(protocol), hostname: String(hostname) };
}

function refused(protocol: string, hostname: string): AppError {
  return new AppError(
    'INPUT_INVALID',
    `The endpoint ${protocol}//${hostname.slice(0, 80)} for AWS KMS would carry master keys over the network in plain text. No KMS was asked, and nothing was changed.`,
    'Give it with https:// in AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL or endpoint_url of the AWS profile, or remove it; http:// is only for a server on this machine (http://127.0.0.1:4566).',
  );
}
