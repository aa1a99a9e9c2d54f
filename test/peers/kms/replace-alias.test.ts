import { UpdateAliasCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bareClient, createAlias, createKey } from '../aws/aws.ts';
import { installLocalStack, type KmsServer, startLocalStack } from '../aws/python-server.ts';
import { awsSection, line, Node, setAwsVariables } from './node.ts';

const python = await installLocalStack();
const node = new Node();
let server: KmsServer;

beforeAll(async () => {
  setAwsVariables();
  server = await startLocalStack(python);
  process.env['AWS_ENDPOINT_URL_KMS'] = server.url;
  await node.make();
});

afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_KMS'];
  await node.remove();
  await server?.stop();
});

it('a moved alias is replaced by itself: the process that resolved it before wraps under the key that was tried', async () => {
  const [before, after] = [await createKey(server.url), await createKey(server.url)];
  await createAlias(server.url, 'alias/turn', before);
  node.configure(awsSection('alias/turn'));
  const services = await node.restart();
  await services.activation.run(line('AWS_KMS'), null);
  const client = bareClient(server.url);
  await client.send(new UpdateAliasCommand({ AliasName: 'alias/turn', TargetKeyId: after.split('/').at(-1) }));
  client.destroy();

  const request = { provider: 'AWS_KMS', keyId: 'alias/turn' } as const;
  expect(await services.replacement.plan(request)).toMatchObject({ refusal: null, keyId: after, alreadySo: false });
  expect(await services.replacement.run(request, 'mine', null)).toMatchObject({ keyId: after, activated: [{ keyId: after }] });
  expect((await services.keys.verify()).unreadable).toEqual([]);
}, 60_000);
