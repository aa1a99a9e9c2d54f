import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KmsActName } from '../../../app/contract/kms.ts';
import type { KmsActRequest } from '../../../app/services/kms-acts.ts';
import { addNode } from '../../../app/services/profile-nodes.ts';
import type { Services } from '../../../app/services.ts';
import { isAppError } from '../../../main/errors.ts';
import { STATE } from '../../../main/kms/kmip/enumerations.ts';
import { getAttributes } from '../../../main/kms/kmip/operations/get-attributes.ts';
import { revoke } from '../../../main/kms/kmip/operations/revoke.ts';
import { TAG } from '../../../main/kms/kmip/tags.ts';
import { enumeration } from '../../../main/kms/kmip/ttlv/item.ts';
import { codeOf, failureOf } from '../../conformance/kms-subject.ts';
import { type FaultProxy, startFaultProxy, withField } from '../kmip/fault-proxy.ts';
import { createKey, withServer } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer, startPyKmip } from '../kmip/servers.ts';
import { kmipSection, line, LU, Node } from './node.ts';

/** Every act on a KMIP key through the services. KMIP has few of them: the others are refused, and nothing is sent that can not be undone. */

const pki = makePki();
let python: KmipPeer;
let go: KmipPeer;
let proxy: FaultProxy;
let node: Node;
let services: Services;
let key: string;
/** Where the node asks. */
let port: number;

const request = (act: KmsActName, keyId = key): KmsActRequest => ({ act, provider: 'KMIP_KMS', keyId });
const plan = (act: KmsActName, keyId = key) => services.kmsActs.plan(request(act, keyId));
const run = (act: KmsActName, keyId = key, confirm = keyId) => services.kmsActs.run(request(act, keyId), confirm);
const stateOf = (keyId: string): Promise<string | undefined> => withServer(pki, port, async (server) => (await server.ask(getAttributes, { uniqueIdentifier: keyId, keys: ['state'] })).state);
const generations = async () => (await services.cluster.db.keys.list()).flatMap(({ wrapping }) => (wrapping['provider'] === 'KMIP_KMS' ? [wrapping['keyId']] : []));

async function told(act: KmsActName): Promise<{ outcome: string; object: string; context: Record<string, unknown> }[]> {
  const { records } = await services.auditList({ act: `kms.${act}`, limit: 2 });
  return records.map(({ outcome, object, context }) => ({ outcome, object, context: JSON.parse(context) as Record<string, unknown> }));
}

/** A live node whose master key is under a new key of that server, with one instance under it. */
async function live(at: number, asked = at): Promise<void> {
  port = at;
  key = await createKey(pki, port);
  node = new Node();
  await node.make({ kmip: { ca: pki.authority.ca, cert: pki.alice.cert, key: pki.alice.key } });
  node.configure(kmipSection(asked, key));
  services = await node.restart();
  await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  await services.activation.run(line('KMIP_KMS'), null);
  await node.save('one');
}

beforeAll(async () => {
  [python, go] = await Promise.all([startPyKmip(pki), startGoPeer(pki)]);
  proxy = await startFaultProxy(pki, go.port);
});

