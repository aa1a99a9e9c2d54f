import { describe, expect, it } from 'vitest';
import type { StandingCensus } from '../../main/census/standing.ts';
import type { ConfigEntry } from '../../main/config/parse.ts';
import type { Generation } from '../../main/masterkey/generations.ts';
import { isAppError } from '../../main/errors.ts';
import { identify } from '../../main/regions/identity.ts';
import { dependentsOf, keyIdentity, keysInUse } from '../../app/services/kms-replace-dependents.ts';
import { namesOf, type NamesInput } from '../../app/services/kms-replace-names.ts';
import { placeOf, settingsFor, valuesAfter } from '../../app/services/kms-replace-settings.ts';
import type { ReadNode } from '../../app/services/region-places.ts';

const ARN = (region: string, id: string): string => `arn:aws:kms:${region}:111122223333:key/${id}`;
const MRK = 'mrk-0123456789abcdef0123456789abcdef';
const OLD = ARN('eu-west-1', '00000000-0000-4000-8000-000000000001');
const GCP = 'projects/fabric-tests/locations/europe-west3/keyRings/ring/cryptoKeys/fabric';

function generation(name: string, state: Generation['state'], wrapping: Record<string, string>, description = `${name}-${state}`): Generation {
  return { name, description, generator: 'Java_AES', store: 'Stripe_AES', fingerprint: 'a1b2', stripes: 16, wrapping, createdAt: 1, actor: 'tests', reason: null, state, activatedAt: 1, deactivatedAt: null };
}

const byAws = (keyId: string, location = 'eu-west-1'): Record<string, string> => ({ kind: 'kms', provider: 'AWS_KMS', keyId, location });
const INTERNAL = { kind: 'internal', keyId: 'x' };
const census = { at: 1, complete: true, live: true, rows: [{ lu: 'CUSTOMER', keyDescription: 'masterkey_key_name-active', instances: 5, bytes: 9 }, { lu: 'ORDER', keyDescription: 'masterkey_key_name-deactivated', instances: 2, bytes: 9 }] } as unknown as StandingCensus;

const code = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
  return 'none';
};

function names(generations: readonly Generation[], more: Partial<NamesInput> = {}): Record<string, string> {
  const input: NamesInput = { known: ['masterkey_key_name', 'k2_hash_key', 'tenant'], generations, target: { provider: 'AWS_KMS', keyId: 'alias/new', location: null }, newKeys: new Set(), stripes: 200, census, unreadable: new Set(), also: [], leave: [], ...more };
  return Object.fromEntries(namesOf(input).names.map(({ name, then }) => [name, then]));
}

describe('which master keys are activated', () => {
  it('masterkey_key_name, and what the same provider wraps', () => {
    const generations = [generation('masterkey_key_name', 'active', INTERNAL), generation('k2_hash_key', 'active', INTERNAL), generation('tenant', 'active', byAws(OLD))];
    expect(names(generations)).toEqual({ masterkey_key_name: 'activate', k2_hash_key: 'stays', tenant: 'activate' });
  });

  it('what is under the key that masterkey_key_name leaves for another provider', () => {
    const generations = [generation('masterkey_key_name', 'active', byAws(OLD)), generation('k2_hash_key', 'active', byAws(OLD)), generation('tenant', 'active', byAws(ARN('eu-west-1', '00000000-0000-4000-8000-000000000002')))];
    expect(names(generations, { target: { provider: 'GCP_KMS', keyId: GCP, location: null } })).toEqual({ masterkey_key_name: 'activate', k2_hash_key: 'activate', tenant: 'stays' });
  });

  it('none that is under the new key already, a multi-Region key in any Region', () => {
    const generations = [generation('masterkey_key_name', 'active', byAws(ARN('eu-west-1', MRK))), generation('k2_hash_key', 'active', byAws(OLD))];
    const newKeys = new Set([keyIdentity('AWS_KMS', ARN('us-east-1', MRK), 'us-east-1')]);
    expect(names(generations, { newKeys })).toEqual({ masterkey_key_name: 'already', k2_hash_key: 'activate', tenant: 'stays' });
  });

  it('also or not what was asked for', () => {
    const generations = [generation('masterkey_key_name', 'active', byAws(OLD)), generation('k2_hash_key', 'active', byAws(OLD))];
    expect(names(generations, { also: ['tenant'], leave: ['k2_hash_key'] })).toEqual({ masterkey_key_name: 'activate', k2_hash_key: 'stays', tenant: 'activate' });
    expect(code(() => names(generations, { also: ['tenant'], leave: ['tenant'] }))).toBe('INPUT_INVALID');
    expect(code(() => names(generations, { leave: ['nobody'] }))).toBe('KEY_NAME_UNKNOWN');
  });

  it('no name that the profile does not know, and says so', () => {
    const generations = [generation('masterkey_key_name', 'active', byAws(OLD)), generation('elsewhere', 'active', byAws(OLD))];
    const { names: all } = namesOf({ known: ['masterkey_key_name'], generations, target: { provider: 'AWS_KMS', keyId: 'alias/new', location: null }, newKeys: new Set(), stripes: 200, census, unreadable: new Set(), also: [], leave: [] });
    expect(all.at(-1)).toMatchObject({ name: 'elsewhere', then: 'stays', warnings: [expect.stringContaining('elsewhere')] });
  });
});

