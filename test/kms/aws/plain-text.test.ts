import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { AwsKms } from '../../../main/kms/aws/provider.ts';
import { SecretBytes } from '../../../main/secret.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000';
const CONTEXT = { name: 'masterkey_key_name', description: 'masterkey_key_name-1', cluster: null };
const SETTINGS = ['AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL', 'AWS_CONFIG_FILE', 'AWS_PROFILE', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'];

let before: Record<string, string | undefined>;
let server: Server;
let port: number;
let connections: number;

beforeEach(async () => {
  before = Object.fromEntries(SETTINGS.map((name) => [name, process.env[name]]));
  for (const name of SETTINGS) delete process.env[name];
  connections = 0;
  server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  server.close();
});

/** Codes of the three requests that carry a plain key, there or back. */
async function codes(profile?: string): Promise<string[]> {
  const settings = { region: 'eu-west-1', keyId: KEY, credentials: () => Promise.resolve({ accessKeyId: 'a', secretAccessKey: 'b' }), limits: { timeoutMs: 3_000, attempts: 1 } };
  const kms = new AwsKms({ ...settings, ...(profile === undefined ? {} : { profile }) });
  const plain = SecretBytes.take(new Uint8Array(32).fill(7));
  const wrapped = { provider: 'AWS_KMS', keyId: KEY, keyVersion: null, location: 'eu-west-1', parameters: { context: '1' }, bytes: new Uint8Array(184).fill(7) } as const;
  const told: string[] = [];
  for (const ask of [() => kms.wrap(plain, CONTEXT), () => kms.unwrap(wrapped, CONTEXT), () => kms.generate(CONTEXT)]) {
    try {
      await ask();
      told.push('none');
    } catch (error) {
      told.push(isAppError(error) ? error.code : String(error));
    }
  }
  if (told.includes('INPUT_INVALID')) expect(kms.endpoints()[0]?.circuit.failures).toBe(0);
  plain.dispose();
  kms.close();
  return told;
}

const REFUSED = ['INPUT_INVALID', 'INPUT_INVALID', 'INPUT_INVALID'];
const own = Object.values(networkInterfaces()).flat().find((each) => each?.family === 'IPv4' && !each.internal)?.address;

it.each(['AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL'])('plain text beyond this machine is refused before anything is sent: %s', async (name) => {
  // An address of this machine's network card where it has one, so that a connection would be seen.
  for (const host of [own ?? '0.0.0.0', '0.0.0.0', 'localhost.example.invalid', '127.0.0.1.example.invalid']) {
    process.env[name] = `http://${host}:${port}`;
    expect(await codes()).toEqual(REFUSED);
  }
  expect(connections).toBe(0);
});

it('plain text of a profile is refused as well', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fkc-aws-profile-'));
  try {
    const file = join(folder, 'config');
    writeFileSync(file, `[profile fabric]\nregion = eu-west-1\nservices = inner\n[services inner]\nkms =\n  endpoint_url = http://0.0.0.0:${port}\n`);
    process.env['AWS_CONFIG_FILE'] = file;
    process.env['AWS_PROFILE'] = 'fabric';
    expect(await codes('fabric')).toEqual(REFUSED);
    expect(connections).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each(['127.0.0.1', 'localhost'])('a server on this machine may be asked in plain text: %s', async (host) => {
  process.env['AWS_ENDPOINT_URL_KMS'] = `http://${host}:${port}`;
  expect(await codes()).toEqual(['KMS_UNREACHABLE', 'KMS_UNREACHABLE', 'KMS_UNREACHABLE']);
  expect(connections).toBe(3);
});

it('with TLS any machine may be asked', async () => {
  process.env['AWS_ENDPOINT_URL_KMS'] = `https://0.0.0.0:${port}`;
  expect(await codes()).toEqual(['KMS_UNREACHABLE', 'KMS_UNREACHABLE', 'KMS_UNREACHABLE']);
});
