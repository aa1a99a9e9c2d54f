import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contract } from '../../app/contract/index.ts';
import { openServices, type Services } from '../../app/services.ts';
import { onFailPoint } from '../../main/fail-point.ts';

let home: string;
let services: Services;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'fkc-configs-'));
  const maker = await openServices({ home });
  await maker.createProfile({ name: 'eu', sqlite: join(home, 'eu.sqlite') }, null);
  await maker.close();
  services = await openServices({ home, profile: 'eu' });
});
afterEach(async () => {
  onFailPoint(null);
  await services.close();
  rmSync(home, { recursive: true, force: true });
});

const file = (node: string): string => join(home, `${node}.ini`);

async function withNode(node: string, text: string): Promise<void> {
  writeFileSync(file(node), text, { mode: 0o600 });
  await services.addNode(node, file(node));
}

const REGION = { section: 'encryption_aws_kms', key: 'REGION', value: 'eu-north-1' };
const failure = (code: string) => expect.objectContaining({ code });

test('the demo has two nodes, with something to be seen', async () => {
  const demo = await openServices({ home });
  const view = contract['config.view'].output.parse(await demo.configs.view());
  await demo.close();
  expect(view.nodes.map(({ node, failure: none }) => [node, none])).toEqual([['node-1', null], ['node-2', null]]);
  expect(view.rows.map(({ key, differs, findings }) => [key, differs, findings.map(({ code }) => code)])).toEqual([
    ['KEY_STORE_LOCATION', true, ['CONFIG_CONTRADICTION']],
    ['ENTITY_ENCRYPTION_MODE', true, []],
    ['ENTITY_ENCRYPTON_MODE', true, ['CONFIG_KEY_MISSPELT']],
  ]);
  expect(view.findings.map(({ code }) => code)).toEqual(['SECRET_KEYSTORE_PASSWORD']);
});

test('side by side: what differs or is wrong, what is missing everywhere, what can not be read', async () => {
  expect(await services.configs.view()).toMatchObject({ profile: 'eu', nodes: [], rows: [], findings: [], sameKeys: 0 });
  await withNode('n1', 'A=1\n[encryption_aws_kms]\nREGION=eu-west-1\nSECRET_ACCESS_KEY=known-1\n');
  await withNode('n2', 'A=1\n[encryption_aws_kms]\nREGION=eu-west-1\nSECRET_ACCESS_KEY=known-2\n');
  await withNode('n3', '');
  rmSync(file('n3'));
  const view = contract['config.view'].output.parse(await services.configs.view());
  expect(view.nodes.map(({ node, failure: why }) => [node, why?.code ?? null])).toEqual([['n1', null], ['n2', null], ['n3', 'FILE_NOT_FOUND']]);
  expect(view.sameKeys).toBe(2);
  expect(view.rows.map(({ key, differs, values }) => [key, differs, values.map(({ value, group }) => [value, group])])).toEqual([
    ['SECRET_ACCESS_KEY', true, [['••••••••', 1], ['••••••••', 2]]],
    ['CUSTOMER_KEY_ID', false, [[null, 0], [null, 0]]],
    ['ACCESS_KEY_ID', false, [[null, 0], [null, 0]]],
  ]);
  expect(view.findings.map(({ code, where }) => [code, where.node])).toEqual([['FILE_NOT_FOUND', 'n3']]);
  expect(JSON.stringify(view)).not.toContain('known-');
});

