import { expect, test } from 'vitest';
import type { StandingCensus } from '../../main/census/standing.ts';
import type { Censuses } from '../../app/services/census.ts';
import type { Cluster } from '../../app/services/cluster.ts';
import { KmsKeyActs } from '../../app/services/kms-acts.ts';
import { refusalOf } from '../../app/services/kms-act-refusals.ts';
import { stepsOf, wayBackOf } from '../../app/services/kms-act-words.ts';
import { dependentsOf, type WrappedGeneration } from '../../app/services/kms-dependents.ts';
import type { KmsKeys } from '../../app/services/kms-keys.ts';
import { nameOf } from '../../app/services/kms-names.ts';
import { roundTrip } from '../../app/services/kms-test.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { AppError } from '../../main/errors.ts';
import type { KmsProvider } from '../../main/kms/provider.ts';
import { identify } from '../../main/regions/identity.ts';

const HOME = 'arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef';
const AWAY = 'arn:aws:kms:us-east-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef';

function wrapped(description: string, keyId: string, location: string): WrappedGeneration {
  return { name: 'masterkey_key_name', description, state: 'deactivated', activatedAt: 1, deactivatedAt: 2, provider: 'AWS_KMS', keyId, key: identify('AWS_KMS', keyId).id, version: null, location };
}

test('the copies of a multi-Region key hold up the same things', () => {
  const known = [wrapped('a', HOME, 'eu-west-1'), wrapped('b', AWAY, 'us-east-1')];
  const rows = [
    { lu: 'CUSTOMER', keyDescription: 'a', instances: 3, bytes: 30 },
    { lu: 'ORDER', keyDescription: 'b', instances: 4, bytes: 40 },
    { lu: 'ORDER', keyDescription: 'other', instances: 9, bytes: 90 },
  ];
  const names = [{ node: 'n1', provider: 'AWS_KMS', region: 'eu-central-1', name: 'alias/fabric', key: identify('AWS_KMS', AWAY).id, wrapsUnder: null }] as const;
  const found = dependentsOf('AWS_KMS', identify('AWS_KMS', HOME).id, { known, notUnderstood: [], descriptions: new Set(['a', 'b', 'other']) }, names, { rows });
  expect(found).toMatchObject({ instances: 7, nodes: ['n1'], regions: ['eu-central-1', 'eu-west-1', 'us-east-1'], byLu: [{ lu: 'CUSTOMER', instances: 3 }, { lu: 'ORDER', instances: 4 }] });
  expect(found.generations.map(({ description, instances }) => [description, instances])).toEqual([['a', 3], ['b', 4]]);
});

test('each act says what happens and how to come back', () => {
  const dependents = dependentsOf('AWS_KMS', identify('AWS_KMS', HOME).id, { known: [wrapped('a', HOME, 'eu-west-1')], notUnderstood: [], descriptions: new Set(['a']) }, [], { rows: [{ lu: 'CUSTOMER', keyDescription: 'a', instances: 1200, bytes: 1 }] });
  const said = stepsOf({ act: 'disable', provider: 'AWS_KMS', name: nameOf(HOME), facts: null, dependents, days: null, able: true }).join(' ');
  expect(said).toContain('can not read 1 generation with 1,200 instances');
  expect(said).toContain('Nodes that run go on');
  for (const act of ['enable', 'disable', 'rotate', 'schedule-deletion', 'cancel-deletion'] as const) expect(wayBackOf({ act, days: 30, able: true })).toMatch(/\S/);
});

test('a KMS that answers another key does not pass the round trip', async () => {
  const liar: KmsProvider = {
    name: 'KMIP_KMS',
    acts: {},
    wrap: () => Promise.resolve({ provider: 'KMIP_KMS', keyId: 'k', keyVersion: null, location: 'host', parameters: {}, bytes: new Uint8Array(48) }),
    unwrap: () => Promise.resolve(randomSecret(32)),
    endpoints: () => [],
    close: () => undefined,
  };
  const steps = await roundTrip(() => Promise.resolve(liar), 'k', null);
  expect(steps.map(({ step, ok, failure }) => [step, ok, failure?.code])).toEqual([['open', true, undefined], ['wrap', true, undefined], ['unwrap', true, undefined], ['compare', false, 'KEY_FINGERPRINT_MISMATCH']]);
});

