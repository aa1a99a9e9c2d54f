import { expect, test } from 'vitest';
import type { ModulePair } from '../../app/contract/command.ts';
import { moduleChoices, pairSentence, partnerOf } from '../../renderer/features/activate/pairs.ts';

const kms = { provider: 'AWS_KMS', keyId: 'alias/fabric', location: 'eu-west-1' } as const;
const PAIRS: readonly ModulePair[] = [
  { generator: 'Java_AES', store: 'Stripe_AES', configured: true, kms: null },
  { generator: 'Java_AES', store: 'GCP_KMS', configured: false, kms: null },
  { generator: 'AWS_KMS', store: 'AWS_KMS', configured: true, kms },
];

test('what is not configured is shown, and can not be chosen', () => {
  expect(moduleChoices(PAIRS, 'store', 'Stripe_AES').filter(({ disabled }) => disabled)).toEqual([{ value: 'GCP_KMS', label: 'GCP_KMS – not configured', disabled: true }]);
  expect(moduleChoices(PAIRS, 'store', 'GCP_KMS').some(({ disabled }) => disabled)).toBe(false);
  expect(moduleChoices([], 'store', 'X')).toEqual([{ value: 'X', label: 'X', disabled: false }]);
});

test('one side brings the other that goes with it', () => {
  expect(partnerOf(PAIRS, 'generator', 'AWS_KMS', 'Stripe_AES')).toBe('AWS_KMS');
  expect(partnerOf(PAIRS, 'store', 'GCP_KMS', 'AWS_KMS')).toBe('Java_AES');
  expect(partnerOf(PAIRS, 'generator', 'Java_AES', 'GCP_KMS')).toBe('GCP_KMS');
  expect(partnerOf(PAIRS, 'generator', 'Java_AES', 'AWS_KMS')).toBe('Stripe_AES');
});

test('the key and its region are said', () => {
  expect(pairSentence(PAIRS[2])).toContain('alias/fabric in eu-west-1');
  expect(pairSentence(PAIRS[1])).toContain('names no key');
  expect(pairSentence(undefined)).toBe('');
});
