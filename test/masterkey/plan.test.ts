import { expect, test } from 'vitest';
import type { Generation } from '../../main/masterkey/generations.ts';
import { planActivation, type PlanInput } from '../../main/masterkey/plan.ts';

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1';
const older: Generation = {
  name: 'masterkey_key_name',
  description: 'masterkey_key_name-1',
  generator: 'AWS_KMS',
  store: 'AWS_KMS',
  fingerprint: 'f',
  stripes: 188,
  wrapping: { kind: 'kms', provider: 'AWS_KMS', keyId: ARN, keyVersion: 'm1', location: 'eu-west-1', 'parameter.context': '1' },
  createdAt: 1,
  actor: 'tests',
  reason: null,
  state: 'active',
  activatedAt: 2,
  deactivatedAt: null,
};
const input: PlanInput = {
  name: 'masterkey_key_name',
  generator: 'Java_AES',
  store: 'Stripe_AES',
  generations: [older],
  census: [{ lu: 'A', keyDescription: older.description, instances: 3, bytes: 9 }],
  protection: null,
  kms: null,
  stripes: 100,
  unreadable: new Set(),
};

const detailOf = (plan: ReturnType<typeof planActivation>, id: string): string => plan.steps.find((step) => step.id === id)?.detail ?? '';

test('what stays readable names the KMS key of each generation', () => {
  const { staysReadable } = planActivation({ ...input, protection: { kind: 'internal', fingerprint: 'p' } });
  expect(staysReadable).toEqual([{ description: older.description, instances: 3, through: `AWS_KMS key ${ARN}, version m1, in eu-west-1` }]);
});

test('AWS makes the key: GenerateDataKey once, Decrypt once', () => {
  const plan = planActivation({ ...input, generator: 'AWS_KMS', store: 'AWS_KMS', kms: { provider: 'AWS_KMS', keyId: 'alias/new', location: 'eu-west-1' } });
  expect(plan).toMatchObject({ protection: null, kms: { provider: 'AWS_KMS', keyId: 'alias/new', location: 'eu-west-1', calls: [{ operation: 'GenerateDataKey', times: 1 }, { operation: 'Decrypt', times: 1 }], lookups: ['DescribeKey'] } });
  expect(plan.steps.find(({ id }) => id === 'wrapped')?.detail).toContain('the first time in a process also DescribeKey');
  expect(detailOf(plan, 'generated')).toContain('GenerateDataKey');
  expect(detailOf(plan, 'generated')).toContain('alias/new in eu-west-1');
  expect(detailOf(plan, 'wrapped')).toContain('no further call');
  expect(detailOf(plan, 'verified')).toContain('1 call of Decrypt');
});

test.each([
  ['GCP_KMS', []],
  ['KMIP_KMS', ['DiscoverVersions', 'Query', 'GetAttributes']],
] as const)('%s wraps what Java_AES makes: Encrypt once, Decrypt once', (store, lookups) => {
  const plan = planActivation({ ...input, store, kms: { provider: store, keyId: 'k', location: null } });
  expect(plan.kms).toMatchObject({ calls: [{ operation: 'Encrypt', times: 1 }, { operation: 'Decrypt', times: 1 }], lookups });
  expect(detailOf(plan, 'generated')).toContain('no external call');
  expect(detailOf(plan, 'wrapped')).toContain(`1 call of Encrypt: ${store}`);
});

test('no KMS is spoken of where none is asked', () => {
  const plan = planActivation({ ...input, generations: [], protection: { kind: 'keystore', fingerprint: 'p' } });
  expect(plan.kms).toBeNull();
  expect(JSON.stringify([plan.steps, plan.warnings])).not.toContain('KMS');
});