test('a key whose state may not be read is tried all the same; one that is not there is not', async () => {
  const made = (code: 'KMS_PERMISSION_DENIED' | 'KMS_KEY_NOT_FOUND'): KmsProvider => ({
    name: 'GCP_KMS',
    acts: { describe: () => Promise.reject(new AppError(code, 'no', 'ask')) },
    wrap: () => Promise.reject(new AppError('KMS_KEY_DISABLED', 'off', 'enable it')),
    unwrap: () => Promise.resolve(randomSecret(32)),
    endpoints: () => [],
    close: () => undefined,
  });
  const steps = async (code: Parameters<typeof made>[0]): Promise<string[]> => (await roundTrip(() => Promise.resolve(made(code)), 'k', null)).map(({ step }) => step);
  expect(await steps('KMS_PERMISSION_DENIED')).toEqual(['open', 'describe', 'wrap']);
  expect(await steps('KMS_KEY_NOT_FOUND')).toEqual(['open', 'describe']);
});

/** One key at AWS, of which `answers` tell who wraps under it, one asking after the other. */
function actsOver(census: Partial<StandingCensus>, ...answers: WrappedGeneration[][]): { acts: KmsKeyActs; ages: (number | 'renewed')[] } {
  const kms: KmsProvider = { name: 'AWS_KMS', acts: { scheduleDeletion: () => Promise.resolve(null) }, wrap: () => Promise.reject(new Error()), unwrap: () => Promise.reject(new Error()), endpoints: () => [], close: () => undefined };
  const facts = { keyId: HOME, state: 'enabled' as const, location: 'eu-west-1', note: '', createdAt: null, deletionAt: null, origin: '', materialExpiresAt: null, replacedBy: null, canWrap: true, multiRegion: true, acts: ['scheduleDeletion' as const] };
  const asked = { provider: 'AWS_KMS' as const, keyId: HOME, key: identify('AWS_KMS', HOME).id, facts, whyNot: null, aliases: null, versions: null, rotation: null };
  const standing: StandingCensus = { at: 40, since: 30, live: false, total: 0, rows: [], byNode: [], parts: [], notCovered: [], complete: true, says: [], deep: null, ...census };
  const ages: (number | 'renewed')[] = [];
  const keys = {
    inUse: () => {
      const known = answers.length > 1 ? (answers.shift() ?? []) : (answers[0] ?? []);
      return Promise.resolve({ kms, asked, inquiry: { names: [] }, wrapped: { known, notUnderstood: [], descriptions: new Set(known.map(({ description }) => description)) }, unreadNodes: [] });
    },
  };
  const censuses = { standing: () => Promise.resolve({ ...standing, at: 20, since: 10 }), renewIfOlderThan: (age: number) => Promise.resolve((ages.push(age), standing)), renewed: () => Promise.resolve((ages.push('renewed'), standing)) };
  const acts = new KmsKeyActs({ now: () => 100, db: { topology: null }, profile: { production: false } } as unknown as Cluster, censuses as unknown as Censuses, keys as unknown as KmsKeys);
  return { acts, ages };
}
const DELETE = { act: 'schedule-deletion', provider: 'AWS_KMS', keyId: HOME } as const;

