import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, CONTEXT } from '../../conformance/kms-subject.ts';
import { awsKms, createKey, LIMITS, REGION } from './aws.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { createUser, enforce, type MotoUser } from './moto-users.ts';
import { installMoto, type KmsServer, startMoto } from './python-server.ts';

/** Where the SDK's own chain finds credentials, each told by the access key that the server then sees. */

const python = await installMoto();
const folder = mkdtempSync(join(tmpdir(), 'fkc-aws-chain-'));
const before = { ...process.env };
let server: KmsServer;
let proxy: FaultProxy;
let key: string;
let user: MotoUser;
let role: Server | null = null;

beforeAll(async () => {
  server = await startMoto(python);
  proxy = await startFaultProxy(server.url);
  key = await createKey(server.url, { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' });
  user = await createUser(server.url, 'chain');
});

afterAll(async () => {
  await proxy?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_KMS: proxy.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
  });
  proxy.set();
});

afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, before);
  role?.closeAllConnections();
  role?.close();
  role = null;
});

/** Wraps with what the chain finds. @returns the failure's code, and who AWS saw ask */
async function wrapping(region: string | null = REGION): Promise<{ code: string | null; by: string[]; tokens: string[] }> {
  const kms = awsKms(key, { region, credentials: null, limits: { ...LIMITS, timeoutMs: 20_000 } });
  try {
    const code = await codeOf(kms.generate(CONTEXT).then(({ plain }) => plain));
    return { code, by: [...new Set(proxy.passed.map(({ accessKeyId }) => accessKeyId))], tokens: [...new Set(proxy.passed.map(({ sessionToken }) => sessionToken))] };
  } finally {
    kms.close();
  }
}

function file(name: string, ...lines: string[]): string {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`, { mode: 0o600 });
  return join(folder, name);
}

/** What a container's agent or an instance's metadata answers. @returns its address */
async function roleServer(answer: (url: string, headers: Readonly<Record<string, unknown>>) => string | null): Promise<string> {
  const listening = createServer(({ url = '', headers }, response) => {
    const body = answer(url, headers);
    response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json', 'x-aws-ec2-metadata-token-ttl-seconds': '60' }).end(body ?? '');
  });
  role = listening;
  await new Promise<void>((ready) => listening.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

const temporary = (): Record<string, string> => ({ Code: 'Success', Type: 'AWS-HMAC', AccessKeyId: user.accessKeyId, SecretAccessKey: user.secretAccessKey, Token: 'token-of-the-role', LastUpdated: new Date().toISOString(), Expiration: new Date(Date.now() + 3_600_000).toISOString() });

describe('the SDK’s own chain finds', () => {
  it('the profile that AWS_PROFILE names, with its Region', async () => {
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = file('credentials', '[default]', 'aws_access_key_id = AKIDOFTHEDEFAULT', 'aws_secret_access_key = x', '[fabric]', `aws_access_key_id = ${user.accessKeyId}`, `aws_secret_access_key = ${user.secretAccessKey}`);
    process.env['AWS_CONFIG_FILE'] = file('config', '[profile fabric]', `region = ${REGION}`);
    expect(await wrapping()).toMatchObject({ code: null, by: ['AKIDOFTHEDEFAULT'] });
    process.env['AWS_PROFILE'] = 'fabric';
    proxy.set();
    expect(await wrapping(null)).toMatchObject({ code: null, by: [user.accessKeyId] });
    expect(new Set(proxy.passed.map(({ region }) => region))).toEqual(new Set([REGION]));
  });

  it('no profile of that name: missing, and nobody is asked', async () => {
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = file('credentials', '[default]', `aws_access_key_id = ${user.accessKeyId}`, `aws_secret_access_key = ${user.secretAccessKey}`);
    process.env['AWS_PROFILE'] = 'another';
    expect(await wrapping()).toEqual({ code: 'KMS_CREDENTIALS_MISSING', by: [], tokens: [] });
  });

  it('the role of a container', async () => {
    const asked: unknown[] = [];
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${await roleServer((url, { authorization }) => (asked.push([url, authorization]), JSON.stringify(temporary())))}/role`;
    process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] = 'of-this-container';
    expect(await wrapping()).toEqual({ code: null, by: [user.accessKeyId], tokens: ['token-of-the-role'] });
    expect(asked).toEqual([['/role', 'of-this-container']]);
  });

  it('the role of an instance', async () => {
    delete process.env['AWS_EC2_METADATA_DISABLED'];
    const path = '/latest/meta-data/iam/security-credentials';
    process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = await roleServer((url, { 'x-aws-ec2-metadata-token': token }) => {
      if (url === '/latest/api/token') return 'session';
      if (token !== 'session') return null;
      if (url.replace(/\/$/, '') === path) return 'fabric-role';
      return url === `${path}/fabric-role` ? JSON.stringify(temporary()) : null;
    });
    expect(await wrapping()).toEqual({ code: null, by: [user.accessKeyId], tokens: ['token-of-the-role'] });
  });
});

describe('moto, once it checks them, refuses', () => {
  beforeAll(() => enforce(server.url));

  const asked = async ({ accessKeyId, secretAccessKey }: MotoUser): Promise<Awaited<ReturnType<typeof wrapping>>> => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
    proxy.set();
    return wrapping();
  };

  it('an access key that it does not know, and a secret that does not belong to it: in XML, which AWS KMS does not speak', async () => {
    expect(await asked(user)).toMatchObject({ code: null, by: [user.accessKeyId] });
    expect(await asked({ accessKeyId: 'AKIDOFNOBODY', secretAccessKey: 'x' })).toMatchObject({ code: 'KMS_ANSWER_INVALID', by: ['AKIDOFNOBODY'] });
    expect(await asked({ ...user, secretAccessKey: 'not-the-one-that-belongs-to-it' })).toMatchObject({ code: 'KMS_ANSWER_INVALID', by: [user.accessKeyId] });
  });
});
