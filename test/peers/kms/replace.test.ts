import { CreateKeyCommand, DisableKeyCommand, KMSClient, ReplicateKeyCommand } from '@aws-sdk/client-kms';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReplacementPlan, ReplacementRequest } from '../../../app/contract/kms-replace.ts';
import type { ConsoleEvent } from '../../../app/contract/events.ts';
import { openServices } from '../../../app/services.ts';
import { addNode } from '../../../app/services/profile-nodes.ts';
import { isAppError, type AppError } from '../../../main/errors.ts';
import { onFailPoint } from '../../../main/fail-point.ts';
import { bareClient, createAlias, createKey as createAwsKey, CREDENTIALS, REGION } from '../aws/aws.ts';
import type { Fault } from '../aws/fault-proxy.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { createKey as createGcpKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { createKey as createKmipKey } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer } from '../kmip/servers.ts';
import { awsSection, gcpSection, kmipSection, line, LU, Node, setAwsVariables } from './node.ts';

const aws = useAws(await installLocalStack());
const pki = makePki();
let gcp: GcpPeer;
let kmip: KmipPeer;
let node: Node;
let oldKey: string;

beforeAll(async () => {
  setAwsVariables();
  gcp = await startGcpPeer();
  kmip = await startGoPeer(pki);
});