test('a deletion is judged by who wraps under the key after the census was taken, not before', async () => {
  const idle = wrapped('a', HOME, 'eu-west-1');
  const { acts, ages } = actsOver({}, [idle]);
  expect((await acts.plan(DELETE)).refusal).toBeNull();
  expect(ages).toEqual([98]);
  const activated = actsOver({}, [idle], [idle, { ...wrapped('b', HOME, 'eu-west-1'), state: 'active', deactivatedAt: null }]);
  expect((await activated.acts.plan(DELETE)).refusal).toMatchObject({ code: 'KMS_KEY_IN_USE' });
  const comeAndGone = actsOver({}, [idle], [idle, { ...wrapped('b', HOME, 'eu-west-1'), deactivatedAt: 35 }]);
  expect((await comeAndGone.acts.plan(DELETE)).refusal).toMatchObject({ code: 'KMS_CENSUS_INCOMPLETE' });
});

test.each(['enable', 'disable', 'rotate', 'schedule-deletion', 'cancel-deletion'] as const)('%s: the plan tells what a census of now says, not that of before', async (act) => {
  const rows = [{ lu: 'CUSTOMER', keyDescription: 'a', instances: 3, bytes: 30 }];
  const { acts, ages } = actsOver({ rows }, [wrapped('a', HOME, 'eu-west-1')]);
  expect(await acts.plan({ ...DELETE, act })).toMatchObject({ instances: 3, byLu: [{ lu: 'CUSTOMER', instances: 3 }], census: { at: 40 } });
  expect(ages).toHaveLength(1);
});

test('a deletion is refused while an activation under the key is under way', async () => {
  const { acts } = actsOver({}, [{ ...wrapped('a', HOME, 'eu-west-1'), state: 'pre-active', activatedAt: null, deactivatedAt: null }]);
  expect((await acts.plan(DELETE)).refusal).toMatchObject({ code: 'KMS_KEY_IN_USE', message: expect.stringContaining('a') });
});

test('a deletion is refused while instances carry a key description of which nothing is known', async () => {
  const rows = [{ lu: 'CUSTOMER', keyDescription: 'lost', instances: 3, bytes: 30 }];
  expect((await actsOver({ rows }, [wrapped('a', HOME, 'eu-west-1')]).acts.plan(DELETE)).refusal).toMatchObject({ code: 'KMS_KEY_IN_USE', message: expect.stringContaining('lost') });
  expect((await actsOver({ rows }, [wrapped('a', HOME, 'eu-west-1'), { ...wrapped('lost', AWAY.replace('mrk-0', 'mrk-1'), 'us-east-1') }]).acts.plan(DELETE)).refusal).toBeNull();
});

test('a deletion is refused while a range was not counted, a node of the database is down, or a wrapping is not understood', () => {
  const kms: KmsProvider = { name: 'AWS_KMS', acts: { scheduleDeletion: () => Promise.resolve(null) }, wrap: () => Promise.reject(new Error()), unwrap: () => Promise.reject(new Error()), endpoints: () => [], close: () => undefined };
  const facts = { keyId: HOME, state: 'enabled' as const, location: 'eu-west-1', note: '', createdAt: null, deletionAt: null, origin: '', materialExpiresAt: null, replacedBy: null, canWrap: true, multiRegion: true, acts: ['scheduleDeletion' as const] };
  const asked = { provider: 'AWS_KMS' as const, keyId: HOME, key: identify('AWS_KMS', HOME).id, facts, whyNot: null, aliases: null, versions: null, rotation: null };
  const dependents = { generations: [], instances: 0, unknown: [], byLu: [], nodes: [], regions: [] };
  const refused = (notUnderstood: string[], complete: boolean, silent: string[] = []): string | undefined =>
    refusalOf({ silent, act: 'schedule-deletion', days: undefined, used: { kms, asked, inquiry: { names: [] }, wrapped: { known: [], notUnderstood, descriptions: new Set<string>() }, unreadNodes: [] }, dependents, census: { complete, notCovered: [] } })?.code;
  expect(refused([], true)).toBeUndefined();
  expect(refused([], false)).toBe('KMS_CENSUS_INCOMPLETE');
  expect(refused(['masterkey_key_name-1'], true)).toBe('KMS_KEY_IN_USE');
  expect(refused([], true, ['127.0.0.2'])).toBe('KMS_CENSUS_INCOMPLETE');
});
