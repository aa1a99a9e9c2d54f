import { X509Certificate } from 'node:crypto';
import { type SecureContext, createSecureContext } from 'node:tls';
import { AppError, type ErrorCode } from '../../errors.ts';
import { SecretBytes } from '../../secret.ts';

/** PEM, as text or bytes. */
export interface KmipTls {
  /** The CA that signed the server's certificate: nothing else is trusted. */
  readonly ca: string | Buffer;
  /** The client certificate, with its chain behind it. */
  readonly cert: string | Buffer;
  /** Its private key, without a password. */
  readonly key: string | Buffer;
}

/**
 * Who we are to a KMIP server. Functions are asked for each connection or request, so that what was renewed is used; what
 * they answer is ours, and its password or private key (where it is bytes) is zeroed after use.
 */
export interface KmipCredentials {
  readonly tls: KmipTls | (() => Promise<KmipTls>);
  /** USER; null: the client certificate says it all. */
  readonly user: string | null;
  /** PASSWORD, in UTF-8. */
  readonly password: SecretBytes | (() => Promise<SecretBytes>) | null;
}

/**
 * What a connection is secured with: TLS 1.2 or 1.3, the given CA alone, our certificate.
 * @throws AppError `KMS_CREDENTIALS_MISSING`, `KMS_CREDENTIALS_EXPIRED`, `KMS_CREDENTIALS_MALFORMED`
 */
export async function secureContext({ tls }: KmipCredentials): Promise<SecureContext> {
  const isLent = typeof tls === 'function';
  const given = isLent ? await tls() : tls;
  try {
    return contextOf(given);
  } finally {
    if (isLent && typeof given.key !== 'string') given.key.fill(0);
  }
}

function contextOf({ ca, cert, key }: KmipTls): SecureContext {
  if (ca.length === 0 || cert.length === 0 || key.length === 0) {
    throw refused('KMS_CREDENTIALS_MISSING', 'KMIP needs the CA of the server, a client certificate and its private key, and not all of them are there', 'Give the profile all three as PEM files.');
  }
  checkValidity(cert);
  try {
    return createSecureContext({ ca, cert, key, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' });
  } catch {
    throw unreadable();
  }
}

/** Lends the credential of the request header, undefined where there is none. @throws AppError `KMS_CREDENTIALS_MISSING` */
export async function withCredential<T>({ user, password }: KmipCredentials, use: (credential: { user: string; password: SecretBytes } | undefined) => T): Promise<T> {
  if (user === null || user === '') return use(undefined);
  if (password === null) throw refused('KMS_CREDENTIALS_MISSING', 'USER is set for KMIP, and there is no PASSWORD', 'Set PASSWORD in [encryption_kmip_kms] as a reference to the environment, or leave USER out.');
  if (password instanceof SecretBytes) return use({ user, password });
  using lent = await password();
  return use({ user, password: lent });
}

function checkValidity(cert: string | Buffer): void {
  let own: X509Certificate;
  try {
    own = new X509Certificate(cert);
  } catch {
    throw unreadable();
  }
  const now = Date.now();
  if (now > own.validToDate.getTime()) {
    throw refused('KMS_CREDENTIALS_EXPIRED', `The client certificate for KMIP expired at ${own.validToDate.toISOString()}. Running processes go on with the keys that they hold`, 'Have it renewed and put the new one in its place; the next connection uses it.');
  }
  if (now < own.validFromDate.getTime()) {
    throw refused('KMS_CREDENTIALS_WRONG', `The client certificate for KMIP is not valid before ${own.validFromDate.toISOString()}`, 'Check the clock of this machine and the certificate.');
  }
}

/** OpenSSL's own words stay behind: they could quote what was read. */
function unreadable(): AppError {
  return refused('KMS_CREDENTIALS_MALFORMED', 'The CA, the client certificate or its private key for KMIP can not be read, or the key belongs to another certificate', 'Give PEM files, the key without a password, and check that key and certificate belong together.');
}

function refused(code: Extract<ErrorCode, `KMS_CREDENTIALS_${string}`>, what: string, remedy: string): AppError {
  return new AppError(code, `${what}. No KMS was asked, and nothing was changed.`, remedy, { details: { provider: 'KMIP_KMS' } });
}
