import { inspect } from 'node:util';
import { DisableKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomSecret } from '../../../main/crypto/random.ts';
import { isAppError } from '../../../main/errors.ts';
import { onFailPoint } from '../../../main/fail-point.ts';
import type { KmsProvider } from '../../../main/kms/provider.ts';
import { activateKey, type ActivationProgress } from '../../../main/masterkey/activate.ts';
import { findOrphans } from '../../../main/masterkey/orphans.ts';
import type { KmsAccess } from '../../../main/masterkey/protectors.ts';
import { LUI_KEY_NAME, type Generator, type Store } from '../../../main/masterkey/types.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { openTestCluster, type TestCluster } from '../../masterkey/cluster-fixture.ts';
import { awsKms, bareClient, createKey as createAwsKey, CREDENTIALS, LIMITS } from '../aws/aws.ts';
import { type Fault as AwsFault, type FaultProxy, startFaultProxy } from '../aws/fault-proxy.ts';
import { installLocalStack, type KmsServer, startLocalStack } from '../aws/python-server.ts';
import { createKey as createGcpKey, gcpKms } from '../gcp/gcp.ts';
import { type Fault as GcpFault, type GcpPeer, startGcpPeer } from '../gcp/server.ts';

const python = await installLocalStack();
const QUICK = { ...LIMITS, timeoutMs: 400, attempts: 2, breaker: { failures: 50, pauseMs: 1, longestPauseMs: 1 } } as const;
const KNOWN = 'known key of the tests, 32 bytes';
let server: KmsServer;
let aws: FaultProxy;
let gcp: GcpPeer;
let cluster: TestCluster;
const providers: KmsProvider[] = [];

beforeAll(async () => {
  server = await startLocalStack(python);
  aws = await startFaultProxy(server.url);
  process.env['AWS_ENDPOINT_URL_KMS'] = aws.url;
  gcp = await startGcpPeer();
});

afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_KMS'];
  await aws?.stop();
  await server?.stop();
  await gcp?.stop();
});

beforeEach(async () => {
  cluster = await openTestCluster();
  aws.set();
  gcp.set();
});

afterEach(async () => {
  onFailPoint(null);
  for (const provider of providers.splice(0)) provider.close();
  await cluster.close();
});

/** A node's access to one KMS, as a process of its own has it. */
function access(provider: KmsProvider): KmsAccess {
  providers.push(provider);
  return { registry: { provider: () => Promise.resolve(provider) }, cluster: 'tests' };
}

const opensAws = (keyId: string) => (): KmsAccess => access(awsKms(keyId, { limits: QUICK }));
const opensGcp = (keyId: string) => (): KmsAccess => access(gcpKms(gcp, keyId, { limits: QUICK }));

/** Activates once, and says what it told on the way. */
async function activate(kms: KmsAccess, store: Store): Promise<{ description: string; told: ActivationProgress[] }> {
  const generator: Generator = store === 'AWS_KMS' ? 'AWS_KMS' : 'Java_AES';
  const told: ActivationProgress[] = [];
  const protection = await cluster.protection(false);
  const { description } = await activateKey(
    { db: cluster.db, protection, kms, onProgress: (step) => told.push(step), generate: () => SecretBytes.copyOf(Buffer.from(KNOWN)) },
    { name: LUI_KEY_NAME, generator, store, actor: 'tests', reason: null },
  );
  return { description, told };
}

