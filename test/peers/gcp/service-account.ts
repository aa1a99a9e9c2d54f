import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lineOf } from '../../conformance/kms-subject.ts';
import { Authority } from '../cassandra/certificates.ts';

/**
 * What the console needs to ask a server here over TLS as a service account. gRPC reads where its authorities are when
 * it is loaded: import this before anything that loads it.
 */
const folder = mkdtempSync(join(tmpdir(), 'fkc-gcp-account-'));
const authority = new Authority(join(folder, 'ca'));
const { key, cert } = authority.sign('kms', ['127.0.0.1', 'localhost']);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });

process.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'] = authority.ca;

/** As `startGcpPeer` takes it. */
export const TLS = { key: readFileSync(key, 'utf8'), certificate: readFileSync(cert, 'utf8') };
export const EMAIL = 'fabric@fabric-tests.iam.gserviceaccount.com';
/** CREDENTIAL_FILE of config.ini. */
export const CREDENTIAL_FILE = join(folder, 'account.json');
/** A part of its private key that is in every form of it. */
export const SECRET = lineOf(privateKey);

const ACCOUNT = { type: 'service_account', project_id: 'fabric-tests', private_key_id: 'key-of-the-tests', private_key: privateKey, client_email: EMAIL, token_uri: 'https://oauth2.googleapis.com/token' };
writeFileSync(CREDENTIAL_FILE, JSON.stringify(ACCOUNT), { mode: 0o600 });

export function removeServiceAccount(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Who asked: the issuer of the token that came with a request; null where none came. */
export function issuerOf(authorization: string | null): string | null {
  const [, claims] = /^Bearer ([\w.-]+)$/.exec(authorization ?? '')?.[1]?.split('.') ?? [];
  return claims === undefined ? null : (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: string }).iss;
}
