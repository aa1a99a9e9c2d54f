import { DeleteImportedKeyMaterialCommand, UpdateAliasCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../main/crypto/fingerprint.ts';
import { randomSecret } from '../../../main/crypto/random.ts';
import { isAppError } from '../../../main/errors.ts';
import type { AwsKms } from '../../../main/kms/aws/provider.ts';
import { kmsConformance } from '../../conformance/kms.ts';
import { codeOf, CONTEXT, wrapNew } from '../../conformance/kms-subject.ts';
import { awsKms, bareClient, createAlias, createKey, CREDENTIALS, LIMITS, openAws, REGION } from './aws.ts';
import type { Fault } from './fault-proxy.ts';
import { freePort, installLocalStack } from './python-server.ts';
import { useAws } from './use-aws.ts';

const CHAIN = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
const SECRET = /known-secret-of-the-tests/;
// Before any hook: the first time it takes minutes.
const aws = useAws(await installLocalStack());

kmsConformance('AWS_KMS at LocalStack', () => openAws(aws.url));

describe('which key is meant', () => {
  it('stores the ARN, and stays with its key when the alias is moved', async () => {
    const [first, second] = [await createKey(aws.url), await createKey(aws.url)];
    await createAlias(aws.url, 'alias/fabric', first);
    const kms = awsKms('alias/fabric');
    const wrapped = await wrapNew(kms);
    expect(wrapped).toMatchObject({ provider: 'AWS_KMS', keyId: first, location: REGION });
    const client = bareClient(aws.url);
    await client.send(new UpdateAliasCommand({ AliasName: 'alias/fabric', TargetKeyId: second.split('/').at(-1) }));
    client.destroy();
    expect((await wrapNew(kms)).keyId).toBe(first);
    expect((await wrapNew(awsKms('alias/fabric'))).keyId).toBe(second);
    expect(await codeOf(awsKms('alias/fabric').unwrap(wrapped, CONTEXT))).toBeNull();
    expect(await kms.acts.aliases?.(second)).toEqual(['alias/fabric']);
  });

  it('takes an alias by its ARN, in the Region that it names, and stores the key’s', async () => {
    const key = await createKey(aws.url);
    await createAlias(aws.url, 'alias/by-arn', key);
    const arn = `arn:aws:kms:${REGION}:${CREDENTIALS.accessKeyId}:alias/by-arn`;
    for (const region of [REGION, null]) {
      const kms = awsKms(arn, { region });
      const wrapped = await wrapNew(kms);
      expect([wrapped.keyId, wrapped.location]).toEqual([key, REGION]);
      expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
      kms.close();
    }
    expect(await codeOf(wrapNew(awsKms(arn, { region: 'us-east-1' })))).toBe('KMS_REGION_WRONG');
  });

  it('asks AWS who an alias is once, and for an unwrap not at all', async () => {
    const kms = awsKms(await createKey(aws.url));
    aws.proxy.set();
    const wrapped = await wrapNew(kms);
    await wrapNew(kms);
    (await kms.unwrap(wrapped, CONTEXT)).dispose();
    expect(aws.proxy.passed.map(({ operation }) => operation)).toEqual(['DescribeKey', 'Encrypt', 'Encrypt', 'Decrypt']);
  });

  it.each([
    ['asymmetric', { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }],
    ['for signing', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }],
    ['for MACs', { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }],
  ] as const)('refuses a key that is %s', async (_, input) => {
    expect(await codeOf(wrapNew(awsKms(await createKey(aws.url, input))))).toBe('KMS_KEY_UNSUITABLE');
  });

  it('refuses a key of another Region than the configured one', async () => {
    const arn = await createKey(aws.url, {}, 'us-east-1');
    expect(await codeOf(wrapNew(awsKms(arn)))).toBe('KMS_REGION_WRONG');
    expect(await codeOf(wrapNew(awsKms(arn.split('/').at(-1) ?? '')))).toBe('KMS_KEY_NOT_FOUND');
    expect((await wrapNew(awsKms(arn, { region: null }))).location).toBe('us-east-1');
  });
});

