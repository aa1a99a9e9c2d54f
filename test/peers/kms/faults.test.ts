import { DisableKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomSecret } from '../../../main/crypto/random.ts';
import { onFailPoint } from '../../../main/fail-point.ts';
import type { KmsProvider } from '../../../main/kms/provider.ts';
import { Instances } from '../../../main/lu/instances.ts';
import { findOrphans } from '../../../main/masterkey/orphans.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import { imageOf } from '../../lu/fixtures.ts';
import { awsKms, bareClient, createKey as createAwsKey, CREDENTIALS, REGION } from '../aws/aws.ts';
import type { Fault as AwsFault } from '../aws/fault-proxy.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { createKey as createGcpKey, gcpKms } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { faultTrial, type OpenKms } from './fault-trial.ts';

const aws = useAws(await installLocalStack());
let gcp: GcpPeer;

beforeAll(async () => {
  gcp = await startGcpPeer();
});

afterAll(async () => {
  await gcp?.stop();
});

const trial = faultTrial(() => aws.proxy.set(), () => [CREDENTIALS.secretAccessKey]);
const { access, steady, hasty, activate, refused, leftOut } = trial;
const opensAws = (keyId: string): OpenKms => (limits) => awsKms(keyId, { limits });
const opensGcp = (keyId: string): OpenKms => (limits) => gcpKms(gcp, keyId, { limits });

const aws400 = (type: string): AwsFault => ({ kind: 'error', status: 400, type });
const foreign = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000';
const otherKey = Buffer.alloc(32, 9).toString('base64');

/** The real DescribeKey, with other facts. */
function metadata(facts: Readonly<Record<string, unknown>>): AwsFault {
  return { kind: 'changed', change: (answer) => ({ ...answer, KeyMetadata: { ...(answer['KeyMetadata'] as object), ...facts } }) };
}

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

/** DescribeKey tells under which key to wrap: it is asked first, and nothing was wrapped yet. */
const AT_DESCRIBE_KEY: readonly (readonly [what: string, fault: AwsFault, code: string])[] = [
  ...AT_AWS.filter(([, { kind }]) => kind !== 'changed' && kind !== 'asked-otherwise').map(([what, fault, makes]) => [what, fault, makes] as const),
  ['a key of another Region', metadata({ Arn: foreign.replace(REGION, 'us-east-1') }), 'KMS_ANSWER_INVALID'],
  ['another key', metadata({ Arn: foreign }), 'KMS_ANSWER_INVALID'],
  ['a key that signs', metadata({ KeyUsage: 'SIGN_VERIFY' }), 'KMS_KEY_UNSUITABLE'],
  ['a key that is not there', aws400('NotFoundException'), 'KMS_KEY_NOT_FOUND'],
];

describe('AWS answers', () => {
  let key: string;
  beforeEach(async () => {
    key = await createAwsKey(aws.url);
  });

  describe.each(AT_AWS)('%s', (_, fault, makes, opens) => {
    it('to GenerateDataKey', async () => {
      await refused(opensAws(key), 'AWS_KMS', () => aws.proxy.set({ operation: 'GenerateDataKey', fault }), makes);
    });

    it('to Decrypt, when what was stored is verified', async () => {
      await refused(opensAws(key), 'AWS_KMS', () => aws.proxy.set({ operation: 'Decrypt', fault }), opens);
    });

    it('to Decrypt, at going live', async () => {
      await leftOut(opensAws(key), 'AWS_KMS', () => aws.proxy.set({ operation: 'Decrypt', fault }), opens);
    });
  });

  it.each(AT_DESCRIBE_KEY)('%s to DescribeKey', async (_, fault, code) => {
    await refused(opensAws(key), 'AWS_KMS', () => aws.proxy.set({ operation: 'DescribeKey', fault }), code);
  });

  it('with another key that may be used as well, where the key was named by its ID or ARN', async () => {
    const other = await createAwsKey(aws.url);
    for (const named of [key, key.split('/').at(-1) ?? '']) {
      await refused(opensAws(named), 'AWS_KMS', () => aws.proxy.set({ operation: 'DescribeKey', fault: metadata({ Arn: other, KeyId: other.split('/').at(-1) }) }), 'KMS_ANSWER_INVALID');
    }
  });

  it('that the key was disabled between wrapping and verifying', async () => {
    const client = bareClient(aws.url);
    const disable = (): void => {
      onFailPoint((point) => {
        if (point === 'activate:wrapped') aws.proxy.set({ operation: 'Decrypt', fault: { kind: 'held', until: () => client.send(new DisableKeyCommand({ KeyId: another })) }, times: 1 });
      });
    };
    const another = await createAwsKey(aws.url);
    await trial.cluster.goLive({ kms: steady(opensAws(key)) });
    const description = await activate(steady(opensAws(key)), 'AWS_KMS');
    disable();
    await expect(activate(steady(opensAws(another)), 'AWS_KMS')).rejects.toMatchObject({ code: 'KMS_KEY_DISABLED' });
    client.destroy();
    expect((await trial.cluster.db.keys.active(LUI_KEY_NAME))?.description).toBe(description);
    expect(await findOrphans(trial.cluster.db)).toEqual([]);
  });
});

