import { CreateAliasCommand } from '@aws-sdk/client-kms';
import { beforeAll, expect, it } from 'vitest';
import { DEFINITION, failure, Machine } from '../../cli/fkc.ts';
import { bareClient, createKey } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { line, setAwsVariables } from './node.ts';

const aws = useAws(await installLocalStack());

beforeAll(setAwsVariables);

it('shows, tests and acts on KMS keys from the command line, in words and as one document', async () => {
  using machine = new Machine();
  const [used, spare] = [await createKey(aws.url), await createKey(aws.url)];
  const name = spare.split('/').at(-1) ?? '';
  const client = bareClient(aws.url);
  await client.send(new CreateAliasCommand({ AliasName: 'alias/used', TargetKeyId: used }));
  client.destroy();
  machine.write('config.ini', '[encryption_aws_kms]\nACCESS_KEY_ID=${FKC_TEST_ACCESS_KEY_ID}\nSECRET_ACCESS_KEY=${FKC_TEST_SECRET_ACCESS_KEY}\nREGION=eu-west-1\nCUSTOMER_KEY_ID=alias/used\n');
  machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite']);
  const mine = ['--profile', 'mine'];
  expect(await machine.json([...mine, 'kms', 'test'], { code: 1 })).toEqual(failure('PROVIDER_NOT_CONFIGURED'));
  expect(await machine.json([...mine, 'kms', 'list'])).toEqual({ providers: [] });
  await machine.json(['profile', 'node', 'mine', 'add', 'n1', '--config-ini', 'config.ini']);
  const { description } = await machine.json([...mine, 'run', line('AWS_KMS')]);
  await machine.json([...mine, 'lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', machine.source(4)]);

  expect(await machine.json([...mine, 'kms', 'test'])).toMatchObject({ ok: true, tests: [{ provider: 'AWS_KMS', ok: true }] });
  expect(await machine.json([...mine, 'kms', 'list'])).toMatchObject({ providers: [{ provider: 'AWS_KMS', answers: 'yes', configured: { keyId: 'alias/used' }, lostAtRestart: { generations: 0 } }] });
  expect(await machine.json([...mine, 'kms', 'keys'])).toMatchObject({ keys: expect.arrayContaining([expect.objectContaining({ keyId: used, instances: 4, nodes: ['n1'], aliases: ['alias/used'] }), expect.objectContaining({ keyId: spare, instances: 0 })]) });
  expect(await machine.json([...mine, 'kms', 'show', 'alias/used'])).toMatchObject({ keyId: used, state: 'enabled', wraps: [{ description, instances: 4 }], byLu: [{ lu: 'CUSTOMER', instances: 4 }] });
  expect(await machine.json([...mine, 'kms', 'show', 'alias/none'], { code: 1 })).toEqual(failure('KMS_KEY_NOT_FOUND'));

  expect(await machine.json([...mine, 'kms', 'schedule-deletion', 'alias/used', '--dry-run'], { code: 1 })).toMatchObject({ ok: false, dryRun: true, instances: 4, refusal: { code: 'KMS_KEY_IN_USE' } });
  expect(await machine.json([...mine, 'kms', 'schedule-deletion', 'alias/used'], { code: 1 })).toEqual(failure('KMS_KEY_IN_USE'));
  expect(await machine.json([...mine, 'kms', 'rotate', 'alias/used'])).toMatchObject({ ok: true, act: 'rotate', state: 'enabled' });
  expect(await machine.json([...mine, 'keys', 'verify'])).toMatchObject({ unreadable: [] });

  expect(await machine.json([...mine, 'kms', 'schedule-deletion', spare, '--confirm', 'another'], { code: 1 })).toEqual(failure('CONFIRMATION_MISMATCH'));
  expect(await machine.json([...mine, 'kms', 'schedule-deletion', spare, '--confirm', name])).toMatchObject({ ok: true, state: 'pending-deletion', deletionAt: expect.any(Number) });
  expect(await machine.json([...mine, 'kms', 'cancel-deletion', name])).toMatchObject({ state: 'disabled' });
  expect(await machine.json([...mine, 'kms', 'enable', spare])).toMatchObject({ state: 'enabled' });
  const { records } = await machine.json([...mine, 'audit', 'list', '--act', 'kms.schedule-deletion']);
  expect(records.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['done', 'started', 'refused']));

  const words = async (...args: string[]): Promise<string> => (await machine.run([...mine, 'kms', ...args])).stdout.toString('utf8');
  expect(await words('list')).toMatch(/AWS_KMS +eu-west-1 +answers/);
  expect(await words('keys')).toMatch(/enabled .*alias\/used/);
  expect(await words('show', used)).toContain('1 generation, 4 instances');
  expect(await words('test')).toMatch(/unwrap +ok/);
  expect(await words('disable', 'alias/used', '--dry-run')).toMatch(/Nothing is done yet[\s\S]*can not read 1 generation with 4 instances[\s\S]*The way back: Enable it again/);
  expect((await machine.run([...mine, 'kms', 'schedule-deletion', spare, '--days', 'many'])).code).toBe(2);
}, 180_000);
