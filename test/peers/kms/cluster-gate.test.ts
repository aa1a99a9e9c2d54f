import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { addNode } from '../../../app/services/profile-nodes.ts';
import { openServices, type Services } from '../../../app/services.ts';
import { AppError } from '../../../main/errors.ts';
import { imageOf } from '../../lu/fixtures.ts';
import { createKey } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { startCassandra, type CassandraCluster } from '../cassandra/cassandra.ts';
import { awsSection, line, LU, setAwsVariables } from './node.ts';

/** The deletion of a KMS key on a cluster, where what depends on it is known by a census alone. */

const INSTANCES = 7;
const OTHER_LU = 'ORDERS';
const REPLICATION = { class: 'SimpleStrategy', replication_factor: '1' };

const home = mkdtempSync(join(tmpdir(), 'fkc-kms-gate-'));
const ini = join(home, 'config.ini');
const aws = useAws(await installLocalStack());
let cluster: CassandraCluster;
let services: Services;
let old: string;
let current: string;

const configure = (keyId: string): void => {
  const lines = Object.entries(awsSection(keyId)).flatMap(([section, values]) => [`[${section}]`, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)]);
  writeFileSync(ini, `${lines.join('\n')}\n`, { mode: 0o600 });
};
const save = (lu: string, id: string): Promise<void> => services.cluster.instances.save(lu, id, imageOf(`CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('${id}')`));
const deletion = () => ({ act: 'schedule-deletion', provider: 'AWS_KMS', keyId: old }) as const;
const confirmed = () => services.kmsActs.run(deletion(), old.split('/').at(-1) ?? '');

beforeAll(async () => {
  setAwsVariables();
  cluster = await startCassandra();
  old = await createKey(aws.url);
  current = await createKey(aws.url);
  configure(old);
  services = await openServices({ home });
  await services.profiles.create({ name: 'mine', cassandra: { contactPoints: [...cluster.contactPoints], clusterId: 'gate', replication: REPLICATION } });
  await addNode(services.profiles, 'mine', 'node-1', ini);
  await services.close();
  services = await openServices({ home, profile: 'mine' });
  await services.unlock(null);
  await services.activation.run(line('AWS_KMS'), null);
  for (let id = 0; id < INSTANCES; id += 1) await save(LU, String(id));
});

afterAll(async () => {
  await services?.close();
  await cluster?.stop();
  rmSync(home, { recursive: true, force: true });
});

afterEach(() => vi.restoreAllMocks());

it('is refused while a census of the cluster counts instances under the key; the census is taken for the plan', async () => {
  expect((await services.data.census()).at).toBeNull();
  expect(await services.kmsActs.plan({ ...deletion(), act: 'rotate' })).toMatchObject({ instances: INSTANCES, byLu: [{ lu: LU, instances: INSTANCES }], nodes: ['node-1'], census: { live: false, complete: true } });
  expect(await services.kmsActs.plan(deletion())).toMatchObject({ refusal: { code: 'KMS_KEY_IN_USE' }, instances: INSTANCES, census: { live: false, complete: true } });
  await expect(confirmed()).rejects.toMatchObject({ code: 'KMS_KEY_IN_USE' });
});

it('is refused on after another key took over, until a rekey and a census', async () => {
  configure(current);
  await services.activation.run(line('AWS_KMS'), null);
  await save(OTHER_LU, 'new');
  const refused = await services.kmsActs.plan(deletion());
  expect(refused).toMatchObject({ refusal: { code: 'KMS_KEY_IN_USE' }, instances: INSTANCES, nodes: [], generations: [{ state: 'deactivated' }] });
  const campaign = await services.rekeys.begin({});
  await expect.poll(async () => (await services.rekeys.get(campaign)).state, { timeout: 30_000 }).toBe('done');
  await services.censuses.take({});
  expect(await services.kmsActs.plan(deletion())).toMatchObject({ refusal: null, instances: 0, census: { live: false, complete: true } });
  expect(await confirmed()).toMatchObject({ state: 'pending-deletion', deletionAt: expect.any(Number) });
  expect((await services.cluster.instances.read(LU, '0')).info.id).toBe('0');
});

it('is refused where the census can not reach every instance', async () => {
  await services.kmsActs.run({ ...deletion(), act: 'cancel-deletion' }, '');
  // One node is there or is not; of several, some may be silent, and then some ranges are.
  const { instances } = services.cluster.db;
  const countRange = instances.countRange.bind(instances);
  vi.spyOn(instances, 'countRange').mockImplementation(async (range, page) => {
    if (range.lu === OTHER_LU) throw new AppError('DATABASE_PERMISSION_DENIED', 'This range is not read.', 'Grant it.');
    return countRange(range, page);
  });
  expect((await services.censuses.take({})).notCovered).not.toEqual([]);
  expect(await services.kmsActs.plan(deletion())).toMatchObject({ refusal: { code: 'KMS_CENSUS_INCOMPLETE' }, instances: 0, census: { complete: false } });
  await expect(confirmed()).rejects.toMatchObject({ code: 'KMS_CENSUS_INCOMPLETE' });
});