afterAll(async () => {
  await gcp?.stop();
  await kmip?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

/** A live node whose LUI key is under an AWS key, with one instance under it. */
beforeEach(async () => {
  aws.proxy.set();
  node = new Node();
  await node.make({ gcp: { endpoint: gcp.endpoint }, kmip: { ca: pki.authority.ca, cert: pki.alice.cert, key: pki.alice.key } });
  oldKey = await createAwsKey(aws.url);
  node.configure(awsSection(oldKey));
  await node.restart();
  await node.services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  await node.services.activation.run(line('AWS_KMS'), null);
  await node.save('before');
});

afterEach(async () => {
  onFailPoint(null);
  await node.remove();
});

/** What a KMS may answer to any step of the trial. */
const FAULTS: readonly (readonly [what: string, fault: Fault, code: string])[] = [
  ['no answer', { kind: 'cut', after: null }, 'KMS_UNREACHABLE'],
  ['half an answer', { kind: 'half', bytes: 40 }, 'KMS_ANSWER_INVALID'],
  ['garbage', { kind: 'answer', status: 200, body: Buffer.from([0, 255, 1, 254]) }, 'KMS_ANSWER_INVALID'],
  ['a refusal of the credentials', { kind: 'error', status: 400, type: 'ExpiredTokenException' }, 'KMS_CREDENTIALS_EXPIRED'],
];

const request = (keyId: string, more: Partial<ReplacementRequest> = {}): ReplacementRequest => ({ provider: 'AWS_KMS', keyId, ...more });
const plan = (keyId: string, more: Partial<ReplacementRequest> = {}): Promise<ReplacementPlan> => node.services.replacement.plan(request(keyId, more));
const run = (keyId: string, more: Partial<ReplacementRequest> = {}) => node.services.replacement.run(request(keyId, more), 'mine', 'for the tests');
const ini = (): string => readFileSync(node.ini, 'utf8');
const short = (arn: string): string => arn.split('/').at(-1) ?? '';

async function failure(act: Promise<unknown>): Promise<AppError> {
  const error: unknown = await act.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isAppError(error)) throw new Error('It was not refused, or not with a code.', { cause: error });
  return error;
}

/** What an attempt must leave as it was. */
async function unchanged(act: () => Promise<unknown>): Promise<void> {
  const before = [ini(), await node.services.cluster.db.keys.list(), await node.services.cluster.db.keys.activations()];
  await act();
  expect([ini(), await node.services.cluster.db.keys.list(), await node.services.cluster.db.keys.activations()]).toEqual(before);
}

async function allReadable(): Promise<void> {
  expect((await node.services.keys.verify()).unreadable).toEqual([]);
  await node.services.cluster.instances.read(LU, 'before');
}

describe('a new AWS key', () => {
  it('is tried, planned without a change, then replaces the old one, whose dependents are told', async () => {
    const newKey = await createAwsKey(aws.url);
    let planned: ReplacementPlan | null = null;
    await unchanged(async () => {
      planned = await plan(short(newKey));
    });
    expect(planned).toMatchObject({
      keyId: newKey,
      refusal: null,
      alreadySo: false,
      confirm: 'mine',
      calls: [
        { operation: 'GenerateDataKey', times: 1 },
        { operation: 'Decrypt', times: 1 },
      ],
      dependents: [{ keyId: oldKey, replaced: true, generations: 1, activeNames: ['masterkey_key_name'], instances: 1, nodes: ['node-1'], regions: [REGION], lus: [{ lu: LU, instances: 1 }] }],
    });
    const { steps, changes, names } = planned as unknown as ReplacementPlan;
    expect(steps.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    expect(changes[0]?.diff).toContain(`+CUSTOMER_KEY_ID=${short(newKey)}`);
    expect(names.map(({ name, then }) => [name, then])).toEqual([
      ['masterkey_key_name', 'activate'],
      ['k2_hash_key', 'stays'],
    ]);

    const done = await run(short(newKey));
    expect(done.activated).toMatchObject([{ name: 'masterkey_key_name', keyId: newKey }]);
    expect(done.changes).toMatchObject([{ node: 'node-1', changed: true, backup: `${node.ini}.bak` }]);
    expect(done.dependents).toMatchObject([{ keyId: oldKey, instances: 1, nodes: [], regions: [REGION] }]);
    expect(done.next.join(' ')).toContain(oldKey);
    expect(ini()).toContain(`CUSTOMER_KEY_ID=${short(newKey)}`);
    expect(await node.save('after')).toBe(done.activated[0]?.description);
    await allReadable();
    await node.restart();
    await allReadable();

    // The same again finds nothing to do.
    expect(await plan(short(newKey))).toMatchObject({ alreadySo: true });
    expect(await run(short(newKey))).toMatchObject({ activated: [], changes: [{ changed: false, backup: null }] });
    const acts = (await node.services.cluster.trail.list({ limit: 50 })).records.filter(({ act }) => act === 'kms.replace');
    expect(acts.map(({ outcome }) => outcome)).toEqual(['done', 'started', 'done', 'started']);
  });

  it('is used by a process that ran before: it reads what another one saved, and saves under the new generation', async () => {
    const other = await openServices({ home: node.home, profile: 'mine' });
    await other.unlock(null);
    const newKey = await createAwsKey(aws.url);
    const { activated } = await run(newKey);
    await node.save('by the first');
    expect((await other.cluster.instances.read(LU, 'by the first')).info.keyDescription).toBe(activated[0]?.description);
    await other.cluster.instances.read(LU, 'before');
    // Its next activation takes the key of config.ini, without a restart.
    const { description } = await other.activation.run(line('AWS_KMS'), null);
    expect((await other.cluster.db.keys.list()).find((generation) => generation.description === description)?.wrapping['keyId']).toBe(newKey);
    await other.close();
  });

  it('takes the hash key along where the old provider wraps it, or leaves it', async () => {
    await node.services.activation.run(line('AWS_KMS', 'k2_hash_key'), null);
    const newKey = await createAwsKey(aws.url);
    const planned = await plan(newKey);
    expect(planned.names.map(({ then }) => then)).toEqual(['activate', 'activate']);
    expect(planned.warnings.join(' ')).toContain('masking hash key');
    const done = await run(newKey, { leave: ['k2_hash_key'] });
    expect(done.activated.map(({ name }) => name)).toEqual(['masterkey_key_name']);
    expect(done.dependents).toMatchObject([{ keyId: oldKey, generations: 2, activeNames: ['k2_hash_key'] }]);
    expect(await failure(plan(newKey, { also: ['nobody'] }))).toMatchObject({ code: 'KEY_NAME_UNKNOWN' });
  });

  it('given by alias is the key that it means', async () => {
    const newKey = await createAwsKey(aws.url);
    const alias = `alias/fabric-${Date.now()}`;
    await createAlias(aws.url, alias, newKey);
    expect((await plan(alias)).keyId).toBe(newKey);
    expect((await run(alias)).activated).toMatchObject([{ keyId: newKey }]);
    expect(ini()).toContain(`CUSTOMER_KEY_ID=${alias}`);
  });

  it('of another account takes over where it is allowed, and the old account keeps opening what it wrapped', async () => {
    const foreign = await keyOfAccount('999988887777');
    const planned = await plan(foreign);
    expect(planned.steps.at(-1)).toMatchObject({ id: 'old', state: 'done' });
    await run(foreign);
    await node.restart();
    await allReadable();
  });

  it('of another account is refused where it is not allowed', async () => {
    const foreign = await keyOfAccount('999988887777');
    aws.proxy.set({ operation: 'GenerateDataKey', fault: { kind: 'error', status: 400, type: 'AccessDeniedException' } });
    await unchanged(async () => {
      const error = await failure(run(foreign));
      expect(error).toMatchObject({ code: 'KMS_PERMISSION_DENIED', details: { permission: 'kms:GenerateDataKey' } });
    });
  });

  it.each([
    ['disabled', 'KMS_KEY_DISABLED', async (key: string) => void (await bareClient(aws.url).send(new DisableKeyCommand({ KeyId: key })))],
    ['not there', 'KMS_KEY_NOT_FOUND', null],
  ] as const)('that is %s is refused, and nothing is changed', async (what, code, make) => {
    const key = what === 'not there' ? '00000000-0000-4000-8000-000000000000' : await createAwsKey(aws.url);
    await make?.(key);
    await unchanged(async () => {
      const planned = await plan(key);
      expect(planned.refusal?.code).toBe(code);
      expect(planned.steps.map(({ state }) => state)).toEqual(['failed', 'skipped', 'done']);
      expect((await failure(run(key))).code).toBe(code);
    });
  });

  it('of another Region is refused, unless that Region is given', async () => {
    const elsewhere = await createAwsKey(aws.url, {}, 'us-east-1');
    await unchanged(async () => {
      expect((await plan(elsewhere)).refusal?.code).toBe('KMS_REGION_WRONG');
      expect((await failure(run(short(elsewhere)))).code).toBe('KMS_KEY_NOT_FOUND');
    });
    await run(short(elsewhere), { region: 'us-east-1' });
    expect(ini()).toContain('REGION=us-east-1');
    await node.restart();
    await allReadable();
  });

  it('in a Region whose copy of the old key is disabled takes over all the same: the old key opens where it wrapped', async () => {
    const multi = await createAwsKey(aws.url, { MultiRegion: true });
    const [home, there] = [bareClient(aws.url), bareClient(aws.url, 'eu-central-1')];
    await home.send(new ReplicateKeyCommand({ KeyId: short(multi), ReplicaRegion: 'eu-central-1' }));
    await there.send(new DisableKeyCommand({ KeyId: short(multi) }));
    home.destroy();
    there.destroy();
    await run(multi);
    const elsewhere = await createAwsKey(aws.url, {}, 'eu-central-1');
    await run(elsewhere, { region: 'eu-central-1' });
    await node.restart();
    await allReadable();
  });

  it('is refused where its Region opens what the old key wrapped to something else', async () => {
    const multi = await createAwsKey(aws.url, { MultiRegion: true });
    const home = bareClient(aws.url);
    await home.send(new ReplicateKeyCommand({ KeyId: short(multi), ReplicaRegion: 'eu-central-1' }));
    home.destroy();
    await run(multi);
    const elsewhere = await createAwsKey(aws.url, {}, 'eu-central-1');
    aws.proxy.set({
      operation: 'Decrypt',
      region: 'eu-central-1',
      fault: { kind: 'changed', change: (answer) => (String(answer['KeyId']).endsWith(short(multi)) ? { ...answer, Plaintext: Buffer.alloc(32, 9).toString('base64') } : answer) },
    });
    await unchanged(async () => {
      const error = await failure(run(elsewhere, { region: 'eu-central-1' }));
      expect(error).toMatchObject({ code: 'KMS_REPLACE_CUTS_OFF', details: { keyId: multi, code: 'KEY_FINGERPRINT_MISMATCH' } });
    });
  });

  it('takes over from a key that is disabled, and says that it brings nothing back', async () => {
    const newKey = await createAwsKey(aws.url);
    const client = bareClient(aws.url);
    await client.send(new DisableKeyCommand({ KeyId: oldKey }));
    client.destroy();
    const planned = await plan(newKey);
    expect(planned.refusal).toBe(null);
    expect(planned.steps.at(-1)).toMatchObject({ id: 'old', state: 'warning' });
    expect(planned.warnings.join(' ')).toContain('KMS_KEY_DISABLED');
    expect((await run(newKey)).activated).toHaveLength(1);
  });

  it('is refused where it opens what it wrapped to another key', async () => {
    const key = await createAwsKey(aws.url);
    aws.proxy.set({ operation: 'Decrypt', fault: { kind: 'changed', change: (answer) => ({ ...answer, Plaintext: Buffer.alloc(32, 9).toString('base64') }) } });
    await unchanged(async () => {
      expect((await failure(run(key))).code).toBe('KEY_FINGERPRINT_MISMATCH');
    });
  });

  it.each(
    (['DescribeKey', 'GenerateDataKey', 'Decrypt'] as const).flatMap((operation) =>
      FAULTS.map(([what, fault, code]): [string, string, Fault, string] => [what, operation, fault, code]),
    ),
  )('is refused where there is %s to %s, and nothing is changed', async (_, operation, fault, code) => {
    const key = await createAwsKey(aws.url);
    await unchanged(async () => {
      aws.proxy.set({ operation, fault });
      expect((await failure(run(key))).code).toBe(code);
    });
    aws.proxy.set();
    await allReadable();
  });

  it('is refused by a wrong confirmation before anything is asked', async () => {
    const key = await createAwsKey(aws.url);
    await unchanged(async () => {
      expect((await failure(node.services.replacement.run(request(key), 'yours', null))).code).toBe('CONFIRMATION_MISMATCH');
    });
  });

  it('shows no secret in plan, steps, failures or audit', async () => {
    const key = await createAwsKey(aws.url);
    const shown = [await plan(key), await run(key), await node.services.cluster.trail.list({ limit: 200 })];
    expect(JSON.stringify(shown)).not.toContain(CREDENTIALS.secretAccessKey);
  });
});

describe('several nodes', () => {
  const second = (): string => join(node.home, 'second.ini');
  const section = (keyId: string, region: string): string => `[encryption_aws_kms]\nREGION=${region}\nCUSTOMER_KEY_ID=${keyId}\n`;

  it('keep their own Regions where a multi-Region key has its replicas, and are refused where it has none', async () => {
    const multi = await createAwsKey(aws.url, { MultiRegion: true });
    writeFileSync(second(), section(oldKey, 'eu-central-1'));
    await addNode(node.services.profiles, 'mine', 'node-2', second());
    const before = readFileSync(second(), 'utf8');
    expect((await plan(short(multi))).refusal?.code).toBe('KMS_KEY_NOT_FOUND');
    expect(readFileSync(second(), 'utf8')).toBe(before);
    const client = bareClient(aws.url);
    await client.send(new ReplicateKeyCommand({ KeyId: short(multi), ReplicaRegion: 'eu-central-1' }));
    client.destroy();
    const planned = await plan(short(multi), { region: REGION });
    expect(planned.refusal).toBe(null);
    expect(planned.steps.map(({ id }) => id.split(' ')[1])).toEqual([REGION, REGION, 'eu-central-1', 'eu-central-1', undefined]);
    await run(short(multi), { region: REGION });
    expect(readFileSync(second(), 'utf8')).toContain(`REGION=eu-central-1\nCUSTOMER_KEY_ID=${short(multi)}`);
    await allReadable();
  });

  it('with one file that can not be written: says which were, and goes on when run again', async () => {
    const newKey = await createAwsKey(aws.url);
    writeFileSync(second(), section(oldKey, REGION));
    await addNode(node.services.profiles, 'mine', 'node-2', second());
    mkdirSync(`${second()}.fkc-new`);
    const error = await failure(run(newKey));
    expect(error.code).toBe('KMS_REPLACE_PARTLY');
    expect(error.message).toContain('node-1 were changed; that of node-2 was not');
    expect(error.remedy).toContain(`put ${node.ini}.bak in the place of node-1's config.ini`);
    await allReadable();
    rmSync(`${second()}.fkc-new`, { recursive: true });
    expect((await run(newKey)).activated).toHaveLength(1);
    expect(readFileSync(`${node.ini}.bak`, 'utf8')).toContain(oldKey);
    await allReadable();
  });
});

describe('half way', () => {
  it('says what is true where the activation fails after config.ini was written, and goes on when run again', async () => {
    const newKey = await createAwsKey(aws.url);
    const before = (await node.services.cluster.db.keys.active('masterkey_key_name'))?.description;
    onFailPoint((point) => {
      if (point === 'kms-replace:configured') aws.proxy.set({ operation: 'GenerateDataKey', fault: { kind: 'error', status: 400, type: 'AccessDeniedException' } });
    });
    const error = await failure(run(newKey));
    onFailPoint(null);
    expect(error).toMatchObject({ code: 'KMS_REPLACE_PARTLY', details: { code: 'KMS_PERMISSION_DENIED', at: 'masterkey_key_name', backups: [`${node.ini}.bak`], activated: [] } });
    expect(error.message).toContain(before);
    expect((await node.services.cluster.db.keys.active('masterkey_key_name'))?.description).toBe(before);
    expect(ini()).toContain(newKey);
    await node.restart();
    await allReadable();
    aws.proxy.set();
    expect((await run(newKey)).activated).toMatchObject([{ previous: before, keyId: newKey }]);
    await allReadable();
  });

  it('says so where somebody else changes the key meanwhile', async () => {
    const [newKey, another] = [await createAwsKey(aws.url), await createAwsKey(aws.url)];
    onFailPoint((point) => {
      if (point === 'kms-replace:configured') node.configure(awsSection(another));
    });
    expect(await failure(run(newKey))).toMatchObject({ code: 'KMS_REPLACE_PARTLY', details: { code: 'KMS_KEY_MISMATCH', activated: [expect.any(String)] } });
    onFailPoint(null);
    await allReadable();
    expect((await run(newKey)).activated).toMatchObject([{ keyId: newKey }]);
    await allReadable();
  });

  it('tells each step while it runs', async () => {
    const newKey = await createAwsKey(aws.url);
    const told: ConsoleEvent[] = [];
    await node.services.close();
    const services = await openServices({ home: node.home, profile: 'mine', emit: (event) => told.push(event) });
    await services.unlock(null);
    await services.replacement.run(request(newKey), 'mine', null);
    const steps = told.flatMap((event) => (event.type === 'replacement' ? [`${event.step.id.split(' ')[0]} ${event.step.state}`] : []));
    expect(steps).toEqual(['key running', 'key done', 'trial running', 'trial done', 'old running', 'old done', 'config running', 'config done', 'activate running', 'activate done']);
    await services.close();
  });
});

describe('across providers', () => {
  it('goes from AWS to GCP to KMIP, and reads all of it after restarts', async () => {
    const gcpKey = createGcpKey(gcp);
    const toGcp = await node.services.replacement.plan({ provider: 'GCP_KMS', keyId: gcpKey });
    expect(toGcp).toMatchObject({ refusal: null, keyId: gcpKey, dependents: [{ keyId: oldKey, replaced: true }] });
    await node.services.replacement.run({ provider: 'GCP_KMS', keyId: gcpKey }, 'mine', null);
    for (const [key, value] of Object.entries(gcpSection(gcpKey)['encryption_gcp_kms'] ?? {})) expect(ini()).toContain(`${key}=${value}`);
    await node.save('under gcp');
    await node.restart();
    await allReadable();

    const kmipKey = await createKmipKey(pki, kmip.port);
    await node.services.replacement.run({ provider: 'KMIP_KMS', keyId: kmipKey, region: `127.0.0.1:${kmip.port}` }, 'mine', null);
    expect(ini()).toContain(kmipSection(kmip.port, kmipKey)['encryption_kmip_kms']?.['BASE_URL_TEMPLATE']);
    await node.save('under kmip');
    await node.restart();
    await allReadable();
    for (const id of ['under gcp', 'under kmip']) await node.services.cluster.instances.read(LU, id);
  });

  it('goes to another KMIP server, and asks the old one for what it wrapped; a key that is not activated is refused', async () => {
    const another = await startGoPeer(pki);
    try {
      const [first, second] = [await createKmipKey(pki, kmip.port), await createKmipKey(pki, another.port)];
      await node.services.replacement.run({ provider: 'KMIP_KMS', keyId: first, region: `127.0.0.1:${kmip.port}` }, 'mine', null);
      await node.save('at the first');
      const idle = await createKmipKey(pki, another.port, { active: false });
      await unchanged(async () => {
        expect((await failure(node.services.replacement.run({ provider: 'KMIP_KMS', keyId: idle, region: `127.0.0.1:${another.port}` }, 'mine', null))).code).toBe('KMS_KEY_DISABLED');
      });
      const { dependents } = await node.services.replacement.run({ provider: 'KMIP_KMS', keyId: second, region: `127.0.0.1:${another.port}` }, 'mine', null);
      expect(dependents.map(({ keyId, location }) => [keyId, location])).toContainEqual([first, `127.0.0.1:${kmip.port}`]);
      await node.save('at the second');
      await node.restart();
      await allReadable();
      for (const id of ['at the first', 'at the second']) await node.services.cluster.instances.read(LU, id);
    } finally {
      await another.stop();
    }
  });

  it('is refused where the whole name and the location differ', async () => {
    const error = await failure(node.services.replacement.plan({ provider: 'GCP_KMS', keyId: createGcpKey(gcp), region: 'europe-west1' }));
    expect(error.code).toBe('INPUT_INVALID');
  });
});

/** A key of another account: twelve digits are an account at LocalStack. */
async function keyOfAccount(account: string): Promise<string> {
  const client = new KMSClient({ endpoint: aws.url, region: REGION, credentials: { accessKeyId: account, secretAccessKey: 'x' } });
  const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
  client.destroy();
  return KeyMetadata?.Arn ?? '';
}