describe('how often a KMS is asked', () => {
  it('once for each generation at going live, and never for an instance', async () => {
    const kms = opensAws(await createAwsKey(aws.url));
    await trial.cluster.goLive({ kms: steady(kms) });
    for (let count = 0; count < 5; count += 1) await activate(steady(kms), 'AWS_KMS');
    aws.proxy.set();
    const ring = await trial.cluster.goLive({ kms: steady(kms) });
    const instances = new Instances(trial.cluster.db, ring);
    const { description } = await ring.active();
    for (let id = 0; id < 20; id += 1) {
      await instances.save('CUSTOMER', `${id}`, imageOf('CREATE TABLE customer(name TEXT)'));
      expect((await instances.read('CUSTOMER', `${id}`)).info.keyDescription).toBe(description);
    }
    await ring.refresh();
    expect(aws.proxy.passed.map(({ operation }) => operation)).toEqual(Array.from({ length: 5 }, () => 'Decrypt'));
  });

  it('and at going live no faster than its budget', async () => {
    const key = await createAwsKey(aws.url);
    await trial.cluster.goLive({ kms: steady(opensAws(key)) });
    for (let count = 0; count < 40; count += 1) await activate(steady(opensAws(key)), 'AWS_KMS');
    aws.proxy.set();
    // A hundredth of 1,000 a second.
    const ring = await trial.cluster.goLive({ kms: access(awsKms(key, { quotaShare: 0.01, limits: { timeoutMs: 20_000 } })) });
    expect([...ring.failures]).toEqual([]);
    const came = aws.proxy.passed.map(({ at }) => at);
    expect(came).toHaveLength(40);
    const mostInASecond = Math.max(...came.map((begin) => came.filter((at) => at >= begin && at < begin + 1_000).length));
    // The rate, a quarter of a second's worth at once, and what a machine under load holds up and lets go together.
    expect(mostInASecond).toBeLessThanOrEqual(20);
    expect((came.at(-1) ?? 0) - (came[0] ?? 0)).toBeGreaterThan(3_500);
  });

  it('not for each reader, where it does not answer', async () => {
    const kms = opensAws(await createAwsKey(aws.url));
    await trial.cluster.goLive({ kms: steady(kms) });
    const description = await activate(steady(kms), 'AWS_KMS');
    aws.proxy.set({ fault: aws400('DisabledException') });
    const ring = await trial.cluster.goLive({ kms: steady(kms) });
    await Promise.all(Array.from({ length: 20 }, () => expect(ring.get(description)).rejects.toMatchObject({ code: 'KMS_KEY_DISABLED' })));
    expect(aws.proxy.passed).toHaveLength(1);
  });

  it('keeps nobody waiting who is wrapped by another', async () => {
    const silent = opensAws(await createAwsKey(aws.url));
    await trial.cluster.goLive({ kms: steady(silent) });
    await activate(steady(silent), 'AWS_KMS');
    await activate(steady(opensGcp(createGcpKey(gcp))), 'GCP_KMS');
    aws.proxy.set({ fault: { kind: 'no-body' } });
    const [one, other] = [hasty(silent), steady(opensGcp(createGcpKey(gcp)))];
    const ring = await trial.cluster.goLive({ kms: { registry: { provider: (name) => (name === 'AWS_KMS' ? one : other).registry.provider(name) }, cluster: 'tests' } });
    expect([...ring.failures.values()].map(({ code }) => code)).toEqual(['KMS_TIMEOUT']);
  });
});

it('a wrapped form that no stripes hold is refused before anything is stored', async () => {
  await trial.cluster.goLive();
  const before = await trial.cluster.db.stripes.descriptions();
  const long: KmsProvider = {
    name: 'KMIP_KMS',
    acts: {},
    wrap: () => Promise.resolve({ provider: 'KMIP_KMS', keyId: 'key', keyVersion: null, location: 'host', parameters: {}, bytes: new Uint8Array(1_100) }),
    unwrap: () => Promise.resolve(randomSecret(32)),
    endpoints: () => [],
    close: () => undefined,
  };
  await expect(activate(access(long), 'KMIP_KMS')).rejects.toMatchObject({ code: 'WRAPPED_KEY_MALFORMED' });
  expect(await trial.cluster.db.stripes.descriptions()).toEqual(before);
});
