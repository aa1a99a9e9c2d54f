import { CreateAliasCommand, CreateGrantCommand, CreateKeyCommand, DisableKeyCommand, PutKeyPolicyCommand, ReplicateKeyCommand, TagResourceCommand, type KMSClient } from '@aws-sdk/client-kms';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Services } from '../../../app/services.ts';
import { addNode } from '../../../app/services/profile-nodes.ts';
import { bareClient, createKey, CREDENTIALS } from './aws.ts';

/** The last one holds no replica. */
export const REGIONS = ['eu-west-1', 'eu-central-1', 'us-east-1', 'us-west-2', 'ap-southeast-1'] as const;
const [PRIMARY, GRANTED, TAGGED, OFF, WITHOUT] = REGIONS;

const ACCOUNT = CREDENTIALS.accessKeyId;
const POLICY = { Version: '2012-10-17', Statement: [{ Sid: 'all', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }] };

/** A multi-Region key with replicas that were made to differ: an alias, a grant, a tag, a policy and a state, each in one Region. */
export async function differingKey(endpoint: string): Promise<string> {
  const arn = await createKey(endpoint, { MultiRegion: true, Policy: JSON.stringify(POLICY) }, PRIMARY);
  const id = arn.split('/').at(-1) ?? '';
  await at(endpoint, PRIMARY, async (client) => {
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

async function at<T>(endpoint: string, region: string, act: (client: KMSClient) => Promise<T>): Promise<T> {
  const client = bareClient(endpoint, region);
  try {
    return await act(client);
  } finally {
    client.destroy();
  }
}

export const HOME = PRIMARY;
export const EMPTY = WITHOUT;