/** The failure of an activation; that it left everything as it was. */
async function refused(kms: () => KmsAccess, store: Store, fault: () => void): Promise<string> {
  const before = await cluster.goLive({ kms: kms() });
  const { description } = await activate(kms(), store);
  const keys = await cluster.db.keys.list();
  fault();
  const error: unknown = await activate(kms(), store).then(
    () => null,
    (failure: unknown) => failure,
  );
  if (!isAppError(error)) throw new Error('It was not refused, or not with a code.', { cause: error });
  aws.set();
  gcp.set();
  const shown = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${error.stack ?? ''}`;
  for (const secret of [KNOWN, Buffer.from(KNOWN).toString('base64'), Buffer.from(KNOWN).toString('hex'), CREDENTIALS.secretAccessKey]) expect(shown).not.toContain(secret);
  expect((await cluster.db.keys.active(LUI_KEY_NAME))?.description).toBe(description);
  expect(await cluster.db.keys.list()).toEqual(keys);
  expect(await findOrphans(cluster.db)).toEqual([]);
  expect(before.failures.size).toBe(0);
  const after = await cluster.goLive({ kms: kms() });
  expect([...after.failures]).toEqual([]);
  expect((await after.active()).description).toBe(description);
  return error.code;
}

/** How going live ends where the KMS does `fault`: what it wrapped is left out, and everything else is there. */
async function leftOut(kms: () => KmsAccess, store: Store, fault: () => void): Promise<string | undefined> {
  const running = await cluster.goLive({ kms: kms() });
  const internal = (await running.active()).description;
  const { description } = await activate(kms(), store);
  await running.get(description);
  fault();
  const ring = await cluster.goLive({ kms: kms() });
  expect(ring.holds(internal)).toBe(true);
  expect(ring.holds(description)).toBe(false);
  // A process that ran before goes on with what it holds.
  expect((await running.active()).description).toBe(description);
  expect((await cluster.db.keys.active(LUI_KEY_NAME))?.description).toBe(description);
  const code = ring.failures.get(description)?.code;
  aws.set();
  gcp.set();
  await ring.refresh(true);
  expect(ring.holds(description)).toBe(true);
  return code;
}

const aws400 = (type: string): AwsFault => ({ kind: 'error', status: 400, type });
const foreign = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000';
const otherKey = Buffer.alloc(32, 9).toString('base64');

const AT_AWS: readonly (readonly [what: string, fault: AwsFault, makes: string, opens: string])[] = [
  ['nothing at all', { kind: 'cut', after: null }, 'KMS_UNREACHABLE', 'KMS_UNREACHABLE'],
  ['an answer that does not come in time', { kind: 'slow', ms: 3_000 }, 'KMS_TIMEOUT', 'KMS_TIMEOUT'],
  ['a head without a body', { kind: 'no-body' }, 'KMS_TIMEOUT', 'KMS_TIMEOUT'],
  ['half an answer', { kind: 'half', bytes: 40 }, 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['garbage', { kind: 'answer', status: 200, body: Buffer.from([0, 255, 1, 254]) }, 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['an empty answer', { kind: 'answer', status: 200, body: '{}' }, 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['another key', { kind: 'changed', change: (answer) => ({ ...answer, KeyId: foreign }) }, 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['other bytes as the plain key', { kind: 'changed', change: (answer) => ({ ...answer, Plaintext: otherKey }) }, 'KEY_FINGERPRINT_MISMATCH', 'KEY_FINGERPRINT_MISMATCH'],
  ['an answer for another context', { kind: 'asked-otherwise', change: (asked) => ({ ...asked, EncryptionContext: { 'fabric:name': 'another' } }) }, 'KMS_CIPHERTEXT_REFUSED', 'KMS_CIPHERTEXT_REFUSED'],
  ['a refusal of permission', aws400('AccessDeniedException'), 'KMS_PERMISSION_DENIED', 'KMS_PERMISSION_DENIED'],
  ['expired credentials', aws400('ExpiredTokenException'), 'KMS_CREDENTIALS_EXPIRED', 'KMS_CREDENTIALS_EXPIRED'],
  ['a disabled key', aws400('DisabledException'), 'KMS_KEY_DISABLED', 'KMS_KEY_DISABLED'],
];

describe('AWS answers', () => {
  let key: string;
  beforeEach(async () => {
    key = await createAwsKey(server.url);
  });

  describe.each(AT_AWS)('%s', (_, fault, makes, opens) => {
    it('to GenerateDataKey', async () => {
      expect(await refused(opensAws(key), 'AWS_KMS', () => aws.set({ operation: 'GenerateDataKey', fault }))).toBe(makes);
    });

    it('to Decrypt, when what was stored is verified', async () => {
      expect(await refused(opensAws(key), 'AWS_KMS', () => aws.set({ operation: 'Decrypt', fault }))).toBe(opens);
    });

    it('to Decrypt, at going live', async () => {
      expect(await leftOut(opensAws(key), 'AWS_KMS', () => aws.set({ operation: 'Decrypt', fault }))).toBe(opens);
    });
  });

  it('that the key was disabled between wrapping and verifying', async () => {
    const kms = opensAws(key);
    const client = bareClient(server.url);
    const another = await createAwsKey(server.url);
    await cluster.goLive({ kms: kms() });
    const { description } = await activate(kms(), 'AWS_KMS');
    let disabled: Promise<unknown> = Promise.resolve();
    onFailPoint((point) => {
      if (point !== 'activate:wrapped') return;
      aws.set({ operation: 'Decrypt', fault: { kind: 'slow', ms: 200 } });
      disabled = client.send(new DisableKeyCommand({ KeyId: another }));
    });
    await expect(activate(opensAws(another)(), 'AWS_KMS')).rejects.toMatchObject({ code: 'KMS_KEY_DISABLED' });
    await disabled;
    client.destroy();
    expect((await cluster.db.keys.active(LUI_KEY_NAME))?.description).toBe(description);
    expect(await findOrphans(cluster.db)).toEqual([]);
  });
});

const AT_GCP: readonly (readonly [what: string, fault: GcpFault, wraps: string, opens: string])[] = [
  ['nothing at all', { kind: 'silence' }, 'KMS_TIMEOUT', 'KMS_TIMEOUT'],
  ['an answer that does not come in time', { kind: 'slow', ms: 3_000 }, 'KMS_TIMEOUT', 'KMS_TIMEOUT'],
  ['an empty answer', { kind: 'answer', change: () => ({}) }, 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['bytes that do not fit their checksum', { kind: 'answer', change: (answer) => ({ ...answer, ciphertext: Buffer.alloc(80, 1), plaintext: Buffer.alloc(32, 1) }) }, 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
];

describe('GCP answers', () => {
  describe.each(AT_GCP)('%s', (_, fault, wraps, opens) => {
    it('to Encrypt', async () => {
      expect(await refused(opensGcp(createGcpKey(gcp)), 'GCP_KMS', () => gcp.set({ operation: 'Encrypt', fault }))).toBe(wraps);
    });

    it('to Decrypt, when what was stored is verified', async () => {
      expect(await refused(opensGcp(createGcpKey(gcp)), 'GCP_KMS', () => gcp.set({ operation: 'Decrypt', fault }))).toBe(opens);
    });

    it('to Decrypt, at going live', async () => {
      expect(await leftOut(opensGcp(createGcpKey(gcp)), 'GCP_KMS', () => gcp.set({ operation: 'Decrypt', fault }))).toBe(opens);
    });
  });
});

describe('how often a KMS is asked', () => {
  it('once for each generation at going live, and never for an instance', async () => {
    const kms = opensAws(await createAwsKey(server.url));
    await cluster.goLive({ kms: kms() });
    for (let count = 0; count < 5; count += 1) await activate(kms(), 'AWS_KMS');
    aws.set();
    const ring = await cluster.goLive({ kms: kms() });
    for (let count = 0; count < 20; count += 1) await ring.active();
    await ring.refresh();
    expect(aws.passed.map(({ operation }) => operation)).toEqual(Array.from({ length: 5 }, () => 'Decrypt'));
  });

  it('not for each reader, where it does not answer', async () => {
    const kms = opensAws(await createAwsKey(server.url));
    await cluster.goLive({ kms: kms() });
    const { description } = await activate(kms(), 'AWS_KMS');
    aws.set({ fault: aws400('DisabledException') });
    const ring = await cluster.goLive({ kms: kms() });
    await Promise.all(Array.from({ length: 20 }, () => expect(ring.get(description)).rejects.toMatchObject({ code: 'KMS_KEY_DISABLED' })));
    expect(aws.passed).toHaveLength(1);
  });

  it('keeps nobody waiting who is wrapped by another', async () => {
    const silent = opensAws(await createAwsKey(server.url));
    await cluster.goLive({ kms: silent() });
    await activate(silent(), 'AWS_KMS');
    await activate(opensGcp(createGcpKey(gcp))(), 'GCP_KMS');
    aws.set({ fault: { kind: 'no-body' } });
    const [one, other] = [silent(), opensGcp(createGcpKey(gcp))()];
    const ring = await cluster.goLive({ kms: { registry: { provider: (name) => (name === 'AWS_KMS' ? one : other).registry.provider(name) }, cluster: 'tests' } });
    expect([...ring.failures.values()].map(({ code }) => code)).toEqual(['KMS_TIMEOUT']);
  });
});

it('a wrapped form that no stripes hold is refused before anything is stored', async () => {
  await cluster.goLive();
  const before = await cluster.db.stripes.descriptions();
  const long: KmsProvider = {
    name: 'KMIP_KMS',
    acts: {},
    wrap: () => Promise.resolve({ provider: 'KMIP_KMS', keyId: 'key', keyVersion: null, location: 'host', parameters: {}, bytes: new Uint8Array(1_100) }),
    unwrap: () => Promise.resolve(randomSecret(32)),
    endpoints: () => [],
    close: () => undefined,
  };
  await expect(activate(access(long), 'KMIP_KMS')).rejects.toMatchObject({ code: 'WRAPPED_KEY_MALFORMED' });
  expect(await cluster.db.stripes.descriptions()).toEqual(before);
});