describe('the replacement of a key, whose dependents are told', () => {
  const HOURS = 3_600_000;
  const plan = async () => services.replacement.plan({ provider: 'AWS_KMS', keyId: await createKey(aws.url) });
  const under = ({ dependents }: Awaited<ReturnType<typeof plan>>) => Object.fromEntries(dependents.map(({ keyId, instances }) => [keyId, instances]));
  const taken = async () => (await services.auditList({ act: 'census.take', limit: 1 })).records[0]?.seq;

  it('takes no census where one is fresh', async () => {
    await services.kmsActs.run({ ...deletion(), act: 'enable' }, '');
    await services.censuses.take({});
    const before = await taken();
    const { steps, refusal } = await plan();
    expect(refusal).toBeNull();
    expect(steps.map(({ id }) => id)).not.toContain('census');
    expect(await taken()).toBe(before);
  });

  it('renews a census that is too old before anything else, and tells its figures', async () => {
    await save(OTHER_LU, 'later');
    const before = await services.censuses.standing();
    expect(under(await plan())[current]).toBe(before.total);
    vi.spyOn(services.cluster, 'now').mockImplementation(() => Date.now() + 2 * HOURS);
    const renewed = await plan();
    expect(renewed.steps[0]).toMatchObject({ id: 'census', state: 'done', detail: 'what depends on the keys in use was counted' });
    expect(renewed.census.at).toBeGreaterThan(before.at ?? Infinity);
    expect(under(renewed)[current]).toBe(before.total + 1);
    expect((await plan()).steps.map(({ id }) => id)).not.toContain('census');
  });

  it('goes on with the figures of the last one, and says so, where somebody stops the census', async () => {
    const before = await services.censuses.standing();
    vi.spyOn(services.cluster, 'now').mockImplementation(() => Date.now() + 4 * HOURS);
    const { instances } = services.cluster.db;
    const countRange = instances.countRange.bind(instances);
    vi.spyOn(instances, 'countRange').mockImplementation(async (range, page) => {
      for (const { id, kind, state } of services.jobs.list()) if (kind === 'census' && state === 'running') void services.jobs.stop(id, 'cancelled');
      return countRange(range, page);
    });
    const planned = await plan();
    expect(planned.steps[0]).toMatchObject({ id: 'census', state: 'warning', detail: expect.stringContaining('those of the last one') });
    expect(planned).toMatchObject({ refusal: null, census: { at: before.at } });
    expect(under(planned)[current]).toBe(before.total);
  });
});

describe('acts that have a census renewed first', () => {
  const HOURS = 3_600_000;
  let clock: number;
  const later = (): void => {
    clock += 2 * HOURS;
    vi.spyOn(services.cluster, 'now').mockImplementation(() => Date.now() + clock);
  };
  beforeAll(() => (clock = 6 * HOURS));

  it('an activation under a KMS, whose plan also names the node that says nothing of it', async () => {
    later();
    await save(OTHER_LU, 'for the activation');
    const before = await services.censuses.standing();
    const bare = join(home, 'bare.ini');
    writeFileSync(bare, 'LANG=en\n', { mode: 0o600 });
    await services.addNode('node-2', bare);
    const plan = await services.activation.plan(line('AWS_KMS'));
    expect(plan.census.at).toBeGreaterThan(before.at ?? Infinity);
    expect(plan.instancesUnderOlder).toBe(before.total + 1);
    expect(plan).toMatchObject({ nodes: ['node-1'], regions: ['eu-west-1'] });
    expect(Object.fromEntries(plan.byLu.map(({ lu, instances }) => [lu, instances]))).toEqual({ [LU]: INSTANCES, [OTHER_LU]: before.total + 1 - INSTANCES });
    expect(plan.warnings).toContainEqual(expect.stringContaining('The config.ini of node-2 names no key of AWS_KMS'));
    const again = await services.activation.plan(line('AWS_KMS'));
    expect(again.census.at).toBe(plan.census.at);
  });

  it('a change in the section of a KMS', async () => {
    later();
    await save(OTHER_LU, 'for the change');
    const before = await services.censuses.standing();
    const change = (section: string) => services.configPlans.plan([{ section, key: 'REGION', value: 'eu-north-1' }], 'node-1');
    const { changes, dependents } = await change('encryption_aws_kms');
    expect(changes).toMatchObject([{ node: 'node-1', changed: true }]);
    expect(dependents).toMatchObject({ providers: ['AWS_KMS'], nodes: ['node-1'], regions: ['eu-west-1'] });
    expect(dependents?.census.at).toBeGreaterThan(before.at ?? Infinity);
    expect(Object.fromEntries(dependents?.keys.map(({ keyId, instances }) => [keyId, instances]) ?? [])).toEqual({ [old]: 0, [current]: before.total + 1 });
    expect((await services.configPlans.plan([{ section: '', key: 'ENTITY_ENCRYPTION_MODE', value: 'ON_SAVE' }], 'node-1')).dependents).toBeNull();
  });

  it('an audit of the regions, and the question what a loss would mean', async () => {
    later();
    const before = await services.censuses.standing();
    const audit = await services.regions.audit();
    expect(audit.census.at).toBeGreaterThan(before.at ?? Infinity);
    later();
    const outlook = await services.regions.whatIf({ lost: 'eu-west-1', disabled: null });
    expect(outlook.census.at).toBeGreaterThan(audit.census.at ?? Infinity);
  });
});