test('where a later node fails, it is said which files were changed, and doing it again completes it', async () => {
  await withNode('n1', '[encryption_aws_kms]\nREGION=eu-west-1\n');
  await withNode('n2', '[encryption_aws_kms]\nREGION=eu-west-1\n');
  let writes = 0;
  onFailPoint((place) => {
    if (place !== 'config:backup-made') return;
    writes += 1;
    if (writes === 2) throw Object.assign(new Error('disk'), { code: 'ENOSPC' });
  });
  await expect(services.configs.set([REGION], null, 'eu')).rejects.toMatchObject({ code: 'CONFIG_SET_PARTLY', details: { node: 'n2', changed: ['n1'], code: 'DISK_FULL' } });
  expect([readFileSync(file('n1'), 'utf8'), readFileSync(file('n2'), 'utf8')]).toEqual(['[encryption_aws_kms]\nREGION=eu-north-1\n', '[encryption_aws_kms]\nREGION=eu-west-1\n']);
  onFailPoint(null);
  expect((await services.configs.set([REGION], null, 'eu')).map(({ node, changed }) => [node, changed])).toEqual([['n1', false], ['n2', true]]);
});

test('what is refused changes no file', async () => {
  const text = 'MASTERKEY_KEY_STORE_ENABLED=true\nKEY_STORE_LOCATION=/x\n';
  await withNode('n1', text);
  await expect(services.configs.plan([{ section: '', key: 'KEY_STORE_PASSWORD', value: 'known' }], null)).rejects.toEqual(failure('CONFIG_SECRET_IN_PLAIN'));
  await expect(services.configs.plan([{ ...REGION, key: 'REGON' }], null)).rejects.toEqual(failure('CONFIG_KEY_UNKNOWN'));
  await expect(services.configs.plan([{ ...REGION, section: 'a]b', key: 'X' }], null)).rejects.toEqual(failure('CONFIG_KEY_INVALID'));
  await expect(services.configs.plan([{ ...REGION, value: 'here' }], null)).rejects.toEqual(failure('CONFIG_VALUE_INVALID'));
  await expect(services.configs.plan([REGION], 'n9')).rejects.toEqual(failure('CONFIG_NODE_UNKNOWN'));
  await expect(services.configs.set([REGION], null, 'us')).rejects.toEqual(failure('CONFIRMATION_MISMATCH'));
  await expect(services.addNode('n1', file('n1'))).rejects.toEqual(failure('CONFIG_NODE_EXISTS'));
  await expect(services.removeNode('n9')).rejects.toEqual(failure('CONFIG_NODE_UNKNOWN'));
  writeFileSync(file('n1'), Buffer.from(`\ufeff${text}`, 'utf16le'));
  await expect(services.configs.plan([REGION], null)).rejects.toEqual(failure('CONFIG_ENCODING_UNSUPPORTED'));
  writeFileSync(file('n1'), text);
  await services.removeNode('n1');
  await expect(services.configs.plan([REGION], null)).rejects.toEqual(failure('CONFIG_NODES_MISSING'));
  expect(readFileSync(file('n1'), 'utf8')).toBe(text);
});

test('once the KeyStore is on it can not be turned off from here', async () => {
  await withNode('n1', 'MASTERKEY_KEY_STORE_ENABLED=true\nKEY_STORE_LOCATION=/x\n');
  const off = { section: '', key: 'MASTERKEY_KEY_STORE_ENABLED', value: 'false' };
  expect(await services.configs.plan([off], null)).toMatchObject([{ changed: true }]);
  await services.profiles.save({ ...(await services.profiles.get('eu')), keystore: { file: join(home, 'k.p12') } });
  await services.close();
  services = await openServices({ home, profile: 'eu' });
  await expect(services.configs.plan([off], null)).rejects.toEqual(failure('KEYSTORE_CANNOT_TURN_OFF'));
  await expect(services.configs.plan([{ ...off, value: null }], null)).rejects.toEqual(failure('KEYSTORE_CANNOT_TURN_OFF'));
});