describe('another key', () => {
  it('than the one that is stored wrapped it', async () => {
    const [first, second] = [await wrapNew(awsKms(await createKey(aws.url))), await wrapNew(awsKms(await createKey(aws.url)))];
    expect(await codeOf(awsKms(null).unwrap({ ...first, bytes: second.bytes }, CONTEXT))).toBe('KMS_KEY_MISMATCH');
  });
});

describe('multi-Region keys', () => {
  it('wraps in one Region and opens in another, or back in the first where there is no replica', async () => {
    const primary = await createKey(aws.url, { MultiRegion: true });
    const here = awsKms(primary, { limits: { timeoutMs: 60_000 } });
    using plain = randomSecret(32);
    const wrapped = await here.wrap(plain, CONTEXT);
    const there = awsKms(primary, { region: 'us-west-2' });
    aws.proxy.set();
    (await there.unwrap(wrapped, CONTEXT)).dispose();
    expect(aws.proxy.passed.map(({ region }) => region)).toEqual(['us-west-2', REGION]);
    const replica = await here.acts.replicate?.(primary, 'us-west-2');
    expect(replica).toBe(primary.replace(REGION, 'us-west-2'));
    aws.proxy.set();
    using back = await there.unwrap(wrapped, CONTEXT);
    expect(aws.proxy.passed.map(({ region }) => region)).toEqual(['us-west-2']);
    expect(fingerprintOf(back)).toBe(fingerprintOf(plain));
    expect((await wrapNew(there)).keyId).toBe(replica);
    expect(await here.acts.replicas?.(primary)).toMatchObject({ primary: { keyId: primary, location: REGION }, replicas: [{ keyId: replica, location: 'us-west-2' }] });
    expect((await there.acts.describe?.(replica ?? ''))?.acts).not.toContain('rotateNow');
    expect(await codeOf(here.acts.replicate?.(primary, 'us-west-2') ?? Promise.resolve())).toBe('KMS_ACT_UNSUPPORTED');
  });

  it('opens in the other Region when its own does not answer', async () => {
    const primary = await createKey(aws.url, { MultiRegion: true });
    const wrapped = await wrapNew(awsKms(primary));
    const there = awsKms(primary, { region: 'us-east-2', limits: LIMITS });
    aws.proxy.set({ region: 'us-east-2', fault: { kind: 'cut', after: null } });
    expect(await codeOf(there.unwrap(wrapped, CONTEXT))).toBeNull();
    aws.proxy.set();
  });
});

describe('imported material', () => {
  it('waits for it, takes it, and says when it is gone', async () => {
    const arn = await createKey(aws.url, { Origin: 'EXTERNAL' });
    // The server makes an RSA key of 4096 bits for this.
    const kms = awsKms(arn, { limits: { timeoutMs: 60_000 } });
    expect(await codeOf(wrapNew(kms))).toBe('KMS_KEY_PENDING_IMPORT');
    expect(await kms.acts.describe?.(arn)).toMatchObject({ state: 'pending-import', origin: 'EXTERNAL' });
    using material = randomSecret(32);
    await kms.acts.importMaterial?.(arn, material, null);
    const wrapped = await wrapNew(kms);
    const client = bareClient(aws.url);
    await client.send(new DeleteImportedKeyMaterialCommand({ KeyId: arn }));
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBe('KMS_KEY_MATERIAL_EXPIRED');
    client.destroy();
  });

  it('is refused by a key whose material AWS makes', async () => {
    const arn = await createKey(aws.url);
    using material = randomSecret(32);
    expect(await codeOf(awsKms(arn).acts.importMaterial?.(arn, material, null) ?? Promise.resolve())).toBe('KMS_ACT_UNSUPPORTED');
  });
});

