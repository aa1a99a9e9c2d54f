import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KmsProvider } from '../../main/kms/provider.ts';
import { activateKey, type ActivationStep } from '../../main/masterkey/activate.ts';
import type { KeyRing } from '../../main/masterkey/key-ring.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { SecretBytes } from '../../main/secret.ts';
import { openTestCluster, type TestCluster } from './cluster-fixture.ts';

let cluster: TestCluster;
let ring: KeyRing;

beforeEach(async () => {
  cluster = await openTestCluster();
  ring = await cluster.goLive();
});

afterEach(() => cluster.close());

it.each(['generated', 'wrapped', 'read-back', 'verified', 'described', 'active'] satisfies ActivationStep[])('zeroes every plain key where whoever is told of "%s" fails', async (fails) => {
  const plain: SecretBytes[] = [];
  const key = Buffer.alloc(32, 7);
  const given = (): SecretBytes => {
    const secret = SecretBytes.copyOf(key);
    plain.push(secret);
    return secret;
  };
  const wrapped = { provider: 'AWS_KMS', keyId: 'key', keyVersion: null, location: 'here', parameters: {}, bytes: new Uint8Array(48).fill(1) } as const;
  const kms: KmsProvider = { name: 'AWS_KMS', acts: {}, wrap: () => Promise.resolve(wrapped), unwrap: () => Promise.resolve(given()), generate: () => Promise.resolve({ plain: given(), wrapped }), endpoints: () => [], close: () => undefined };
  const onProgress = ({ step }: { step: ActivationStep }): void => {
    if (step === fails) throw new Error('The window is gone.');
  };
  const context = { db: cluster.db, protection: ring.protection, kms: { registry: { provider: () => Promise.resolve(kms) }, cluster: null }, onProgress };
  await expect(activateKey(context, { name: LUI_KEY_NAME, generator: 'AWS_KMS', store: 'AWS_KMS', actor: 'tester@host', reason: null })).rejects.toThrow('The window is gone.');
  expect(plain.length).toBeGreaterThan(0);
  expect(plain.filter((secret) => !secret.disposed)).toEqual([]);
});
