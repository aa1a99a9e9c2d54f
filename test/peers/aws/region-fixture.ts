import { CreateAliasCommand, CreateGrantCommand, CreateKeyCommand, DisableKeyCommand, PutKeyPolicyCommand, ReplicateKeyCommand, TagResourceCommand, type KMSClient } from '@aws-sdk/client-kms';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openServices, type Services } from '../../../app/services.ts';
import { addNode } from '../../../app/services/profile-nodes.ts';
import { imageOf } from '../../lu/fixtures.ts';
import { bareClient, createKey, CREDENTIALS } from './aws.ts';

/** The last one holds no replica. */
export const REGIONS = ['eu-west-1', 'eu-central-1', 'us-east-1', 'us-west-2', 'ap-southeast-1'] as const;
export const [HOME, GRANTED, TAGGED, OFF, EMPTY] = REGIONS;

const ACTIVATE = "activatekey name='masterkey_key_name' generatorType='AWS_KMS' storeType='AWS_KMS'";
const ACCOUNT = CREDENTIALS.accessKeyId;
const POLICY = { Version: '2012-10-17', Statement: [{ Sid: 'all', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }] };

/** A multi-Region key with replicas that were made to differ: an alias, a grant, a tag, a policy and a state, each in one Region. */
export async function differingKey(endpoint: string): Promise<string> {
  const arn = await createKey(endpoint, { MultiRegion: true, Policy: JSON.stringify(POLICY) }, HOME);
  const id = arn.split('/').at(-1) ?? '';
  await at(endpoint, HOME, async (client) => {
    for (const ReplicaRegion of [GRANTED, TAGGED, OFF]) await client.send(new ReplicateKeyCommand({ KeyId: id, ReplicaRegion, Policy: JSON.stringify(POLICY) }));
    await client.send(new CreateAliasCommand({ AliasName: 'alias/fabric-primary', TargetKeyId: id }));
  });
  await at(endpoint, GRANTED, (client) => client.send(new CreateGrantCommand({ KeyId: id, GranteePrincipal: `arn:aws:iam::${ACCOUNT}:role/node`, Operations: ['Decrypt'] })));
  await at(endpoint, TAGGED, (client) => client.send(new TagResourceCommand({ KeyId: id, Tags: [{ TagKey: 'cost', TagValue: 'us' }] })));
  await at(endpoint, OFF, async (client) => {
    await client.send(new PutKeyPolicyCommand({ KeyId: id, PolicyName: 'default', Policy: JSON.stringify({ ...POLICY, Statement: [...POLICY.Statement, { ...POLICY.Statement[0], Sid: 'more' }] }) }));
    await client.send(new DisableKeyCommand({ KeyId: id }));
  });
  return id;
}

/** A key of the same alias in each Region: two keys that share a name. */
export async function sameAlias(endpoint: string, name: string, regions: readonly string[]): Promise<void> {
  for (const region of regions) {
    await at(endpoint, region, async (client) => {
      const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
      await client.send(new CreateAliasCommand({ AliasName: name, TargetKeyId: KeyMetadata?.KeyId }));
    });
  }
}

/** config.ini of a node, its credentials taken from the environment. */
export function configIni(region: string, key: string): string {
  return `# the node's own\n[encryption_aws_kms]\nACCESS_KEY_ID=\${FKC_TEST_AWS_ID}\nSECRET_ACCESS_KEY=\${FKC_TEST_AWS_SECRET}\nREGION=${region}\nCUSTOMER_KEY_ID=${key}\n`;
}

/** What {@link configIni} refers to. */
export function setCredentials(): void {
  process.env['FKC_TEST_AWS_ID'] = CREDENTIALS.accessKeyId;
  process.env['FKC_TEST_AWS_SECRET'] = CREDENTIALS.secretAccessKey;
}

/** Writes a config.ini for each node and names it in the profile. */
export async function addNodes(services: Services, profile: string, home: string, nodes: readonly { readonly node: string; readonly region: string; readonly key: string }[]): Promise<void> {
  for (const { node, region, key } of nodes) {
    const file = join(home, `${node}.ini`);
    await writeFile(file, configIni(region, key));
    await addNode(services.profiles, profile, node, file);
  }
}

export interface World {
  /** Gone live on the profile `world`; the caller closes it. */
  readonly services: Services;
  /** A key of {@link HOME} alone, and the ID of a {@link differingKey}. */
  readonly single: string;
  readonly multi: string;
  /** Descriptions of the generation under each: the first with 7 instances, the active one with 5. */
  readonly old: string;
  readonly active: string;
}

/** A cluster with a node in each of `regions`, the first of them {@link HOME}, that all name the multi-Region key. */
export async function makeWorld(home: string, endpoint: string, regions: readonly string[]): Promise<World> {
  const single = await createKey(endpoint, {}, HOME);
  const multi = await differingKey(endpoint);
  const nodes = regions.map((region, index) => ({ node: `n${index + 1}`, region, key: multi }));
  const maker = await openServices({ home });
  await maker.createProfile({ name: 'world', sqlite: join(home, 'world.sqlite') }, null);
  await addNodes(maker, 'world', home, [{ node: 'n1', region: HOME, key: single }]);
  await maker.close();
  const services = await openServices({ home, profile: 'world' });
  await services.unlock(null);
  await services.define({ lu: 'CUSTOMER', root: { table: 'customer', key: 'name' }, tables: [] });
  const image = imageOf("CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('x')");
  const old = (await services.activation.run(ACTIVATE, null)).description;
  for (let id = 0; id < 7; id += 1) await services.cluster.instances.save('CUSTOMER', `old-${id}`, image);
  await writeFile(join(home, 'n1.ini'), configIni(HOME, multi));
  const active = (await services.activation.run(ACTIVATE, null)).description;
  for (let id = 0; id < 5; id += 1) await services.cluster.instances.save('CUSTOMER', `new-${id}`, image);
  await addNodes(services, 'world', home, nodes.slice(1));
  return { services, single, multi, old, active };
}

async function at<T>(endpoint: string, region: string, act: (client: KMSClient) => Promise<T>): Promise<T> {
  const client = bareClient(endpoint, region);
  try {
    return await act(client);
  } finally {
    client.destroy();
  }
}