/** Answers of AWS that no stand-in gives by itself; the texts are those of its references. */
const RECORDED: readonly (readonly [what: string, fault: Fault, code: string])[] = [
  ['throttling', error(400, 'ThrottlingException', 'You have exceeded the rate at which you may call KMS.'), 'KMS_THROTTLED'],
  ['an internal failure', error(500, 'KMSInternalException'), 'KMS_FAILED'],
  ['an outage behind a balancer', { kind: 'answer', status: 503, body: '<html>Service Unavailable</html>' }, 'KMS_FAILED'],
  ['an unknown access key', error(400, 'UnrecognizedClientException', 'The security token included in the request is invalid.'), 'KMS_CREDENTIALS_WRONG'],
  ['a wrong secret', error(400, 'InvalidSignatureException', `The request signature we calculated does not match. ${CREDENTIALS.secretAccessKey}`), 'KMS_CREDENTIALS_WRONG'],
  ['an expired session', error(400, 'ExpiredTokenException', 'The security token included in the request is expired'), 'KMS_CREDENTIALS_EXPIRED'],
  ['a wrong clock', error(400, 'InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z'), 'KMS_CLOCK_WRONG'],
  ['a denial', error(400, 'AccessDeniedException', 'User: arn:aws:iam::111122223333:user/fabric is not authorized to perform: kms:Decrypt on resource: x because no resource-based policy allows the kms:Decrypt action'), 'KMS_PERMISSION_DENIED'],
  ['a custom key store that is off', error(400, 'KMSInvalidStateException', 'arn:aws:kms:eu-west-1:111122223333:key/x is unavailable.'), 'KMS_KEY_UNAVAILABLE'],
  ['a limit', error(400, 'LimitExceededException'), 'KMS_LIMIT_REACHED'],
  ['an error of another time', error(400, 'SomethingNewException'), 'KMS_REQUEST_REFUSED'],
];

/** What an answer on the way may become. */
const BROKEN: readonly (readonly [what: string, fault: Fault, codes: RegExp])[] = [
  ['garbage', { kind: 'answer', status: 200, body: Buffer.from([0xff, 0, 1, 2, 3]) }, /^KMS_ANSWER_INVALID$/],
  ['a page of a proxy', { kind: 'answer', status: 200, body: '<html>Log in</html>' }, /^KMS_ANSWER_INVALID$/],
  ['nothing in it', { kind: 'answer', status: 200, body: '{}' }, /^KMS_ANSWER_INVALID$/],
  ['an empty body', { kind: 'answer', status: 200, body: '' }, /^KMS_ANSWER_INVALID$/],
  ['a list', { kind: 'answer', status: 200, body: '[1,2]' }, /^KMS_ANSWER_INVALID$/],
  ['half of it', { kind: 'half', bytes: 90 }, /^KMS_ANSWER_INVALID$/],
  ['a connection that ends before', { kind: 'cut', after: null }, /^KMS_UNREACHABLE$/],
  ['a connection that ends amid', { kind: 'cut', after: 40 }, /^KMS_(UNREACHABLE|ANSWER_INVALID)$/],
  ['an answer that never comes', { kind: 'slow', ms: 60_000 }, /^KMS_TIMEOUT$/],
  ['a head without a body', { kind: 'no-body' }, /^KMS_TIMEOUT$/],
  ['another key', { kind: 'changed', change: (answer) => ({ ...answer, KeyId: 'arn:aws:kms:eu-west-1:111122223333:key/other' }) }, /^KMS_ANSWER_INVALID$/],
  ['a short key', { kind: 'changed', change: (answer) => ({ ...answer, Plaintext: 'AAAA', CiphertextBlob: 'AAAA' }) }, /^KMS_ANSWER_INVALID$/],
];

