import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KmsActName } from '../../../app/contract/kms.ts';
import type { KmsActRequest } from '../../../app/services/kms-acts.ts';
import type { Services } from '../../../app/services.ts';
import { codeOf } from '../../conformance/kms-subject.ts';
import { createKey, LOCATION } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { gcpSection, line, LU, Node } from './node.ts';

/** Every act on Google's keys through the services: what depends on the key first, consent, the trail, and what the KMS says then. */

const DAY = 86_400_000;
const CHANGING = ['UpdateCryptoKeyVersion', 'DestroyCryptoKeyVersion', 'RestoreCryptoKeyVersion', 'CreateCryptoKeyVersion', 'UpdateCryptoKeyPrimaryVersion'];

const node = new Node();
let gcp: GcpPeer;
let services: Services;
/** Of two generations, under a version each, which were taken over; of the active one. */
let old: string;
let current: string;

const request = (act: KmsActName, keyId = old): KmsActRequest => ({ act, provider: 'GCP_KMS', keyId });
const plan = (act: KmsActName, keyId = old) => services.kmsActs.plan(request(act, keyId));
const run = (act: KmsActName, keyId = old, confirm = 'fabric') => services.kmsActs.run(request(act, keyId), confirm);
const states = (keyId: string): string[] => (gcp.model.answer('ListCryptoKeyVersions', { parent: keyId, pageToken: '' }).cryptoKeyVersions as { state: string }[]).map(({ state }) => state);
const changes = (): string[] => gcp.asked.map(({ operation }) => operation).filter((operation) => CHANGING.includes(operation));

async function told(act: KmsActName): Promise<{ outcome: string; object: string; context: Record<string, unknown> }[]> {
  const { records } = await services.auditList({ act: `kms.${act}`, limit: 2 });
  return records.map(({ outcome, object, context }) => ({ outcome, object, context: JSON.parse(context) as Record<string, unknown> }));
}

async function readable(): Promise<string[]> {
  const ids = ['first', 'second', 'third', 'active'];
  const codes = await Promise.all(ids.map((id) => codeOf(services.cluster.instances.read(LU, id))));
  return ids.filter((_, index) => codes[index] === null);
}

beforeAll(async () => {
  gcp = await startGcpPeer();
  old = createKey(gcp);
  current = createKey(gcp);
  await node.make({ gcp: { endpoint: gcp.endpoint } });
  node.configure(gcpSection(old));
  services = await node.restart();
  await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  await services.activation.run(line('GCP_KMS'), null);
  await node.save('first');
  await node.save('second');
});

afterAll(async () => {
  await node.remove();
  await gcp?.stop();
});

beforeEach(() => gcp.set());

describe('a rotation', () => {
  it('says that nothing is lost, is done, and is in the trail; what was wrapped before opens in a new process', async () => {
    expect(await plan('rotate')).toMatchObject({ refusal: null, confirm: null, generations: [{ state: 'active', version: '1', instances: 2 }], instances: 2, nodes: ['node-1'], regions: [LOCATION], warnings: [] });
    expect(await run('rotate', old, '')).toEqual({ state: 'enabled', deletionAt: null });
    expect(changes()).toEqual(['CreateCryptoKeyVersion', 'UpdateCryptoKeyPrimaryVersion']);
    expect((await services.kmsKeys.key('GCP_KMS', old)).versionList).toMatchObject([{ version: '2', current: true }, { version: '1', current: false }]);
    expect(await told('rotate')).toMatchObject([
      { outcome: 'done', object: old, context: { state: 'enabled' } },
      { outcome: 'started', object: old, context: { provider: 'GCP_KMS', generations: 1, instances: 2, nodes: 'node-1', regions: LOCATION } },
    ]);
    services = await node.restart();
    await services.activation.run(line('GCP_KMS'), null);
    await node.save('third');
    expect((await services.kmsKeys.key('GCP_KMS', old)).wraps.map(({ version, instances }) => [version, instances]).toSorted()).toEqual([['1', 2], ['2', 1]]);
  });

  it('is not asked for where the key is not enabled', async () => {
    const spare = createKey(gcp);
    await run('disable', spare);
    expect((await plan('rotate', spare)).refusal).toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    gcp.set();
    await expect(run('rotate', spare, '')).rejects.toMatchObject({ code: 'KMS_ACT_UNSUPPORTED', details: { state: 'disabled' } });
    expect(changes()).toEqual([]);
  });
});

describe('a deletion', () => {
  it('is refused while the census shows dependents, says which, and no version is touched', async () => {
    node.configure(gcpSection(current));
    await services.activation.run(line('GCP_KMS'), null);
    await node.save('active');
    const refused = await plan('schedule-deletion');
    expect(refused).toMatchObject({ refusal: { code: 'KMS_KEY_IN_USE', details: { instances: 3 } }, instances: 3, byLu: [{ lu: LU, instances: 3 }], nodes: [], regions: [LOCATION], days: 30, confirm: { text: 'fabric' } });
    expect(refused.generations.map(({ state, version }) => [state, version]).toSorted()).toEqual([['deactivated', '1'], ['deactivated', '2']]);
    gcp.set();
    await expect(run('schedule-deletion')).rejects.toMatchObject({ code: 'KMS_KEY_IN_USE' });
    expect(changes()).toEqual([]);
    expect(await told('schedule-deletion')).toMatchObject([{ outcome: 'refused', object: old, context: { code: 'KMS_KEY_IN_USE' } }, { outcome: 'started', context: { generations: 2, instances: 3, regions: LOCATION } }]);
    expect((await plan('schedule-deletion', current)).refusal).toMatchObject({ code: 'KMS_KEY_IN_USE', message: expect.stringContaining('active generation of masterkey_key_name') });
  });
});

