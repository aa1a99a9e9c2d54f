import { AppError } from '../../errors.ts';
import { isLoopback } from '../loopback.ts';

/** Where Cloud KMS is asked. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Without TLS and without credentials; only ever on this machine. */
  readonly plainText: boolean;
}

const TLS_PORT = 443;
const FORM = /^(http:\/\/|https:\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?\/?$/;

/**
 * `host`, `host:port`, or, only for a server on this machine, `http://127.0.0.1:port`.
 * @throws AppError `INPUT_INVALID`
 */
export function readServerAddress(text: string): ServerAddress {
  const [, scheme, host, port] = FORM.exec(text) ?? [];
  const number = port === undefined ? TLS_PORT : Number(port);
  if (host === undefined || number < 1 || number > 65_535) throw refused(text, 'is no address');
  const plainText = scheme !== undefined && !scheme.startsWith('https');
  if (plainText && !isLoopback(host)) throw refused(text, 'would carry master keys over the network in plain text');
  return { host, port: number, plainText };
}

function refused(text: string, why: string): AppError {
  return new AppError(
    'INPUT_INVALID',
    `The endpoint "${text.slice(0, 80)}" of Google Cloud KMS ${why}. No KMS was asked.`,
    'Give host or host:port, which is asked with TLS; http:// is only for a server on this machine (http://127.0.0.1:9000).',
  );
}