describe.each([
  ['wrap', 'Encrypt', (kms: AwsKms) => wrapNew(kms)],
  ['unwrap', 'Decrypt', async (kms: AwsKms) => kms.unwrap(await kept(), CONTEXT)],
  ['generate', 'GenerateDataKey', async (kms: AwsKms) => (await kms.generate(CONTEXT)).plain],
] as const)('%s', (_, operation, act) => {
  const once = { ...LIMITS, attempts: 1 };

  it.each([...RECORDED.map(([what, fault, code]) => [what, fault, new RegExp(`^${code}$`)] as const), ...BROKEN])('meets %s', async (__, fault, codes) => {
    const kms = awsKms((await kept()).keyId, { limits: once });
    aws.proxy.set({ operation, fault });
    try {
      const failure = await act(kms).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (!isAppError(failure)) throw failure ?? new Error('It did not fail.');
      expect(failure.code).toMatch(codes);
      expect(JSON.stringify([failure.message, failure.remedy, failure.details])).not.toMatch(SECRET);
      expect(failure.cause).toBeUndefined();
    } finally {
      kms.close();
      aws.proxy.set();
    }
  });

  it('asks again where the trouble passes, and never where it does not', async () => {
    const kms = awsKms((await kept()).keyId, { limits: LIMITS });
    for (const fault of [error(400, 'ThrottlingException'), error(500, 'KMSInternalException'), { kind: 'cut', after: null }, { kind: 'half', bytes: 50 }] as const) {
      aws.proxy.set({ operation, fault, times: 2 });
      expect(await codeOf(act(kms))).toBeNull();
      expect(aws.proxy.passed.filter((passed) => passed.operation === operation)).toHaveLength(3);
    }
    aws.proxy.set({ operation, fault: error(400, 'AccessDeniedException') });
    expect(await codeOf(act(kms))).toBe('KMS_PERMISSION_DENIED');
    expect(aws.proxy.passed.filter((passed) => passed.operation === operation)).toHaveLength(1);
    aws.proxy.set();
  });
});

it('stores which material of the key wrapped, where the KMS names it (recorded: no stand-in does)', async () => {
  const KeyMaterialId = '0b7fd7ddbac6eef27907413567cad8c810e2883dc8a7534067a82ee1142fc1e6';
  const kms = awsKms((await kept()).keyId);
  aws.proxy.set({ operation: 'GenerateDataKey', fault: { kind: 'changed', change: (answer) => ({ ...answer, KeyMaterialId }) } });
  const { plain, wrapped } = await kms.generate(CONTEXT);
  plain.dispose();
  aws.proxy.set();
  expect(wrapped.keyVersion).toBe(KeyMaterialId);
  expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
});

describe('answers that are valid, and for something else', () => {
  const elsewhere = (asked: Readonly<Record<string, unknown>>): unknown => ({ ...asked, EncryptionContext: { 'fabric-name': 'other' } });

  it('wrapped for another context: does not open again, which an activation finds out before it counts', async () => {
    const kms = awsKms((await kept()).keyId);
    aws.proxy.set({ fault: { kind: 'asked-otherwise', change: elsewhere }, operation: 'GenerateDataKey' });
    const { plain, wrapped } = await kms.generate(CONTEXT);
    plain.dispose();
    aws.proxy.set();
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBe('KMS_CIPHERTEXT_REFUSED');
  });

  it('the plain key of another generation: told by its fingerprint alone', async () => {
    const kms = awsKms((await kept()).keyId);
    const [ours, theirs] = [await kms.generate(CONTEXT), await kms.generate({ ...CONTEXT, description: 'other' })];
    const asked = { CiphertextBlob: Buffer.from(theirs.wrapped.bytes).toString('base64'), EncryptionContext: { 'fabric-name': CONTEXT.name, 'fabric-key-description': 'other', 'fabric-cluster': 'dev' } };
    aws.proxy.set({ operation: 'Decrypt', fault: { kind: 'asked-otherwise', change: (request) => ({ ...request, ...asked }) } });
    using answered = await kms.unwrap(ours.wrapped, CONTEXT);
    aws.proxy.set();
    expect(fingerprintOf(answered)).toBe(fingerprintOf(theirs.plain));
    expect(fingerprintOf(answered)).not.toBe(fingerprintOf(ours.plain));
    ours.plain.dispose();
    theirs.plain.dispose();
  });
});

