import { expect, test } from 'vitest';
import { nameMeanings, type NameQuestions } from '../../app/services/kms-name-meanings.ts';
import type { KmsKeyFacts } from '../../main/kms/acts.ts';
import type { KmsProvider } from '../../main/kms/provider.ts';
import { identify } from '../../main/regions/identity.ts';

const HERE = 'hsm-a.example:5696';
const AWAY = 'hsm-b.example:5696';
const id = (key: string): string => identify('KMIP_KMS', key, HERE).id;

function key(keyId: string, replacedBy: string | null, rest: Partial<KmsKeyFacts> = {}): KmsKeyFacts {
  return { keyId, state: 'enabled', location: HERE, note: '', createdAt: null, deletionAt: null, origin: '', materialExpiresAt: null, replacedBy, canWrap: true, multiRegion: false, acts: [], ...rest };
}

/** What the name of one node means where the server has these keys. */
async function meaning(keys: readonly KmsKeyFacts[], more: Partial<NameQuestions> = {}) {
  const asked: string[] = [];
  const kms = {
    acts: {
      describe: (keyId: string) => {
        asked.push(keyId);
        return Promise.resolve(keys.find((one) => one.keyId === keyId) ?? null);
      },
    },
  } as unknown as KmsProvider;
  const nodes = [{ node: 'n1', file: '', whyNot: null, lacks: [], entries: [], uses: [{ provider: 'KMIP_KMS' as const, place: HERE, key: 'a' }] }];
  const found = [];
  for await (const { name } of nameMeanings({ provider: 'KMIP_KMS', kms, home: null, nodes, known: [], open: () => Promise.reject(new Error('asked elsewhere')), server: () => HERE, told: () => null, onFailure: () => undefined, ...more })) found.push(name);
  return { name: found[0], asked };
}

test.each([
  ['itself', [key('a', null)], 'a'],
  ['the newest', [key('a', 'b'), key('b', 'c'), key('c', null)], 'c'],
  ['the one before a replacement that is not active', [key('a', 'b'), key('b', 'c'), key('c', null, { state: 'disabled' })], 'b'],
  ['the one after a replacement that is not active', [key('a', 'b'), key('b', 'c', { state: 'disabled' }), key('c', null)], 'c'],
  ['the one before a replacement that nobody shows', [key('a', 'b'), key('b', 'c')], 'b'],
  ['the one before a key that can not wrap', [key('a', 'b'), key('b', 'c', { canWrap: false }), key('c', null)], 'a'],
  ['the newest of a circle', [key('a', 'b'), key('b', 'a')], 'b'],
])('a KMIP key wraps by %s', async (_, keys, wraps) => {
  expect((await meaning(keys)).name).toMatchObject({ key: id('a'), wrapsUnder: id(wraps) });
});

test('what was told before is not asked again', async () => {
  const keys = [key('a', 'b'), key('b', null)];
  const { name, asked } = await meaning(keys, { told: (identity) => keys.find((one) => id(one.keyId) === identity) ?? null });
  expect(name).toMatchObject({ wrapsUnder: id('b') });
  expect(asked).toEqual([]);
});

test('the server of another node is not asked which key wraps there', async () => {
  const nodes = [{ node: 'n2', file: '', whyNot: null, lacks: [], entries: [], uses: [{ provider: 'KMIP_KMS' as const, place: AWAY, key: 'a' }] }];
  const away = identify('KMIP_KMS', 'a', AWAY).id;
  expect((await meaning([key('a', 'b'), key('b', null)], { nodes })).name).toMatchObject({ key: away, wrapsUnder: away });
});
