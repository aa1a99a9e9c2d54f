import { expect, test } from 'vitest';
import { dependentsOf, wrappedGenerations } from '../../app/services/kms-dependents.ts';
import { KmsInquiry } from '../../app/services/kms-inquiry.ts';
import type { KmsProvider } from '../../main/kms/provider.ts';
import type { KmsRegistry } from '../../main/kms/registry.ts';
import { toStored } from '../../main/kms/stored.ts';
import type { NodePlan } from '../../main/regions/facts.ts';
import { gatherRegions } from '../../main/regions/gather.ts';
import { identify, readKmipIdentity } from '../../main/regions/identity.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';

const [A, B] = ['hsm-a.example:5696', 'hsm-b.example:5696'] as const;
const NODES: NodePlan[] = [A, B].map((server) => ({ node: server, file: server, whyNot: null, lacks: [], uses: [{ provider: 'KMIP_KMS', place: server, key: '1' }] }));

/** A server with one key, "1", that tells which server it is. */
function serverAt(location: string): KmsProvider {
  const facts = { keyId: '1', state: 'enabled' as const, location, note: `of ${location}`, createdAt: null, deletionAt: null, origin: '', materialExpiresAt: null, replacedBy: null, canWrap: true, multiRegion: false, acts: ['disable' as const] };
  return { name: 'KMIP_KMS', acts: { describe: () => Promise.resolve(facts) }, wrap: () => Promise.reject(new Error()), unwrap: () => Promise.reject(new Error()), endpoints: () => [], close: () => undefined };
}

const open = (_: string, place: string): Promise<KmsProvider> => Promise.resolve(serverAt(place));

/** A generation under key "1" of each server. */
async function wrapped(): ReturnType<typeof wrappedGenerations> {
  const records = [A, B].map((location, index) => ({
    name: 'masterkey_key_name',
    description: `at-${location}`,
    createdAt: index,
    wrapping: toStored({ provider: 'KMIP_KMS', keyId: '1', keyVersion: null, location, parameters: {} }),
  }));
  return wrappedGenerations({ keys: { list: () => Promise.resolve(records), activations: () => Promise.resolve([]) } } as unknown as Pick<SystemDb, 'keys'>);
}

test('an identifier at two KMIP servers is two keys; a multi-Region key is one everywhere', () => {
  expect(identify('KMIP_KMS', '1', A).id).not.toBe(identify('KMIP_KMS', '1', B).id);
  expect(readKmipIdentity(identify('KMIP_KMS', 'a/b', A).id)).toEqual({ server: A, keyId: 'a/b' });
  const copy = (region: string): string => identify('AWS_KMS', `arn:aws:kms:${region}:111122223333:key/mrk-0123456789abcdef0123456789abcdef`, region).id;
  expect(copy('eu-west-1')).toBe(copy('us-east-1'));
});

test('each server’s key has its own dependents, its own row and its own answer', async () => {
  const generations = await wrapped();
  expect(generations.notUnderstood).toEqual([]);
  const registry = { configured: ['KMIP_KMS'], target: () => ({ provider: 'KMIP_KMS', keyId: '1', location: `kmip://${A}` }), provider: () => open('KMIP_KMS', A), endpoints: () => [], close: () => undefined } as unknown as KmsRegistry;
  const inquiry = new KmsInquiry({ registry, nodes: NODES.map((node) => ({ ...node, entries: [] })), generations: generations.known, open });
  await inquiry.run();
  expect([...inquiry.keys.values()].map(({ key, facts }) => [key, facts?.note]).toSorted()).toEqual([[identify('KMIP_KMS', '1', A).id, `of ${A}`], [identify('KMIP_KMS', '1', B).id, `of ${B}`]]);
  const rows = [A, B].map((server, index) => ({ lu: 'CUSTOMER', keyDescription: `at-${server}`, instances: index + 3, bytes: 1 }));
  for (const [index, server] of [A, B].entries()) {
    const found = dependentsOf('KMIP_KMS', identify('KMIP_KMS', '1', server).id, generations, inquiry.names, { rows });
    expect(found).toMatchObject({ generations: [{ description: `at-${server}` }], instances: index + 3, nodes: [server], regions: [server] });
  }
});

test('an identifier whose server nobody knows counts for every server', async () => {
  const generations = await wrapped();
  expect(dependentsOf('KMIP_KMS', '1', generations, [], { rows: [] }).generations).toHaveLength(2);
  const names = [{ node: 'n', provider: 'KMIP_KMS', region: null, name: '1', key: '1', wrapsUnder: '1' }] as const;
  expect(dependentsOf('KMIP_KMS', identify('KMIP_KMS', '1', B).id, generations, names, { rows: [] })).toMatchObject({ nodes: ['n'], generations: [{ description: `at-${B}` }] });
});

test('the audit of the regions tells them apart', async () => {
  const generations = (await wrapped()).known.map(({ name, description, provider, keyId, version, location }) => ({ name, description, active: false, provider, keyId, version, place: location }));
  const { keys, generations: known } = await gatherRegions({ nodes: NODES, generations, open });
  expect(keys.map(({ id, copies }) => [id, copies.map(({ place }) => place)])).toEqual([[identify('KMIP_KMS', '1', A).id, [A]], [identify('KMIP_KMS', '1', B).id, [B]]]);
  expect(known.map(({ key }) => key)).toEqual(keys.map(({ id }) => id));
});
