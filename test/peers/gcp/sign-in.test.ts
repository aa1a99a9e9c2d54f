import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { signInError } from '../../../main/kms/gcp/sign-in-errors.ts';
import { codeOf, failureOf, wrapNew } from '../../conformance/kms-subject.ts';
import { Authority } from '../cassandra/certificates.ts';
import type { GcpPeer } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'fkc-gcp-'));
const authority = new Authority(join(folder, 'ca'));
// gRPC reads it when it is loaded.
process.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'] = authority.ca;
const { createKey, gcpKms, LIMITS, LOCATION } = await import('./gcp.ts');
const { startGcpPeer } = await import('./server.ts');

/** Where Google's library looks by itself. */
const SEARCHED = ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_CONFIG', 'METADATA_SERVER_DETECTION', 'GCE_METADATA_HOST', 'HOME'];
const before = Object.fromEntries(SEARCHED.map((name) => [name, process.env[name]]));
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const EMAIL = 'fabric@fabric-tests.iam.gserviceaccount.com';
const ACCOUNT = { type: 'service_account', project_id: 'fabric-tests', private_key_id: 'known-key-id', private_key: privateKey, client_email: EMAIL, token_uri: 'https://oauth2.googleapis.com/token' };
const SECRETS = [privateKey.slice(60, 120), 'known-refresh-token', 'known-client-secret'];

let peer: GcpPeer;
const opened: ReturnType<typeof gcpKms>[] = [];

beforeAll(async () => {
  const { key, cert } = authority.sign('kms', ['127.0.0.1']);
  peer = await startGcpPeer({ key: readFileSync(key, 'utf8'), certificate: readFileSync(cert, 'utf8') });
});

