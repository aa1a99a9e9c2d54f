import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Profiles } from '../../app/profiles.ts';
import type { Censuses } from '../../app/services/census.ts';
import type { Cluster } from '../../app/services/cluster.ts';
import { KmsKeys } from '../../app/services/kms-keys.ts';
import type { KmsWatch } from '../../app/services/kms-watch.ts';
import type { KmsWrapping } from '../../main/kms/provider.ts';
import { toStored } from '../../main/kms/stored.ts';

const RING = 'projects/p/locations/europe-west3/keyRings';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fkc-kms-find-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A node with that config.ini, and one generation under each of the keys. */
function keysOver(ini: readonly string[], ...wrapped: Pick<KmsWrapping, 'provider' | 'keyId' | 'location'>[]): KmsKeys {
  const configIni = join(folder, 'config.ini');
  writeFileSync(configIni, `${ini.join('\n')}\n`, { mode: 0o600 });
  const records = wrapped.map((key, index) => ({ name: 'masterkey_key_name', description: `g${index}`, createdAt: index, wrapping: toStored({ ...key, keyVersion: null, parameters: {} }) }));
  const registry = { configured: [], target: () => null, endpoints: () => [], close: () => undefined, provider: (name: string) => Promise.resolve({ name, acts: { describe: () => Promise.reject(new Error('was asked')) } }) };
  const db = { keys: { list: () => Promise.resolve(records), activations: () => Promise.resolve([]) } };
  const profile = { name: 'mine', nodes: [{ name: 'n1', configIni }], kms: { gcp: { endpoint: null }, kmip: null } };
  const cluster = { refreshKms: () => Promise.resolve(), db, kms: { registry }, profile };
  return new KmsKeys(cluster as unknown as Cluster, {} as Censuses, {} as KmsWatch, { get: () => Promise.resolve(profile) } as unknown as Profiles);
}

function gcpIni(ring: string, key = 'fabric'): string[] {
  return ['[encryption_gcp_kms]', 'PROJECT_ID=p', 'LOCATION_ID=europe-west3', `KEY_RING_ID=${ring}`, `KEY_ID=${key}`];
}

const OLD = { provider: 'GCP_KMS', keyId: `${RING}/old/cryptoKeys/fabric`, location: 'europe-west3' } as const;

test('a short name that a configured key of another ring has too means two keys', async () => {
  const keys = keysOver(gcpIni('new'), OLD);
  await expect(keys.find('fabric')).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { keys: [OLD.keyId, `${RING}/new/cryptoKeys/fabric`] } });
  await expect(keys.find('fabric', 'GCP_KMS')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  expect(await keys.find(OLD.keyId)).toEqual({ provider: 'GCP_KMS', keyId: OLD.keyId });
});

test('likewise where the project comes from the surroundings', async () => {
  const ini = gcpIni('new').map((line) => (line.startsWith('PROJECT_ID') ? 'PROJECT_ID=${PROJECT}' : line));
  await expect(keysOver(ini, OLD).find('fabric')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('a short name that is configured and has generations is one key', async () => {
  expect(await keysOver(gcpIni('old'), OLD).find('fabric')).toEqual({ provider: 'GCP_KMS', keyId: OLD.keyId });
  expect(await keysOver(gcpIni('new', 'another'), OLD).find('fabric')).toEqual({ provider: 'GCP_KMS', keyId: OLD.keyId });
});

test('an identifier of two KMIP servers means two keys, and one of another server is not acted on here', async () => {
  const [home, away] = ['hsm-a.example:5696', 'hsm-b.example:5696'];
  const keys = keysOver(['[encryption_kmip_kms]', `BASE_URL_TEMPLATE=kmip://${home}`, 'KEY_ID=1'], { provider: 'KMIP_KMS', keyId: '1', location: away });
  await expect(keys.find('1')).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { keys: [`kmip://${away}/1`, `kmip://${home}/1`] } });
  expect(await keys.find(`kmip://${away}/1`)).toEqual({ provider: 'KMIP_KMS', keyId: `kmip://${away}/1` });
  await expect(keys.inUse('KMIP_KMS', `kmip://${away}/1`, 'state')).rejects.toMatchObject({ code: 'KMS_REGION_WRONG' });
});
