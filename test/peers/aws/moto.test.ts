import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../main/crypto/fingerprint.ts';
import { codeOf, CONTEXT, wrapNew } from '../../conformance/kms-subject.ts';
import { awsKms, createKey, REGION } from './aws.ts';
import { installMoto, type KmsServer, startMoto } from './python-server.ts';

/** moto knows no usage of a key that was made without one; AWS does. */
const SYMMETRIC = { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' } as const;

// Before any hook: the first time it takes minutes.
const python = await installMoto();
let server: KmsServer;

beforeAll(async () => {
  server = await startMoto(python);
  process.env['AWS_ENDPOINT_URL_KMS'] = server.url;
});

afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_KMS'];
  await server?.stop();
});

/** The whole suite runs at LocalStack; this is what moto knows as well, and better: it lists rotations. */
describe('AWS_KMS at moto', () => {
  it('wraps, generates and opens, bound to the context', async () => {
    const kms = awsKms(await createKey(server.url, SYMMETRIC));
    const { plain, wrapped } = await kms.generate(CONTEXT);
    using back = await kms.unwrap(wrapped, CONTEXT);
    expect(fingerprintOf(back)).toBe(fingerprintOf(plain));
    plain.dispose();
    expect(await codeOf(kms.unwrap(wrapped, { ...CONTEXT, cluster: 'prod' }))).toBe('KMS_CIPHERTEXT_REFUSED');
    expect(await codeOf(kms.unwrap(await wrapNew(kms), CONTEXT))).toBeNull();
  });

  it('lists the rotations of a key, newest first', async () => {
    const arn = await createKey(server.url, SYMMETRIC);
    const { acts } = awsKms(arn);
    const before = (await acts.versions?.(arn))?.length ?? 0;
    await acts.rotateNow?.(arn);
    await acts.rotateNow?.(arn);
    const after = (await acts.versions?.(arn)) ?? [];
    expect(after).toHaveLength(before + 2);
    expect(after[0]?.createdAt).toBeGreaterThanOrEqual(after[1]?.createdAt ?? Infinity);
  });

  it('describes and lists keys of its own Region alone', async () => {
    const [here, there] = [await createKey(server.url, SYMMETRIC), await createKey(server.url, SYMMETRIC, 'us-east-1')];
    const { acts } = awsKms(here);
    const listed: string[] = [];
    if (acts.list !== undefined) for await (const { keyId } of acts.list()) listed.push(keyId);
    expect(listed).toContain(here);
    expect(listed).not.toContain(there);
    expect(await acts.describe?.(here)).toMatchObject({ keyId: here, location: REGION, state: 'enabled', canWrap: true, multiRegion: false });
    expect(JSON.parse((await acts.policy?.(here)) ?? '')).toHaveProperty('Statement');
  });

  it('says that a key does not exist', async () => {
    expect(await codeOf(wrapNew(awsKms('00000000-0000-4000-8000-000000000000')))).toBe('KMS_KEY_NOT_FOUND');
  });
});
