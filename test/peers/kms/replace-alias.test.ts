import { readFileSync } from 'node:fs';
import { UpdateAliasCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bareClient, createAlias, createKey } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { awsSection, line, Node, setAwsVariables } from './node.ts';

const aws = useAws(await installLocalStack());
const node = new Node();

beforeAll(async () => {
  setAwsVariables();
  await node.make();
});

afterAll(async () => {
  await node.remove();
});

it('a moved alias is replaced by itself: the process that resolved it before wraps under the key that was tried', async () => {
  const [before, after] = [await createKey(aws.url), await createKey(aws.url)];
  await createAlias(aws.url, 'alias/turn', before);
  node.configure(awsSection('alias/turn'));
  const services = await node.restart();
  await services.activation.run(line('AWS_KMS'), null);
  const client = bareClient(aws.url);
  await client.send(new UpdateAliasCommand({ AliasName: 'alias/turn', TargetKeyId: after.split('/').at(-1) }));
  client.destroy();

  const request = { provider: 'AWS_KMS', keyId: 'alias/turn' } as const;
  expect(await services.replacement.plan(request)).toMatchObject({ refusal: null, keyId: after, alreadySo: false });
  expect(await services.replacement.run(request, 'mine', null)).toMatchObject({ keyId: after, activated: [{ keyId: after }] });
  expect((await services.keys.verify()).unreadable).toEqual([]);
}, 60_000);

it('is refused before anything is written where the wrapped form needs more stripes than are stored', async () => {
  const [before, after] = [await createKey(aws.url), await createKey(aws.url)];
  node.configure(awsSection(before));
  const services = await node.restart();
  // A KMS whose wrapped forms are long, and which opens them.
  const tail = Buffer.alloc(1_000);
  const blob = (of: Readonly<Record<string, unknown>>, change: (bytes: Buffer) => Buffer): unknown => ({ ...of, CiphertextBlob: change(Buffer.from(String(of['CiphertextBlob']), 'base64')).toString('base64') });
  aws.proxy.set(
    { operation: 'GenerateDataKey', fault: { kind: 'changed', change: (answer) => blob(answer, (bytes) => Buffer.concat([bytes, tail])) } },
    { operation: 'Decrypt', fault: { kind: 'asked-otherwise', change: (asked) => blob(asked, (bytes) => bytes.subarray(0, bytes.length > tail.length ? bytes.length - tail.length : bytes.length)) } },
  );
  const request = { provider: 'AWS_KMS', keyId: after } as const;
  expect((await services.replacement.plan(request)).refusal).toMatchObject({ code: 'WRAPPED_KEY_MALFORMED' });
  await expect(services.replacement.run(request, 'mine', null)).rejects.toMatchObject({ code: 'WRAPPED_KEY_MALFORMED' });
  expect(readFileSync(node.ini, 'utf8')).toContain(before);
  aws.proxy.set();
}, 60_000);