test('a key is taken out with every line that it has, on the nodes that have it; no other byte changes', async () => {
  await withNode('n1', '# ours\r\n[encryption_aws_kms]\r\nREGION = eu-west-1\r\nSECRET_ACCESS_KEY=known-77 # old\r\nSECRET_ACCESS_KEY=known-78');
  await withNode('n2', 'ENTITY_ENCRYPTON_MODE=MDB\n[encryption_aws_kms]\nREGION=eu-west-1\n');
  const secret = { section: 'encryption_aws_kms', key: 'SECRET_ACCESS_KEY', value: null };
  const planned = await services.configs.plan([secret], null);
  expect(planned.map(({ node, changed }) => [node, changed])).toEqual([['n1', true], ['n2', false]]);
  expect(planned[0]?.diff).toContain('-SECRET_ACCESS_KEY=');
  expect(JSON.stringify(planned)).not.toContain('known-7');
  expect(readFileSync(file('n1'), 'utf8')).toContain('known-77');
  await expect(services.configs.set([secret], null, 'us')).rejects.toEqual(failure('CONFIRMATION_MISMATCH'));
  expect((await services.configs.set([secret], null, 'eu')).map(({ backup }) => backup)).toEqual([`${file('n1')}.bak`, null]);
  expect(readFileSync(file('n1'), 'utf8')).toBe('# ours\r\n[encryption_aws_kms]\r\nREGION = eu-west-1');
  // A misspelt key is what one wants to be rid of, and one node alone has it.
  const misspelt = { section: '', key: 'ENTITY_ENCRYPTON_MODE', value: null };
  expect((await services.configs.set([misspelt], null, 'eu')).map(({ changed }) => changed)).toEqual([false, true]);
  expect(readFileSync(file('n2'), 'utf8')).toBe('[encryption_aws_kms]\nREGION=eu-west-1\n');
  const acts = (await services.cluster.trail.list({ limit: 10, act: 'config.set' })).records.filter(({ outcome }) => outcome === 'done').map(({ context }) => JSON.parse(context) as unknown);
  expect(acts).toEqual([{ removed: ['ENTITY_ENCRYPTON_MODE'], changed: ['n2'] }, { removed: ['encryption_aws_kms.SECRET_ACCESS_KEY'], changed: ['n1'] }]);
});

test('what is not there is taken out in vain where it is a parameter, and refused where no file has such a key', async () => {
  await withNode('n1', '[encryption_aws_kms]\nREGION=eu-west-1\n');
  expect(await services.configs.set([{ section: '', key: 'ENTITY_ENCRYPTION_MODE', value: null }], null, 'eu')).toMatchObject([{ changed: false, backup: null }]);
  await expect(services.configs.plan([{ ...REGION, key: 'REGON', value: null }], null)).rejects.toMatchObject({ code: 'CONFIG_KEY_UNKNOWN', details: { suggestion: 'encryption_aws_kms.REGION' } });
  await expect(services.configs.plan([{ ...REGION, section: 'a]b', value: null }], null)).rejects.toEqual(failure('CONFIG_KEY_INVALID'));
});

test('a folder is searched as a job, which can be cancelled; the result is kept', async () => {
  expect(services.scans.last()).toBeNull();
  const folder = join(home, 'many');
  mkdirSync(folder);
  for (let index = 0; index < 40; index += 1) writeFileSync(join(folder, `${index}.sh`), 'keytool -storepass known-77\n');
  await services.scans.start(folder);
  await expect.poll(() => services.scans.last()?.state).toBe('done');
  const scan = contract['config.lastScan'].output.parse({ scan: services.scans.last() }).scan;
  expect(scan).toMatchObject({ path: folder, total: 40, files: 40, failure: null });
  expect(scan?.findings).toHaveLength(40);
  expect(JSON.stringify(scan)).not.toContain('known-77');
  expect(services.jobs.list()).toMatchObject([{ kind: 'scan', state: 'done', done: 40 }]);

  writeFileSync(join(folder, 'large.txt'), 'nothing to see here, move on\n'.repeat(1_000_000));
  const { id } = await services.scans.start(folder);
  await services.jobs.stop(id, 'cancelled');
  expect(services.scans.last()).toMatchObject({ id, state: 'stopped' });

  await services.scans.start(join(home, 'not-there'));
  await expect.poll(() => services.scans.last()?.failure?.code).toBe('FILE_NOT_FOUND');
});