afterEach(() => {
  peer.set();
  for (const kms of opened.splice(0)) kms.close();
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

afterAll(async () => {
  await peer?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
}

function kmsOf(credentialFile: string | null, endpoint = peer.endpoint): ReturnType<typeof gcpKms> {
  const kms = gcpKms(peer, createKey(peer), { credentialFile, endpoint, limits: { ...LIMITS, attempts: 1 } });
  opened.push(kms);
  return kms;
}

/** Nothing that Google's library could find. */
function nothingAround(): void {
  delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  process.env['CLOUDSDK_CONFIG'] = folder;
}

describe('a service account', () => {
  it('signs its own token, sent over TLS alone', async () => {
    expect(await codeOf(wrapNew(kmsOf(file('account.json', ACCOUNT))))).toBeNull();
    const [, claims = ''] = /^Bearer ([\w.-]+)$/.exec(peer.asked[0]?.authorization ?? '')?.[1]?.split('.') ?? [];
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: EMAIL, scope: 'https://www.googleapis.com/auth/cloudkms' });
  });

  it('is found by GOOGLE_APPLICATION_CREDENTIALS', async () => {
    nothingAround();
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file('ambient.json', ACCOUNT);
    expect(await codeOf(wrapNew(kmsOf(null)))).toBeNull();
  });

  it('is read again after Google refused it', async () => {
    const path = file('renewed.json', ACCOUNT);
    const kms = kmsOf(path);
    peer.set({ fault: { kind: 'status', refusal: { code: 16, details: 'x' } }, times: 1 });
    expect(await codeOf(wrapNew(kms))).toBe('KMS_CREDENTIALS_WRONG');
    file('renewed.json', { ...ACCOUNT, client_email: 'other@fabric-tests.iam.gserviceaccount.com' });
    expect(await codeOf(wrapNew(kms))).toBeNull();
    const tokens = peer.asked.map(({ authorization }) => Buffer.from(authorization?.split('.')[1] ?? '', 'base64url').toString());
    expect(tokens.map((token) => (JSON.parse(token) as { iss: string }).iss)).toEqual([EMAIL, 'other@fabric-tests.iam.gserviceaccount.com']);
  });

  it('gets nothing sent in plain text', async () => {
    const plain = await startGcpPeer();
    const kms = gcpKms(plain, createKey(plain), { credentialFile: file('account.json', ACCOUNT) });
    expect(await codeOf(wrapNew(kms))).toBeNull();
    expect(plain.asked[0]?.authorization).toBeNull();
    kms.close();
    await plain.stop();
  });
});

describe('a credential file', () => {
  it.each([
    ['no JSON', `{"private_key": "${SECRETS[0] ?? ''}`, 'KMS_CREDENTIALS_MALFORMED'],
    ['no object', '[]', 'KMS_CREDENTIALS_MALFORMED'],
    ['empty', '', 'KMS_CREDENTIALS_MALFORMED'],
    ['the description of a client', { installed: { client_secret: 'known-client-secret' } }, 'KMS_CREDENTIALS_MALFORMED'],
    ['of an unknown type', { type: 'known-client-secret' }, 'KMS_CREDENTIALS_MALFORMED'],
    ['without its key', { ...ACCOUNT, private_key: undefined }, 'KMS_CREDENTIALS_MALFORMED'],
    ['with half a key', { ...ACCOUNT, private_key: privateKey.slice(0, 400) }, 'KMS_CREDENTIALS_MALFORMED'],
    ['of a user without a token', { type: 'authorized_user', client_id: 'x', client_secret: 'known-client-secret' }, 'KMS_CREDENTIALS_MALFORMED'],
    ['that federates', { type: 'external_account', credential_source: { file: '/etc/passwd' } }, 'KMS_CREDENTIALS_MALFORMED'],
    ['too large', 'x'.repeat(100_000), 'KMS_CREDENTIALS_MALFORMED'],
  ])('that is %s', async (what, content, code) => {
    const failure = await failureOf(wrapNew(kmsOf(file(`${what.replaceAll(' ', '-')}.json`, content))));
    if (!isAppError(failure)) throw failure ?? new Error('It did not fail.');
    expect(failure.code).toBe(code);
    const shown = JSON.stringify([failure.message, failure.remedy, failure.details, failure.stack]);
    for (const secret of SECRETS) expect(shown).not.toContain(secret);
    expect(failure.cause).toBeUndefined();
    expect(peer.asked).toHaveLength(0);
  });

  it('that is not there, or a folder', async () => {
    expect(await codeOf(wrapNew(kmsOf(join(folder, 'none.json'))))).toBe('KMS_CREDENTIALS_MISSING');
    mkdirSync(join(folder, 'folder.json'));
    expect(await codeOf(wrapNew(kmsOf(join(folder, 'folder.json'))))).toBe('FILE_UNREADABLE');
  });
});

describe('a machine of Google’s', () => {
  /** As "VM metadata" has it: the token of the machine's own service account, and who may ask. */
  async function metadataServer(token: () => string | null): Promise<{ asked: string[]; close: () => void }> {
    const asked: string[] = [];
    const server = createHttp(({ url = '', headers }, response) => {
      asked.push(url);
      const isToken = url.startsWith('/computeMetadata/v1/instance/service-accounts/default/token');
      const given = isToken && headers['metadata-flavor'] === 'Google' ? token() : null;
      response.writeHead(given === null ? 404 : 200, { 'content-type': 'application/json', 'metadata-flavor': 'Google' });
      response.end(given === null ? '' : JSON.stringify({ access_token: given, expires_in: 3_599, token_type: 'Bearer' }));
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    nothingAround();
    process.env['METADATA_SERVER_DETECTION'] = 'assume-present';
    process.env['GCE_METADATA_HOST'] = `127.0.0.1:${(server.address() as { port: number }).port}`;
    return { asked, close: () => (server.closeAllConnections(), void server.close()) };
  }

  it('gives the token of its own service account', async () => {
    const { asked, close } = await metadataServer(() => 'token-of-this-machine');
    expect(await codeOf(wrapNew(kmsOf(null)))).toBeNull();
    expect(peer.asked.map(({ authorization }) => authorization)).toEqual(['Bearer token-of-this-machine']);
    expect(asked.some((url) => url.includes('service-accounts/default/token') && url.includes('cloudkms'))).toBe(true);
    close();
  });

  it('that has none says so, and Cloud KMS is not asked', async () => {
    const { close } = await metadataServer(() => null);
    expect(await codeOf(wrapNew(kmsOf(null)))).toBe('KMS_CREDENTIALS_MISSING');
    expect(peer.asked).toEqual([]);
    close();
  });
});

describe('no credentials', () => {
  it('are told as missing', async () => {
    nothingAround();
    const kms = kmsOf(null);
    expect(await codeOf(wrapNew(kms))).toBe('KMS_CREDENTIALS_MISSING');
    expect(kms.endpoints()).toMatchObject([{ location: LOCATION, circuit: { state: 'closed' } }]);
  });
});

/** What the token server says (RFC 6749, section 5.2), as Google's library hands it on. */
describe('no token', () => {
  const REQUEST = { operation: 'Decrypt', location: 'global' };
  const refused = (error: string, description = '', status = 400): Error => Object.assign(new Error(`${error} known-refresh-token`), { response: { status, data: { error, error_description: description } } });

  it.each([
    ['a wrong signature', refused('invalid_grant', 'Invalid JWT Signature.'), 'KMS_CREDENTIALS_WRONG'],
    ['an account that is gone', refused('invalid_grant', 'Invalid grant: account not found'), 'KMS_CREDENTIALS_WRONG'],
    ['a client that is gone', refused('deleted_client', 'The OAuth client was deleted.', 401), 'KMS_CREDENTIALS_WRONG'],
    ['a revoked login', refused('invalid_grant', 'Token has been expired or revoked.'), 'KMS_CREDENTIALS_EXPIRED'],
    ['a login to be renewed', refused('invalid_grant', 'reauth related error (invalid_rapt)'), 'KMS_CREDENTIALS_EXPIRED'],
    ['a wrong clock', refused('invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.'), 'KMS_CLOCK_WRONG'],
    ['an outage', Object.assign(new Error('x'), { response: { status: 503, data: '<html>' } }), 'KMS_FAILED'],
    ['too many', Object.assign(new Error('x'), { response: { status: 429 } }), 'KMS_THROTTLED'],
    ['nobody there', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'KMS_UNREACHABLE'],
    ['no such name', Object.assign(new Error('x'), { cause: { code: 'ENOTFOUND' } }), 'KMS_UNREACHABLE'],
    ['a subject token that is not there', Object.assign(new Error('ENOENT: /var/run/token'), { code: 'ENOENT' }), 'KMS_CREDENTIALS_MISSING'],
    ['anything else', 'text', 'KMS_CREDENTIALS_WRONG'],
  ])('for %s', (_, error, code) => {
    const told = signInError(error, REQUEST);
    expect(told.code).toBe(code);
    expect(JSON.stringify([told.message, told.remedy, told.details])).not.toContain('known-refresh-token');
    expect(told.cause).toBeUndefined();
  });
});

describe('between here and Google', () => {
  const account = (): string => file('account.json', ACCOUNT);

  async function listening(greeting: string): Promise<{ port: number; close: () => void }> {
    const server = createServer((socket) => void socket.on('error', () => undefined).end(greeting));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return { port: (server.address() as { port: number }).port, close: () => void server.close() };
  }

  it('nobody listens, or the name does not exist', async () => {
    const { port, close } = await listening('');
    close();
    expect(await codeOf(wrapNew(kmsOf(account(), `127.0.0.1:${port}`)))).toBe('KMS_UNREACHABLE');
    expect(await codeOf(wrapNew(kmsOf(account(), 'cloudkms.nowhere.invalid')))).toMatch(/^KMS_(UNREACHABLE|TIMEOUT)$/);
  });

  it('what listens does not speak TLS, or does not speak gRPC', async () => {
    const { port, close } = await listening('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect(await codeOf(wrapNew(kmsOf(account(), `127.0.0.1:${port}`)))).toBe('KMS_TLS_REFUSED');
    expect(await codeOf(wrapNew(kmsOf(account(), `http://127.0.0.1:${port}`)))).toMatch(/^KMS_(UNREACHABLE|ANSWER_INVALID|TIMEOUT)$/);
    close();
  });

  it('the certificate is for another name, or of nobody who is trusted', async () => {
    expect(await codeOf(wrapNew(kmsOf(account(), peer.endpoint.replace('127.0.0.1', 'localhost'))))).toBe('KMS_TLS_UNTRUSTED');
    const stranger = new Authority(join(folder, 'stranger')).sign('kms', ['127.0.0.1']);
    const other = await startGcpPeer({ key: readFileSync(stranger.key, 'utf8'), certificate: readFileSync(stranger.cert, 'utf8') });
    expect(await codeOf(wrapNew(kmsOf(account(), other.endpoint)))).toBe('KMS_TLS_UNTRUSTED');
    expect(other.asked).toHaveLength(0);
    await other.stop();
  });
});