afterAll(async () => {
  await proxy?.stop();
  for (const peer of [python, go]) await peer?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

afterEach(async () => {
  proxy.set();
  await node.remove();
});

describe.each([
  ['PyKMIP', () => python],
  ['kmip-go', () => go],
] as const)('at %s', (_, peer) => {
  beforeEach(() => live(peer().port));

  it.each(['disable', 'schedule-deletion', 'cancel-deletion'] as const)('%s is refused as what KMIP has not, with what depends on the key; the key stays as it is', async (act) => {
    expect(await plan(act)).toMatchObject({
      steps: [`Nothing: KMIP_KMS has no "${act}"`],
      days: null,
      refusal: { code: 'KMS_ACT_UNSUPPORTED', details: { act } },
      state: 'enabled',
      generations: [{ state: 'active', instances: 1, location: `127.0.0.1:${port}` }],
      instances: 1,
      byLu: [{ lu: LU, instances: 1 }],
      nodes: ['node-1'],
      regions: [`127.0.0.1:${port}`],
      census: { complete: true },
    });
    await expect(run(act)).rejects.toMatchObject({ code: 'KMS_ACT_UNSUPPORTED', details: { act } });
    expect(await told(act)).toMatchObject([{ outcome: 'refused', object: key, context: { code: 'KMS_ACT_UNSUPPORTED' } }, { outcome: 'started', context: { provider: 'KMIP_KMS', instances: 1, nodes: 'node-1' } }]);
    expect(await stateOf(key)).toBe('Active');
    services = await node.restart();
    expect(await codeOf(services.cluster.instances.read(LU, 'one'))).toBeNull();
  });

  it('enable is Activate: a key that is not active yet wraps after it, once', async () => {
    const coming = await createKey(pki, port, { active: false });
    node.configure(kmipSection(port, coming));
    await expect(services.activation.run(line('KMIP_KMS'), null)).rejects.toMatchObject({ code: 'KMS_KEY_DISABLED' });
    expect(await plan('enable', coming)).toMatchObject({ refusal: null, state: 'disabled', confirm: null, nodes: ['node-1'], generations: [] });
    expect(await run('enable', coming, '')).toEqual({ state: 'enabled', deletionAt: null });
    expect(await told('enable')).toMatchObject([{ outcome: 'done', object: coming, context: { state: 'enabled' } }, { outcome: 'started' }]);
    expect(await stateOf(coming)).toBe('Active');
    await services.activation.run(line('KMIP_KMS'), null);
    expect(await generations()).toEqual([key, coming]);
    await expect(run('enable', coming, '')).rejects.toMatchObject({ code: 'KMS_ACT_UNSUPPORTED', details: { state: 'enabled' } });
  });

  it('a key that its server revoked allows nothing, and what a restart would lose is told', async () => {
    await withServer(pki, port, (server) => server.ask(revoke, { uniqueIdentifier: key, reason: 'CessationOfOperation' }, { repeatable: false }));
    await services.kmsWatch.look();
    const { providers, keys } = await services.kmsKeys.overview(true);
    expect(providers).toMatchObject([{ provider: 'KMIP_KMS', answers: 'yes', lostAtRestart: { generations: 1, instances: 1 } }]);
    expect(keys.find(({ keyId }) => keyId === key)).toMatchObject({ state: 'unavailable', acts: [], instances: 1, configured: true });
    for (const act of ['enable', 'disable', 'rotate', 'schedule-deletion', 'cancel-deletion'] as const) expect((await plan(act)).refusal).toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    expect((await services.kmsKeys.key('KMIP_KMS', key)).failing).toMatchObject({ failure: { code: 'KMS_KEY_UNAVAILABLE' } });
    expect(await codeOf(services.cluster.instances.read(LU, 'one'))).toBeNull();
    services = await node.restart();
    expect(await codeOf(services.cluster.instances.read(LU, 'one'))).not.toBeNull();
  });
});

describe('a rotation', () => {
  it('is refused at PyKMIP, which has no Re-key', async () => {
    await live(python.port);
    expect((await plan('rotate')).refusal).toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    await expect(run('rotate', key, '')).rejects.toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    expect(await told('rotate')).toMatchObject([{ outcome: 'refused' }, { outcome: 'started' }]);
  });

  it('at kmip-go puts a new key in the place of the old one, which goes on opening', async () => {
    await live(go.port);
    const planned = await plan('rotate');
    expect(planned).toMatchObject({ refusal: null, confirm: null, instances: 1, nodes: ['node-1'] });
    expect(planned.steps.join(' ')).toContain('KEY_ID need not be changed');
    expect(await run('rotate', key, '')).toEqual({ state: 'enabled', deletionAt: null });
    expect(await told('rotate')).toMatchObject([{ outcome: 'done', object: key, context: { state: 'enabled' } }, { outcome: 'started' }]);
    expect(await stateOf(key)).toBe('Active');
    await services.activation.run(line('KMIP_KMS'), null);
    await node.save('two');
    const [, replacement = ''] = await generations();
    expect(replacement).not.toBe(key);
    // config.ini names the old one, and so means the new one for what is activated from now on.
    const shown = await Promise.all([key, replacement].map((each) => services.kmsKeys.key('KMIP_KMS', each)));
    expect(shown).toMatchObject([{ replacedBy: replacement, configured: true, nodes: ['node-1'] }, { replacedBy: null, configured: false, nodes: ['node-1'] }]);
    expect((await services.kmsKeys.overview(true)).keys.filter(({ nodes }) => nodes.includes('node-1')).map(({ keyId }) => keyId).toSorted()).toEqual([key, replacement].toSorted());
    // The old one was rotated; the new one is rotated next.
    expect((await plan('rotate')).refusal).toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    expect(await plan('rotate', replacement)).toMatchObject({ refusal: null, instances: 1, generations: [{ state: 'active' }] });
    services = await node.restart();
    for (const id of ['one', 'two']) expect(await codeOf(services.cluster.instances.read(LU, id))).toBeNull();
  });

  it('whose answer was lost is found by the link that the server set', async () => {
    await live(go.port, proxy.port);
    proxy.set({ operation: 'ReKey', fault: { kind: 'cut', after: 20 } });
    expect(await run('rotate', key, '')).toMatchObject({ state: 'enabled' });
    expect(proxy.asked.filter((operation) => operation === 'ReKey')).toHaveLength(1);
    await services.activation.run(line('KMIP_KMS'), null);
    expect(new Set(await generations()).size).toBe(2);
  });

  it('of which nobody knows whether it was done is not called all or nothing', async () => {
    await live(go.port, proxy.port);
    proxy.set({ operation: 'ReKey', fault: { kind: 'cut', after: null } });
    const error = await failureOf(run('rotate', key, ''));
    expect(isAppError(error) && error).toMatchObject({ code: 'KMS_OUTCOME_UNKNOWN', message: expect.stringContaining('A new key may stand in its place'), details: { state: 'enabled' } });
    expect(await told('rotate')).toMatchObject([{ outcome: 'failed', context: { code: 'KMS_OUTCOME_UNKNOWN' } }, { outcome: 'started' }]);
  });

  it('that ends before the new key is active names it; the old one goes on wrapping', async () => {
    await live(go.port, proxy.port);
    const inactive = withField(TAG.attributeValue, (field) => (field.type === 'Enumeration' ? enumeration(TAG.attributeValue, STATE.PreActive) : field));
    // The first three are of the key itself: of the act, of the node that names it, and of the rotation. The server here makes no inactive keys: recorded.
    proxy.set({ operation: 'GetAttributes', fault: { kind: 'slow', ms: 0 }, times: 3 }, { operation: 'GetAttributes', fault: { kind: 'changed', change: inactive } }, { operation: 'Activate', fault: { kind: 'cut', after: null } });
    const error = await failureOf(run('rotate', key, ''));
    const made = isAppError(error) ? String(error.details?.['replacedBy']) : '';
    expect(isAppError(error) && error).toMatchObject({ code: 'KMS_OUTCOME_UNKNOWN', message: expect.stringContaining('the old key goes on wrapping'), remedy: expect.stringContaining(`fkc kms enable ${made}`), details: { keyId: key } });
    expect(await stateOf(made)).toBe('Active');
  });
});

it('a server that is away keeps its keys known, and every act refused', async () => {
  const peer = await startGoPeer(pki);
  try {
    await live(peer.port);
    await peer.stop();
    const { providers, keys } = await services.kmsKeys.overview(true);
    expect(providers).toMatchObject([{ provider: 'KMIP_KMS', answers: 'no', lostAtRestart: { generations: 1, instances: 1 } }]);
    expect(keys).toMatchObject([{ keyId: key, state: null, instances: 1, acts: [] }]);
    await expect(run('rotate', key, '')).rejects.toMatchObject({ code: 'KMS_KEY_UNAVAILABLE' });
  } finally {
    await peer.stop();
  }
}, 60_000);

it('an identifier of another server is another key: it has dependents of its own, and is not acted on from here', async () => {
  const [first, second] = await Promise.all([startGoPeer(pki), startGoPeer(pki)]);
  const moved = new Node();
  try {
    // Both servers call their first key the same.
    await live(first.port);
    const elsewhere = await createKey(pki, second.port);
    expect(elsewhere).toBe(key);
    node.configure(kmipSection(second.port, elsewhere));
    await services.activation.run(line('KMIP_KMS'), null);
    await node.save('two');
    await moved.make();
    moved.configure(kmipSection(first.port, key));
    await addNode(services.profiles, 'mine', 'node-2', moved.ini);

    const names = [first, second].map((peer) => `kmip://127.0.0.1:${peer.port}/${key}`);
    await expect(services.kmsKeys.find(key)).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { keys: expect.arrayContaining(names) } });
    const { keys } = await services.kmsKeys.overview(true);
    const of = (server: KmipPeer) => keys.find(({ location }) => location === `127.0.0.1:${server.port}`);
    expect(of(second)).toMatchObject({ keyId: key, state: 'enabled', generations: 1, instances: 1, nodes: ['node-1'], configured: true });
    expect(of(first)).toMatchObject({ keyId: names[0], state: 'enabled', generations: 1, instances: 1, nodes: ['node-2'], configured: false, acts: [] });
    const there = { act: 'rotate', ...(await services.kmsKeys.find(names[0] ?? '')) } as const;
    await expect(services.kmsActs.plan(there)).rejects.toMatchObject({ code: 'KMS_REGION_WRONG' });
    await expect(services.kmsActs.run(there, '')).rejects.toMatchObject({ code: 'KMS_REGION_WRONG' });
    expect(await services.kmsActs.plan({ act: 'rotate', ...(await services.kmsKeys.find(names[1] ?? '')) })).toMatchObject({ refusal: null, generations: [{ state: 'active', instances: 1 }], instances: 1, nodes: ['node-1'] });
  } finally {
    await moved.remove();
    await Promise.all([first.stop(), second.stop()]);
  }
});