describe('credentials', () => {
  it('names the permission that is missing, and the policy that AWS names', async () => {
    const kms = awsKms((await kept()).keyId);
    aws.proxy.set({ operation: 'Encrypt', fault: error(400, 'AccessDeniedException', 'User: x is not authorized to perform: kms:Encrypt on this resource with an explicit deny in a service control policy') });
    const failure = await wrapNew(kms).catch((thrown: unknown) => thrown);
    aws.proxy.set();
    expect(isAppError(failure, 'KMS_PERMISSION_DENIED') && failure.details?.['permission']).toBe('kms:Encrypt');
    expect(isAppError(failure) && failure.remedy).toContain('service control policy');
  });

  it('looks for renewed ones of the surroundings after the old have expired', async () => {
    const wrapped = await kept();
    const kms = awsKms(null, { credentials: null });
    const before = CHAIN.map((name) => [name, process.env[name]] as const);
    const session = (token: string): unknown => Object.assign(process.env, { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey, AWS_SESSION_TOKEN: token });
    try {
      session('old');
      aws.proxy.set({ operation: 'Decrypt', fault: error(400, 'ExpiredTokenException'), times: 1 });
      expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBe('KMS_CREDENTIALS_EXPIRED');
      session('renewed');
      expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
      expect(aws.proxy.passed.map(({ sessionToken }) => sessionToken)).toEqual(['old', 'renewed']);
    } finally {
      for (const [name, value] of before) if (value === undefined) delete process.env[name]; else process.env[name] = value;
    }
  });

  it('asks the owner of those that it was given for each request', async () => {
    const wrapped = await kept();
    let token = 'one';
    const kms = awsKms(null, { credentials: () => Promise.resolve({ ...CREDENTIALS, sessionToken: token }) });
    aws.proxy.set();
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
    token = 'another';
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
    expect(aws.proxy.passed.map(({ sessionToken }) => sessionToken)).toEqual(['one', 'another']);
  });
});

describe('an act that must not happen twice', () => {
  it('is asked again only where it surely was not done', async () => {
    const arn = await createKey(aws.url);
    const { acts } = awsKms(arn, { limits: LIMITS });
    aws.proxy.set({ operation: 'RotateKeyOnDemand', fault: error(400, 'ThrottlingException'), times: 1 });
    expect(await codeOf(acts.rotateNow?.(arn) ?? Promise.resolve())).toBeNull();
    aws.proxy.set({ operation: 'RotateKeyOnDemand', fault: { kind: 'half', bytes: 5 }, times: 1 });
    expect(await codeOf(acts.rotateNow?.(arn) ?? Promise.resolve())).toBe('KMS_OUTCOME_UNKNOWN');
    expect(aws.proxy.passed).toHaveLength(1);
    aws.proxy.set();
  });
});

describe('the KMS is gone', () => {
  it('is found out once, and then not asked for a while', async () => {
    const wrapped = await kept();
    const port = await freePort();
    process.env['AWS_ENDPOINT_URL_KMS'] = `http://127.0.0.1:${port}`;
    const kms = awsKms(null, { limits: { ...LIMITS, breaker: { failures: 3, pauseMs: 200, longestPauseMs: 200 } } });
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBe('KMS_UNREACHABLE');
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBe('KMS_CIRCUIT_OPEN');
    expect(kms.endpoints()[0]).toMatchObject({ requests: 3, circuit: { state: 'open', failures: 3 } });
    kms.close();
    process.env['AWS_ENDPOINT_URL_KMS'] = aws.proxy.url;
  });
});

function error(status: number, type: string, message = ''): Fault {
  return { kind: 'error', status, type, message };
}

let keptOnce: ReturnType<typeof wrapNew> | null = null;

/** A key that was wrapped while all was well. */
async function kept(): ReturnType<typeof wrapNew> {
  keptOnce ??= createKey(aws.url).then((arn) => wrapNew(awsKms(arn)));
  return keptOnce;
}
