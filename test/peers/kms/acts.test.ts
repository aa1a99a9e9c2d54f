import { CreateAliasCommand, CreateKeyCommand } from '@aws-sdk/client-kms';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addNode } from '../../../app/services/profile-nodes.ts';
import type { Services } from '../../../app/services.ts';
import { bareClient, createKey, REGION } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { createKey as createGcpKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { awsSection, gcpSection, line, LU, Node, setAwsVariables } from './node.ts';

const aws = useAws(await installLocalStack());
const node = new Node();
let gcp: GcpPeer;
let services: Services;
/** Of the first generation, which was taken over; of the active one; of none. */
let old: string;
let current: string;
let unused: string;
let gcpKey: string;

const shortOf = (keyId: string): string => keyId.split('/').at(-1) ?? '';
const acts = async (): Promise<string[]> => (await services.auditList({ limit: 6 })).records.map(({ act, outcome }) => `${act} ${outcome}`);

beforeAll(async () => {
  setAwsVariables();
  gcp = await startGcpPeer();
  old = await createKey(aws.url);
  current = await createKey(aws.url);
  unused = await createKey(aws.url);
  gcpKey = createGcpKey(gcp);
  const client = bareClient(aws.url, REGION);
  await client.send(new CreateAliasCommand({ AliasName: 'alias/fabric', TargetKeyId: current }));
  await client.send(new CreateKeyCommand({ Description: 'of another program' }));
  client.destroy();
  await node.make({ gcp: { endpoint: gcp.endpoint } });
  node.configure({ ...awsSection(old), ...gcpSection(gcpKey) });
  services = await node.restart();
  await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  await services.activation.run(line('AWS_KMS'), null);
  for (let id = 0; id < 7; id += 1) await node.save(`old-${id}`);
  node.configure({ ...awsSection('alias/fabric'), ...gcpSection(gcpKey) });
  await services.activation.run(line('AWS_KMS'), null);
  for (let id = 0; id < 3; id += 1) await node.save(`new-${id}`);
});

afterAll(async () => {
  await node.remove();
  await gcp?.stop();
});

beforeEach(() => {
  aws.proxy.set();
  gcp.set();
});

describe('what depends on each key', () => {
  it('is told by generations, instances, nodes and regions, also for a key that config.ini names by its alias', async () => {
    const { keys, providers, asking, census } = await services.kmsKeys.overview(true);
    expect(asking).toBe(false);
    expect(census).toMatchObject({ live: true, complete: true });
    const of = (keyId: string) => keys.find((key) => key.keyId === keyId);
    expect(of(old)).toMatchObject({ state: 'enabled', generations: 1, instances: 7, nodes: [], regions: [REGION], configured: false, acts: expect.arrayContaining(['disable', 'rotate', 'schedule-deletion']) });
    expect(of(current)).toMatchObject({ generations: 1, instances: 3, nodes: ['node-1'], configured: true, aliases: ['alias/fabric'] });
    expect(of(unused)).toMatchObject({ generations: 0, instances: 0, nodes: [] });
    expect(of(gcpKey)).toMatchObject({ provider: 'GCP_KMS', state: 'enabled', generations: 0, nodes: ['node-1'] });
    expect(keys.some(({ note }) => note === 'of another program')).toBe(true);
    expect(providers).toMatchObject([
      { provider: 'AWS_KMS', answers: 'yes', failure: null, configured: { keyId: 'alias/fabric' }, lostAtRestart: { generations: 0, instances: 0 } },
      { provider: 'GCP_KMS', answers: 'yes', failure: null },
    ]);
    expect(providers[0]?.endpoints[0]).toMatchObject({ circuit: 'closed', medianMs: expect.any(Number) });
  });

  it('is told of one key in full', async () => {
    const key = await services.kmsKeys.key('AWS_KMS', current);
    expect(key).toMatchObject({ instances: 3, byLu: [{ lu: LU, instances: 3 }], held: 1, failing: null, wraps: [{ state: 'active', instances: 3, location: REGION }] });
  });

  it.each([() => current, () => shortOf(current), () => 'alias/fabric'])('is found by ID, ARN and alias', async (text) => {
    expect(await services.kmsKeys.find(text())).toEqual({ provider: 'AWS_KMS', keyId: current });
  });

  it('an unknown key is one clear code', async () => {
    await expect(services.kmsKeys.find('alias/none')).rejects.toMatchObject({ code: 'KMS_KEY_NOT_FOUND' });
    await expect(services.kmsKeys.find('00000000-0000-4000-8000-000000000000', 'AWS_KMS')).rejects.toMatchObject({ code: 'KMS_KEY_NOT_FOUND' });
  });

  it('stands there although keys can not be listed, and although the KMS is away', async () => {
    aws.proxy.set({ operation: 'ListKeys', fault: { kind: 'error', status: 400, type: 'AccessDeniedException', message: 'no' } });
    const { keys, providers } = await services.kmsKeys.overview(true);
    expect(providers[0]).toMatchObject({ answers: 'yes', listing: { code: 'KMS_PERMISSION_DENIED' } });
    expect(keys.filter(({ provider }) => provider === 'AWS_KMS').map(({ keyId }) => keyId).sort()).toEqual([old, current].sort());
  });
});

describe('a deletion', () => {
  it('is refused while instances need the key, and says what does', async () => {
    const plan = await services.kmsActs.plan({ act: 'schedule-deletion', provider: 'AWS_KMS', keyId: old });
    expect(plan).toMatchObject({ refusal: { code: 'KMS_KEY_IN_USE' }, instances: 7, byLu: [{ lu: LU, instances: 7 }], days: 30, confirm: { text: shortOf(old) } });
    await expect(services.kmsActs.run({ act: 'schedule-deletion', provider: 'AWS_KMS', keyId: old }, shortOf(old))).rejects.toMatchObject({ code: 'KMS_KEY_IN_USE' });
    expect((await acts()).slice(0, 2)).toEqual(['kms.schedule-deletion refused', 'kms.schedule-deletion started']);
    expect((await services.kmsKeys.key('AWS_KMS', old)).state).toBe('enabled');
  });

  it('is refused for a key that wraps an active generation or that a node names, although no instance needs it', async () => {
    const { refusal } = await services.kmsActs.plan({ act: 'schedule-deletion', provider: 'GCP_KMS', keyId: gcpKey });
    expect(refusal).toMatchObject({ code: 'KMS_KEY_IN_USE', message: expect.stringContaining('node-1') });
  });

  it('is refused while what a node names is not known', async () => {
    const broken = join(node.home, 'broken.ini');
    writeFileSync(broken, '[encryption_aws_kms]\nREGION=eu-west-1\nCUSTOMER_KEY_ID=alias/nobody-knows\n');
    await addNode(services.profiles, 'mine', 'node-2', broken);
    const request = { act: 'schedule-deletion', provider: 'AWS_KMS', keyId: unused } as const;
    expect((await services.kmsActs.plan(request)).refusal).toMatchObject({ code: 'KMS_KEY_IN_USE', message: expect.stringContaining('node-2') });
    await services.removeNode('node-2');
    expect((await services.kmsActs.plan(request)).refusal).toBeNull();
  });

  it('of a key that nothing needs has the longest window, needs the name typed, and can be called back', async () => {
    const request = { act: 'schedule-deletion', provider: 'AWS_KMS', keyId: unused } as const;
    await expect(services.kmsActs.run(request, 'yes')).rejects.toMatchObject({ code: 'CONFIRMATION_MISMATCH' });
    const { state, deletionAt } = await services.kmsActs.run(request, shortOf(unused));
    expect(state).toBe('pending-deletion');
    expect(Math.abs((deletionAt ?? 0) - Date.now() - 30 * 86_400_000)).toBeLessThan(86_400_000);
    expect((await services.kmsActs.plan({ ...request, act: 'enable' })).refusal).toMatchObject({ code: 'KMS_ACT_UNSUPPORTED' });
    expect(await services.kmsActs.run({ ...request, act: 'cancel-deletion' }, '')).toMatchObject({ state: 'disabled' });
    expect(await services.kmsActs.run({ ...request, act: 'enable' }, '')).toMatchObject({ state: 'enabled' });
  });

  it('whose outcome the KMS does not say is read: done is done, and what was not done is told with the state', async () => {
    const request = { act: 'schedule-deletion', provider: 'AWS_KMS', keyId: unused } as const;
    aws.proxy.set({ operation: 'ScheduleKeyDeletion', fault: { kind: 'half', bytes: 20 } });
    expect(await services.kmsActs.run(request, shortOf(unused))).toMatchObject({ state: 'pending-deletion', deletionAt: expect.any(Number) });
    expect(await services.kmsActs.run({ ...request, act: 'cancel-deletion' }, '')).toMatchObject({ state: 'disabled' });
    expect(await services.kmsActs.run({ ...request, act: 'enable' }, '')).toMatchObject({ state: 'enabled' });
    aws.proxy.set({ operation: 'ScheduleKeyDeletion', fault: { kind: 'cut', after: null } });
    await expect(services.kmsActs.run(request, shortOf(unused))).rejects.toMatchObject({ code: 'KMS_OUTCOME_UNKNOWN', details: { state: 'enabled' } });
    expect((await acts()).slice(0, 2)).toEqual(['kms.schedule-deletion failed', 'kms.schedule-deletion started']);
  });

  it('is not promised for a rotation whose outcome nobody knows', async () => {
    aws.proxy.set({ operation: 'RotateKeyOnDemand', fault: { kind: 'half', bytes: 5 } });
    await expect(services.kmsActs.run({ act: 'rotate', provider: 'AWS_KMS', keyId: unused }, '')).rejects.toMatchObject({ code: 'KMS_OUTCOME_UNKNOWN', message: expect.stringContaining('enabled') });
  });
});

describe('a key that is disabled', () => {
  it('keeps a node that starts from reading, not one that runs; and comes back', async () => {
    const request = { act: 'disable', provider: 'AWS_KMS', keyId: old } as const;
    expect(await services.kmsActs.plan(request)).toMatchObject({ refusal: null, instances: 7, steps: expect.arrayContaining([expect.stringContaining('can not read 1 generation with 7 instances')]) });
    expect(await services.kmsActs.run(request, shortOf(old))).toMatchObject({ state: 'disabled' });
    expect((await services.cluster.instances.read(LU, 'old-0')).info.id).toBe('old-0');
    await services.kmsWatch.look();
    const { providers } = await services.kmsKeys.overview(true);
    expect(providers[0]).toMatchObject({ answers: 'yes', lostAtRestart: { generations: 1, instances: 7 }, since: expect.any(Number) });
    expect((await services.kmsKeys.key('AWS_KMS', old)).failing).toMatchObject({ failure: { code: 'KMS_KEY_DISABLED' } });
    expect(await services.kmsActs.run({ ...request, act: 'enable' }, '')).toMatchObject({ state: 'enabled' });
  });

  it('does not pass the round trip, and says at which step', async () => {
    await services.kmsActs.run({ act: 'disable', provider: 'AWS_KMS', keyId: current }, shortOf(current));
    const [aws, google] = await services.kmsKeys.test();
    expect(aws).toMatchObject({ provider: 'AWS_KMS', ok: false });
    expect(aws?.steps.at(-1)).toMatchObject({ step: 'generate', failure: { code: 'KMS_KEY_DISABLED' } });
    expect(google?.steps.map(({ step, ok }) => [step, ok])).toEqual([['open', true], ['describe', true], ['wrap', true], ['unwrap', true], ['compare', true]]);
    await services.kmsActs.run({ act: 'enable', provider: 'AWS_KMS', keyId: current }, '');
    expect((await services.kmsKeys.test('AWS_KMS'))[0]).toMatchObject({ ok: true, steps: [{ step: 'open' }, { step: 'describe' }, { step: 'generate' }, { step: 'unwrap' }, { step: 'compare' }] });
  });
});

it('a rotation is transparent: what was wrapped before opens in a new process, at AWS and at Google', async () => {
  await services.kmsActs.run({ act: 'rotate', provider: 'AWS_KMS', keyId: old }, '');
  const before = await services.kmsKeys.key('GCP_KMS', gcpKey);
  await services.kmsActs.run({ act: 'rotate', provider: 'GCP_KMS', keyId: gcpKey }, '');
  expect((await services.kmsKeys.key('GCP_KMS', gcpKey)).versionList).toHaveLength((before.versionList?.length ?? 0) + 1);
  services = await node.restart();
  expect((await services.cluster.instances.read(LU, 'old-0')).info.id).toBe('old-0');
});

it('Google: disabling is of every version, and a deletion has the window of the key itself', async () => {
  const spare = createGcpKey(gcp);
  expect(await services.kmsActs.run({ act: 'disable', provider: 'GCP_KMS', keyId: spare }, shortOf(spare))).toMatchObject({ state: 'disabled' });
  expect(await services.kmsActs.run({ act: 'enable', provider: 'GCP_KMS', keyId: spare }, '')).toMatchObject({ state: 'enabled' });
  expect(await services.kmsActs.run({ act: 'schedule-deletion', provider: 'GCP_KMS', keyId: spare }, shortOf(spare))).toMatchObject({ state: 'pending-deletion', deletionAt: expect.any(Number) });
  expect(await services.kmsActs.run({ act: 'cancel-deletion', provider: 'GCP_KMS', keyId: spare }, '')).toMatchObject({ state: 'disabled' });
});

it('a KMS that is away: its keys stay known, and what a restart would lose is told', async () => {
  aws.proxy.set({ fault: { kind: 'cut', after: null } });
  const { keys, providers } = await services.kmsKeys.overview(true);
  expect(providers[0]).toMatchObject({ answers: 'no', failure: { code: expect.stringMatching(/^KMS_/) }, lostAtRestart: { generations: 2, instances: 10 }, since: expect.any(Number) });
  expect(keys.find(({ keyId }) => keyId === old)).toMatchObject({ state: null, instances: 7, acts: [] });
  await expect(services.kmsActs.run({ act: 'disable', provider: 'AWS_KMS', keyId: old }, shortOf(old))).rejects.toMatchObject({ code: 'KMS_KEY_UNAVAILABLE' });
}, 60_000);
