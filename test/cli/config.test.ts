import { readFileSync, statSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { failure, Machine } from './fkc.ts';

const machine = new Machine();
afterAll(() => machine[Symbol.dispose]());

const on = (...args: string[]): string[] => ['--profile', 'eu', ...args];
const FIRST = '# ours\r\n[encryption_aws_kms]\r\nREGION = eu-west-1   # Ireland\r\nCUSTOMER_KEY_ID=alias/a\r\nSECRET_ACCESS_KEY=known-secret-77\r\nACCESS_KEY_ID=known-id-77';
const SECOND = '[encryption_aws_kms]\nREGION=eu-central-1\nCUSTOMER_KEY_ID=alias/a\n';

test('nodes, lint, diff and set', async () => {
  const [first, second] = [machine.write('one.ini', FIRST), machine.write('two.ini', SECOND)];
  await machine.json(['profile', 'create', 'eu', '--sqlite', 'eu.sqlite']);
  expect(await machine.json(on('config', 'lint'), { code: 1 })).toEqual(failure('CONFIG_NODES_MISSING'));
  await machine.json(['profile', 'node', 'eu', 'add', 'n1', '--config-ini', 'one.ini']);
  await machine.json(['profile', 'node', 'eu', 'add', 'n2', '--config-ini', 'two.ini']);
  expect(await machine.json(['profile', 'node', 'eu', 'add', 'n2', '--config-ini', 'two.ini'], { code: 1 })).toEqual(failure('CONFIG_NODE_EXISTS'));
  expect(await machine.json(['profile', 'node', 'eu', 'add', 'n3', '--config-ini', 'no.ini'], { code: 1 })).toEqual(failure('FILE_NOT_FOUND'));
  expect(await machine.json(['profile', 'node', 'eu', 'list'])).toMatchObject({ nodes: [{ node: 'n1', configIni: first }, { node: 'n2', configIni: second }] });

  expect(await machine.json(on('config', 'lint'), { code: 1 })).toMatchObject({ findings: expect.arrayContaining([expect.objectContaining({ code: 'CONFIG_SECRET_IN_PLAIN', severity: 'critical', where: { file: first, line: 5, key: 'encryption_aws_kms.SECRET_ACCESS_KEY', node: 'n1' } })]) });
  expect(await machine.json(on('config', 'diff'))).toMatchObject({ rows: [{ key: 'REGION' }, { key: 'SECRET_ACCESS_KEY', secret: true }, { key: 'ACCESS_KEY_ID' }] });

  const set = on('config', 'set', 'encryption_aws_kms.REGION', 'eu-north-1');
  expect(await machine.json([...set, '--dry-run'])).toMatchObject({ ok: true, dryRun: true, nodes: [{ node: 'n1', changed: true }, { node: 'n2', changed: true }] });
  expect(readFileSync(first, 'utf8')).toBe(FIRST);
  expect(await machine.json([...set, '--confirm', 'us'], { code: 1 })).toEqual(failure('CONFIRMATION_MISMATCH'));
  const mode = statSync(first).mode;
  expect(await machine.json([...set, '--node', 'n1'])).toMatchObject({ ok: true, nodes: [{ node: 'n1', changed: true, backup: `${first}.bak` }] });
  expect(readFileSync(first, 'utf8')).toBe(FIRST.replace('eu-west-1', 'eu-north-1'));
  expect(readFileSync(`${first}.bak`, 'utf8')).toBe(FIRST);
  expect(statSync(first).mode).toBe(mode);
  expect(readFileSync(second, 'utf8')).toBe(SECOND);

  expect(await machine.json(on('config', 'set', 'encryption_aws_kms.REGON', 'x'), { code: 1 })).toEqual(failure('CONFIG_KEY_UNKNOWN'));
  expect(await machine.json(on('config', 'set', 'encryption_aws_kms.REGION', 'here'), { code: 1 })).toEqual(failure('CONFIG_VALUE_INVALID'));
  expect(await machine.json(on('config', 'set', 'KEY_STORE_PASSWORD', 'known-pass-77'), { code: 1 })).toEqual(failure('CONFIG_SECRET_IN_PLAIN'));
  expect(await machine.json([...set, '--node', 'n9'], { code: 1 })).toEqual(failure('CONFIG_NODE_UNKNOWN'));

  const unset = on('config', 'unset', 'encryption_aws_kms.SECRET_ACCESS_KEY');
  expect(await machine.json([...unset, '--dry-run'])).toMatchObject({ ok: true, dryRun: true, key: 'encryption_aws_kms.SECRET_ACCESS_KEY', nodes: [{ node: 'n1', changed: true }, { node: 'n2', changed: false }] });
  const { stdout } = await machine.run([...unset, '--node', 'n1']);
  expect(stdout.toString()).toContain('The backup still holds the secret');
  expect(readFileSync(first, 'utf8')).not.toContain('SECRET_ACCESS_KEY');
  expect(readFileSync(first, 'utf8')).toContain('ACCESS_KEY_ID=known-id-77');
  expect(await machine.json(on('config', 'unset', 'encryption_aws_kms.SECRET'), { code: 1 })).toEqual(failure('CONFIG_KEY_UNKNOWN'));

  const { records } = await machine.json(on('audit', 'list', '--act', 'config.set'));
  expect(records.map(({ outcome }) => outcome)).toEqual(['refused', 'started', 'done', 'started', 'refused', 'started', 'refused', 'started', 'refused', 'started', 'refused', 'started', 'done', 'started', 'refused']);
  expect(machine.written + JSON.stringify(records)).not.toMatch(/known-(?:secret|id|pass)-77/);
}, 60_000);

test('scan needs no profile, and exits 1 where it finds something', async () => {
  machine.write('start.sh', 'keytool -list -storepass known-store-77\n');
  expect(await machine.json(['scan', 'start.sh'], { code: 1 })).toMatchObject({ findings: [{ code: 'SECRET_KEYSTORE_PASSWORD', where: { file: machine.file('start.sh'), line: 1 } }] });
  const { stdout } = await machine.run(['scan', 'start.sh']);
  expect(stdout.toString()).not.toContain('known-store-77');
  machine.write('clean.txt', 'nothing\n');
  expect(await machine.json(['scan', 'clean.txt'])).toMatchObject({ findings: [], files: 1 });
}, 30_000);

test('the share of AWS quotas is a setting of the profile, and shown', async () => {
  const other = new Machine();
  try {
    await other.json(['profile', 'create', 'us', '--sqlite', 'us.sqlite']);
    const shown = async (): Promise<string> => (await other.run(['profile', 'kms', 'us'])).stdout.toString();
    expect(await shown()).toContain('at most 50 % of the request quotas (default)');
    expect(await other.json(['profile', 'kms', 'us', '--aws-quota-share', '1'])).toMatchObject({ ok: true, kms: { gcp: null, kmip: null, awsQuotaShare: 1 } });
    expect(await shown()).toContain('at most 100 % of the request quotas\n');
    expect(await other.json(['profile', 'kms', 'us', '--gcp-endpoint', 'kms.internal:443'])).toMatchObject({ kms: { awsQuotaShare: 1 } });
    for (const wrong of ['0', '1.5', 'half']) expect((await other.run(['profile', 'kms', 'us', '--aws-quota-share', wrong])).code).toBe(2);
  } finally {
    other[Symbol.dispose]();
  }
}, 60_000);
