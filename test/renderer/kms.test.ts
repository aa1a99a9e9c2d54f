import { expect, test } from 'vitest';
import type { KmsKeyView, KmsOverviewView, KmsProviderView } from '../../app/contract/kms.ts';
import { kmsSentence } from '../../renderer/features/kms/sentence.ts';

const provider: KmsProviderView = { provider: 'AWS_KMS', configured: null, endpoints: [], acts: [], answers: 'yes', failure: null, since: null, lostAtRestart: { generations: 0, instances: 0 }, listing: null, more: false };
const key: KmsKeyView = { provider: 'AWS_KMS', keyId: 'arn/k', name: 'k', state: 'enabled', whyNot: null, location: 'eu-west-1', multiRegion: false, note: '', createdAt: null, deletionAt: null, aliases: null, versions: null, rotation: null, acts: [], canWrap: true, configured: true, generations: 2, instances: 8_022, nodes: [], regions: [] };
const view = (change: Partial<KmsOverviewView>): KmsOverviewView => ({ providers: [provider], keys: [key, { ...key, name: 'm' }, { ...key, generations: 0, instances: 0 }], census: { at: 1, live: true, complete: true }, askedAt: 1, asking: false, ...change });
const no = { code: 'KMS_UNREACHABLE', message: 'no', remedy: 'look' };

test('calm, with exact figures of the keys that something depends on', () => {
  expect(kmsSentence(view({}), 0)).toEqual({ tone: 'calm', text: 'All 2 KMS keys in use answer; 16,044 instances depend on them.' });
  expect(kmsSentence(view({ keys: [key] }), 0).text).toBe('The one KMS key in use answers; 8,022 instances depend on it.');
  expect(kmsSentence(view({ providers: [], keys: [] }), 0).text).toBe('No node and no master key uses a KMS.');
});

test('a KMS that is away comes first, with what a restart would lose', () => {
  const away = { ...provider, answers: 'no' as const, failure: no, since: 60_000, lostAtRestart: { generations: 2, instances: 16_044 } };
  expect(kmsSentence(view({ providers: [away] }), 360_000)).toEqual({ tone: 'alarm', text: 'AWS_KMS does not answer, since 5 min ago. A node that starts now could not read 16,044 instances; nodes that run go on with what they hold.' });
});

test('a key that is off is told by its state, and alarms where instances depend on it', () => {
  expect(kmsSentence(view({ keys: [{ ...key, state: 'disabled' }, key] }), 0)).toMatchObject({ tone: 'alarm', text: expect.stringMatching(/^KMS key k is disabled\. A node that starts now could not read 8,022 instances/) });
  expect(kmsSentence(view({ keys: [{ ...key, state: 'disabled', instances: 0 }, key] }), 0).tone).toBe('worry');
  expect(kmsSentence(view({ keys: [{ ...key, state: 'disabled', generations: 0, instances: 0 }, key] }), 0).tone).toBe('calm');
});

test('keys that can not be listed are a worry', () => {
  expect(kmsSentence(view({ providers: [{ ...provider, listing: no }] }), 0)).toMatchObject({ tone: 'worry', text: expect.stringContaining('AWS_KMS does not let its other keys be listed') });
});