describe('a key that is disabled', () => {
  it('is not without its name typed', async () => {
    for (const confirm of ['', 'Fabric', old]) await expect(run('disable', old, confirm)).rejects.toMatchObject({ code: 'CONFIRMATION_MISMATCH' });
    expect(changes()).toEqual([]);
    expect(await told('disable')).toMatchObject([{ outcome: 'refused', context: { code: 'CONFIRMATION_MISMATCH' } }, { outcome: 'started' }]);
  });

  it('is so with each of its versions: a node that starts then reads nothing under any of them, one that runs reads on', async () => {
    expect(await plan('disable')).toMatchObject({ refusal: null, instances: 3, steps: expect.arrayContaining([expect.stringContaining('can not read 2 generations with 3 instances')]), wayBack: expect.stringContaining('Enable it again') });
    expect(await run('disable')).toEqual({ state: 'disabled', deletionAt: null });
    expect(states(old)).toEqual(['DISABLED', 'DISABLED']);
    expect(await told('disable')).toMatchObject([{ outcome: 'done', object: old, context: { state: 'disabled' } }, { outcome: 'started', context: { generations: 2, instances: 3 } }]);
    expect(await readable()).toEqual(['first', 'second', 'third', 'active']);
    await services.kmsWatch.look();
    expect((await services.kmsKeys.overview(true)).providers[0]).toMatchObject({ answers: 'yes', lostAtRestart: { generations: 2, instances: 3 } });
    services = await node.restart();
    expect(await readable()).toEqual(['active']);
  });

  it('is given up no more easily than one that is enabled', async () => {
    await expect(run('schedule-deletion')).rejects.toMatchObject({ code: 'KMS_KEY_IN_USE', details: { instances: 3 } });
  });

  it('comes back with all its versions, and all can be read', async () => {
    expect(await plan('enable')).toMatchObject({ refusal: null, confirm: null });
    expect(await run('enable', old, '')).toEqual({ state: 'enabled', deletionAt: null });
    expect(states(old)).toEqual(['ENABLED', 'ENABLED']);
    services = await node.restart();
    expect(await readable()).toEqual(['first', 'second', 'third', 'active']);
    expect(await told('enable')).toMatchObject([{ outcome: 'done', context: { state: 'enabled' } }, { outcome: 'started' }]);
  });
});

describe('a key that nothing needs any more', () => {
  it('is deleted after the window of thirty days, with each of its versions, once a rekey moved what was under it', async () => {
    const campaign = await services.rekeys.begin({});
    await expect.poll(async () => (await services.rekeys.get(campaign)).state, { timeout: 30_000 }).toBe('done');
    expect(await plan('schedule-deletion')).toMatchObject({ refusal: null, instances: 0, days: 30, warnings: [expect.stringContaining('2 generations without instances')], wayBack: expect.stringContaining('30 days') });
    await expect(run('schedule-deletion', old, 'yes')).rejects.toMatchObject({ code: 'CONFIRMATION_MISMATCH' });
    expect(states(old)).toEqual(['ENABLED', 'ENABLED']);
    const { state, deletionAt } = await run('schedule-deletion');
    expect(state).toBe('pending-deletion');
    expect(Math.abs((deletionAt ?? 0) - Date.now() - 30 * DAY)).toBeLessThan(DAY);
    expect(states(old)).toEqual(['DESTROY_SCHEDULED', 'DESTROY_SCHEDULED']);
    expect(await told('schedule-deletion')).toMatchObject([{ outcome: 'done', context: { state: 'pending-deletion', deletionAt } }, { outcome: 'started', context: { instances: 0 } }]);
    services = await node.restart();
    expect(await readable()).toEqual(['first', 'second', 'third', 'active']);
  });

  it('is called back disabled, then enabled', async () => {
    expect((await plan('enable')).refusal).toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    expect(await run('cancel-deletion', old, '')).toEqual({ state: 'disabled', deletionAt: null });
    expect(await told('cancel-deletion')).toMatchObject([{ outcome: 'done', context: { state: 'disabled' } }, { outcome: 'started' }]);
    expect((await plan('cancel-deletion')).refusal).toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    expect(await run('enable', old, '')).toMatchObject({ state: 'enabled' });
    expect(states(old)).toEqual(['ENABLED', 'ENABLED']);
  });

  it('once destroyed, can neither be called back nor enabled', async () => {
    await run('schedule-deletion');
    gcp.model.advance(31 * DAY);
    for (const act of ['cancel-deletion', 'enable', 'disable', 'rotate', 'schedule-deletion'] as const) expect((await plan(act)).refusal).toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    expect(await services.kmsKeys.key('GCP_KMS', old)).toMatchObject({ state: 'unavailable', acts: [], deletionAt: null });
  });
});

it.each([
  ['disable', 'cloudkms.cryptoKeyVersions.update'],
  ['rotate', 'cloudkms.cryptoKeyVersions.create'],
  ['schedule-deletion', 'cloudkms.cryptoKeyVersions.destroy'],
] as const)('%s that Google does not permit says which permission is missing, and is told as failed', async (act, permission) => {
  const spare = createKey(gcp);
  gcp.model.denied.add(permission);
  try {
    await expect(run(act, spare)).rejects.toMatchObject({ code: 'KMS_PERMISSION_DENIED', message: expect.stringContaining(permission) });
  } finally {
    gcp.model.denied.delete(permission);
  }
  expect(states(spare)).toEqual(['ENABLED']);
  expect(await told(act)).toMatchObject([{ outcome: 'failed', object: spare, context: { code: 'KMS_PERMISSION_DENIED' } }, { outcome: 'started' }]);
});
