import { DisableKeyCommand } from '@aws-sdk/client-kms';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { DEFINITION, failure, Machine } from '../../cli/fkc.ts';
import { bareClient, createKey, CREDENTIALS } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { line, setAwsVariables } from './node.ts';

const aws = useAws(await installLocalStack());

beforeAll(setAwsVariables);

it('tries, replaces and goes on from the command line, in words and as one document', async () => {
  using machine = new Machine();
  const [oldKey, newKey, off] = [await createKey(aws.url), await createKey(aws.url), await createKey(aws.url)];
  const client = bareClient(aws.url);
  await client.send(new DisableKeyCommand({ KeyId: off }));
  client.destroy();
  const ini = machine.write('config.ini', `; ours\n[encryption_aws_kms]\nACCESS_KEY_ID=\${FKC_TEST_ACCESS_KEY_ID}\nSECRET_ACCESS_KEY=\${FKC_TEST_SECRET_ACCESS_KEY}\nREGION=eu-west-1\nCUSTOMER_KEY_ID=${oldKey}\n`);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite']);
  await machine.json(['profile', 'node', 'mine', 'add', 'n1', '--config-ini', 'config.ini']);
  const fkc = (...args: string[]): string[] => ['--profile', 'mine', ...args];
  const replace = (key: string, ...args: string[]): string[] => fkc('kms', 'replace', '--provider', 'AWS_KMS', '--key-id', key, ...args);
  await machine.json(fkc('run', line('AWS_KMS')));
  await machine.json(fkc('lu', 'import', 'CUSTOMER', '--definition', machine.write('customer.json', JSON.stringify(DEFINITION)), '--source', machine.source(3)));
  const before = readFileSync(ini, 'utf8');

  expect(await machine.json(replace(off, '--dry-run'), { code: 1 })).toMatchObject({ ok: false, dryRun: true, refusal: { code: 'KMS_KEY_DISABLED' } });
  expect(await machine.json(replace(off), { code: 1 })).toEqual(failure('KMS_KEY_DISABLED'));
  expect(await machine.json(replace(newKey, '--confirm', 'other'), { code: 1 })).toEqual(failure('CONFIRMATION_MISMATCH'));
  const tried = (await machine.run(replace(newKey, '--dry-run'))).stdout.toString();
  expect(tried).toMatch(/^Nothing is done yet\.[^]*ok +Wrap and unwrap in eu-west-1 \(n1\)[^]*\+CUSTOMER_KEY_ID=[^]*new generation[^]*3 instances can be read through these alone/);
  expect(readFileSync(ini, 'utf8')).toBe(before);
  expect((await machine.run(fkc('kms', 'replace', '--key-id', newKey))).code).toBe(2);

  const done = (await machine.run(replace(newKey, '--reason', 'yearly', '--confirm', 'mine'))).stdout.toString();
  expect(done).toMatch(/wraps new master keys now\.\nconfig\.ini was written on n1\.\nBackup of n1: .*config\.ini\.bak[^]*Next: Keep /);
  expect(readFileSync(ini, 'utf8')).toBe(before.replace(oldKey, newKey));
  expect(await machine.json(replace(newKey))).toMatchObject({ ok: true, keyId: newKey, activated: [], changes: [{ changed: false }], dependents: [{ keyId: oldKey, instances: 3 }] });
  expect(await machine.json(fkc('lu', 'verify'))).toMatchObject({ checked: 3, readable: 3 });
  const { records } = await machine.json(fkc('audit', 'list', '--act', 'kms.replace'));
  expect(records.map(({ outcome }) => outcome)).toEqual(['done', 'started', 'done', 'started', 'refused', 'failed', 'started']);
  expect(machine.written).not.toContain(CREDENTIALS.secretAccessKey);
  if (process.env['FKC_SHOW'] === '1') console.log(tried, done);
});