describe('what depends on a key', () => {
  it('counts generations and instances by LU, whatever Region wrapped them', () => {
    const generations = [
      generation('masterkey_key_name', 'deactivated', byAws(ARN('us-east-1', MRK), 'us-east-1')),
      generation('masterkey_key_name', 'active', byAws(ARN('eu-west-1', MRK))),
      generation('k2_hash_key', 'active', INTERNAL),
      generation('tenant', 'active', { kind: 'kms', provider: 'nobody' }),
    ];
    const keys = keysInUse(generations);
    const named = { provider: 'AWS_KMS', name: MRK, wrapsUnder: null } as const;
    const names = [
      { ...named, node: 'n1', region: 'ap-south-1', key: identify('AWS_KMS', ARN('eu-west-1', MRK)).id },
      { ...named, node: 'n2', region: 'eu-north-1', key: null },
      { ...named, node: 'n3', region: 'eu-north-1', key: OLD },
    ];
    expect(dependentsOf(keys, census, names, new Set([keys[0]?.id ?? '']))).toEqual([
      { provider: 'AWS_KMS', keyId: ARN('eu-west-1', MRK), location: 'eu-west-1', replaced: true, generations: 2, activeNames: ['masterkey_key_name'], instances: 7, nodes: ['n1'], regions: ['ap-south-1', 'eu-west-1', 'us-east-1'], lus: [{ lu: 'CUSTOMER', instances: 5 }, { lu: 'ORDER', instances: 2 }] },
    ]);
  });

  it('tells KMIP identifiers of two servers apart', () => {
    expect(keyIdentity('KMIP_KMS', '1', 'a:5696')).not.toBe(keyIdentity('KMIP_KMS', '1', 'b:5696'));
  });
});

describe('what config.ini has to say', () => {
  const set = (...args: Parameters<typeof settingsFor>): string[] => settingsFor(...args).map(({ key, value, nodes }) => `${key}=${value}${nodes === undefined ? '' : ` on ${nodes.join(',')}`}`);

  it('each provider in its own parameters', () => {
    expect(set({ provider: 'AWS_KMS', keyId: 'alias/new', region: null }, ['a'], [])).toEqual(['CUSTOMER_KEY_ID=alias/new']);
    expect(set({ provider: 'AWS_KMS', keyId: MRK, region: 'eu-west-1' }, ['a', 'b'], ['b'])).toEqual(['REGION=eu-west-1 on a', `CUSTOMER_KEY_ID=${MRK}`]);
    expect(set({ provider: 'AWS_KMS', keyId: MRK, region: 'eu-west-1' }, ['a'], ['a'])).toEqual([`CUSTOMER_KEY_ID=${MRK}`]);
    expect(set({ provider: 'GCP_KMS', keyId: 'fabric', region: 'global' }, ['a'], [])).toEqual(['LOCATION_ID=global', 'KEY_ID=fabric']);
    expect(set({ provider: 'GCP_KMS', keyId: GCP, region: null }, ['a'], [])).toEqual(['PROJECT_ID=fabric-tests', 'LOCATION_ID=europe-west3', 'KEY_RING_ID=ring', 'KEY_ID=fabric']);
    expect(set({ provider: 'KMIP_KMS', keyId: '7', region: 'kms:5696' }, ['a'], [])).toEqual(['BASE_URL_TEMPLATE=kmip://kms:5696', 'KEY_ID=7']);
    expect(code(() => settingsFor({ provider: 'GCP_KMS', keyId: GCP, region: 'global' }, ['a'], []))).toBe('INPUT_INVALID');
  });

  it('a node is asked for with its own region and this machine’s credentials', () => {
    const node = (name: string, region: string, secret: string): ReadNode => ({ node: name, file: '', uses: [], lacks: [], whyNot: null, entries: Object.entries({ REGION: region, ACCESS_KEY_ID: secret }).map(([key, value]): ConfigEntry => ({ section: 'encryption_aws_kms', key, value, line: 1 })) });
    const [here, there] = [node('a', 'eu-west-1', '${HERE}'), node('b', 'us-east-1', '${THERE}')];
    const settings = settingsFor({ provider: 'AWS_KMS', keyId: MRK, region: null }, ['a', 'b'], []);
    const values = valuesAfter(there, here, 'AWS_KMS', settings, { HERE: 'mine' });
    const read = (key: string): string => values.resolved('encryption_aws_kms', key);
    expect([read('REGION'), read('ACCESS_KEY_ID'), read('CUSTOMER_KEY_ID')]).toEqual(['us-east-1', 'mine', MRK]);
    expect(placeOf(values, 'AWS_KMS')).not.toBe(placeOf(valuesAfter(here, here, 'AWS_KMS', settings, { HERE: 'mine' }), 'AWS_KMS'));
  });
});
