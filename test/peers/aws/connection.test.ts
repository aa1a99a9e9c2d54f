import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer as createTls } from 'node:https';
import { type AddressInfo, createServer as createPlain, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, CONTEXT } from '../../conformance/kms-subject.ts';
import { awsKms, LIMITS } from './aws.ts';
import { freePort } from './python-server.ts';

const WRAPPED = {
  provider: 'AWS_KMS',
  keyId: 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000',
  keyVersion: null,
  location: 'eu-west-1',
  parameters: { context: '1' },
  bytes: new Uint8Array(184).fill(7),
} as const;

/** Names of the environment that the SDK's own chain looks at. */
const CHAIN = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_REGION', 'AWS_EC2_METADATA_DISABLED', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_ENDPOINT_URL_KMS'];

let before: Record<string, string | undefined>;
let server: Server | null = null;
const sockets: Socket[] = [];

beforeEach(() => {
  before = Object.fromEntries(CHAIN.map((name) => [name, process.env[name]]));
  for (const name of CHAIN) delete process.env[name];
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_CONFIG_FILE'] = '/nonexistent/config';
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent/credentials';
});

afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
  server = null;
});

describe('between here and AWS', () => {
  it('nobody listens', async () => {
    expect(await unwrapAt(`https://127.0.0.1:${await freePort()}`)).toBe('KMS_UNREACHABLE');
  });

  it('the name does not exist', async () => {
    expect(await unwrapAt('https://kms.nowhere.invalid')).toBe('KMS_UNREACHABLE');
  });

  it('what listens does not speak TLS', async () => {
    const port = await listen(createPlain((socket) => void socket.on('error', () => undefined).end('HELLO\r\n')));
    expect(await unwrapAt(`https://127.0.0.1:${port}`)).toBe('KMS_TLS_REFUSED');
  });

  it('what listens does not speak HTTP', async () => {
    const port = await listen(createPlain((socket) => void socket.on('error', () => undefined).end('HELLO\r\n')));
    expect(await unwrapAt(`http://127.0.0.1:${port}`)).toBe('KMS_ANSWER_INVALID');
  });

  it('the certificate is nobody’s', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fkc-aws-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]);
    expect(made.status).toBe(0);
    const port = await listen(createTls({ key: readFileSync(key), cert: readFileSync(cert) }));
    rmSync(folder, { recursive: true });
    expect(await unwrapAt(`https://127.0.0.1:${port}`)).toBe('KMS_TLS_UNTRUSTED');
  });

  it('it takes the connection and says nothing', async () => {
    const port = await listen(createPlain((socket) => void socket.on('error', () => undefined)));
    expect(await unwrapAt(`http://127.0.0.1:${port}`)).toBe('KMS_TIMEOUT');
  });
});

describe('what AWS is asked with', () => {
  it('no credentials anywhere', async () => {
    process.env['AWS_ENDPOINT_URL_KMS'] = `http://127.0.0.1:${await freePort()}`;
    const kms = awsKms(null, { credentials: null, limits: { ...LIMITS, timeoutMs: 20_000 } });
    expect(await codeOf(kms.unwrap(WRAPPED, CONTEXT))).toBe('KMS_CREDENTIALS_MISSING');
    expect(kms.endpoints()[0]?.circuit.failures).toBe(0);
  });

  it('no Region anywhere', async () => {
    const kms = awsKms('alias/fabric', { region: null });
    expect(await codeOf(kms.generate(CONTEXT))).toBe('KMS_REGION_MISSING');
  });

  it('the environment’s credentials and Region', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'x', AWS_REGION: 'ap-south-1' });
    process.env['AWS_ENDPOINT_URL_KMS'] = `http://127.0.0.1:${await freePort()}`;
    const kms = awsKms('alias/fabric', { region: null, credentials: null, limits: { ...LIMITS, attempts: 1 } });
    expect(await codeOf(kms.generate(CONTEXT))).toBe('KMS_UNREACHABLE');
    expect(kms.endpoints()[0]?.location).toBe('ap-south-1');
  });

  it('no key to wrap under, or none that can be one', async () => {
    expect(await codeOf(awsKms(null).generate(CONTEXT))).toBe('PROVIDER_NOT_CONFIGURED');
    for (const keyId of ['my key', 'arn:aws:s3:::bucket', 'alias/', `alias/${'x'.repeat(300)}`]) {
      expect(await codeOf(awsKms(keyId).generate(CONTEXT))).toBe('KMS_KEY_ID_INVALID');
    }
  });
});

async function unwrapAt(endpoint: string): Promise<string | null> {
  process.env['AWS_ENDPOINT_URL_KMS'] = endpoint;
  const kms = awsKms(null, { limits: { ...LIMITS, attempts: 1 } });
  try {
    return await codeOf(kms.unwrap(WRAPPED, CONTEXT));
  } finally {
    kms.close();
  }
}

async function listen(listening: Server): Promise<number> {
  listening.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  server = listening;
  return (listening.address() as AddressInfo).port;
}
