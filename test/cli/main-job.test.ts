import { existsSync, statSync, readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { DEFINITION, failure, Machine, PASSWORD } from './fkc.ts';

const machine = new Machine();
afterAll(() => machine[Symbol.dispose]());

const LINE = "activatekey name='masterkey_key_name'";
const on = (...args: string[]): string[] => ['--profile', 'mine', ...args];

test('an admin activates a key, saves under it, rotates, reads everything back', async () => {
  const passwordFile = machine.write('password.txt', `${PASSWORD}\n`);
  const definition = machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  const source = machine.source(5);

  const created = await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite', '--keystore', 'fabric.keystore', '--keystore-password-file', 'password.txt']);
  expect(created).toMatchObject({ ok: true, name: 'mine', sqlite: machine.file('mine.sqlite'), keystore: { file: machine.file('fabric.keystore'), passwordFile } });
  expect(statSync(machine.file('fabric.keystore')).mode & 0o777).toBe(0o600);
  expect(await machine.json(['profile', 'show', 'mine'])).toMatchObject({ name: 'mine', fips: false, production: false, lus: [] });
  expect(await machine.json(['profile', 'create', 'mine', '--sqlite', 'other.sqlite'], { code: 1 })).toEqual(failure('PROFILE_EXISTS'));

  expect(await machine.json(on('lu', 'import', 'CUSTOMER', '--definition', definition, '--source', source))).toEqual({ ok: true, lu: 'CUSTOMER', imported: 5, unchanged: 0, total: 5 });
  expect(await machine.json(on('lu', 'import', 'CUSTOMER', '--source', source))).toMatchObject({ imported: 0, unchanged: 5 });
  expect((await machine.json(['profile', 'list'])).profiles).toEqual([expect.objectContaining({ name: 'mine', lus: ['CUSTOMER'] })]);

  const plan = await machine.json(on('run', LINE, '--dry-run'));
  expect(plan).toMatchObject({ ok: true, dryRun: true, name: 'masterkey_key_name', staysReadable: [expect.objectContaining({ instances: 5 })] });
  const { description, previous, ...rest } = await machine.json(on('run', LINE, '--reason', 'quarterly rotation'));
  expect(rest).toMatchObject({ ok: true, name: 'masterkey_key_name' });
  expect(previous).toBe(plan.previous);

  const { keys } = await machine.json(on('keys', 'list'));
  const lui = keys.filter((key) => key.name === 'masterkey_key_name');
  expect(lui.map((key) => [key.description, key.state])).toEqual([
    [previous, 'deactivated'],
    [description, 'active'],
  ]);
  expect(lui[1]).toMatchObject({ generator: 'Java_AES', store: 'Stripe_AES', activatedAt: expect.any(Number), fingerprint: expect.any(String), reason: 'quarterly rotation' });

  const read = await machine.json(on('lu', 'read', 'CUSTOMER', '3', '--out', 'three.sqlite'));
  expect(read).toMatchObject({ ok: true, keyDescription: previous, file: 'three.sqlite' });
  expect(statSync(machine.file('three.sqlite')).mode & 0o777).toBe(0o600);
  expect(await machine.json(on('lu', 'read', 'CUSTOMER', '3', '--out', 'three.sqlite'), { code: 1 })).toEqual(failure('FILE_EXISTS'));
  expect(await machine.json(on('lu', 'read', 'CUSTOMER', '3', '--out', 'three.sqlite', '--force'))).toMatchObject({ ok: true });
  const piped = await machine.run(on('lu', 'read', 'CUSTOMER', '3', '--out', '-'));
  expect(piped.stdout.equals(readFileSync(machine.file('three.sqlite')))).toBe(true);
  expect(await machine.json(on('lu', 'save', 'CUSTOMER', '3', '--in', '-'), { input: piped.stdout })).toMatchObject({ ok: true, keyDescription: description, revision: 2 });
  expect(await machine.json(on('lu', 'save', 'CUSTOMER', '4', '--in', 'password.txt'), { code: 1 })).toEqual(failure('INSTANCE_NOT_A_MICRODB'));

  const census = await machine.json(on('census'));
  expect(census.total).toBe(5);
  expect(census.rows).toEqual([
    { lu: 'CUSTOMER', keyDescription: previous, instances: 4, bytes: expect.any(Number) },
    { lu: 'CUSTOMER', keyDescription: description, instances: 1, bytes: expect.any(Number) },
  ]);
  const rotated = await machine.json(on('keystore', 'rotate-protection'));
  expect(rotated).toMatchObject({ ok: true, description: expect.not.stringMatching(description) });
  expect(await machine.json(on('lu', 'verify'))).toEqual({ checked: 5, readable: 5, unreadable: [] });
  expect(await machine.json(on('keys', 'verify'))).toEqual({ checked: 5, readable: 5, unreadable: [], orphans: [] });
  expect(await machine.json(on('keys', 'show', description))).toMatchObject({ state: 'deactivated', instances: 1, instancesByLu: [{ lu: 'CUSTOMER', instances: 1, bytes: expect.any(Number) }] });
  expect(await machine.json(on('audit', 'verify'))).toMatchObject({ records: expect.any(Number), intact: true, head: expect.stringMatching(/^[0-9a-f]{64}$/), broken: null });
  expect(machine.written).not.toContain(PASSWORD);
}, 60_000);

test('two command lines activate at once: each wins or is told', async () => {
  const runs = await Promise.all([machine.run(on('run', LINE, '--json')), machine.run(on('run', LINE, '--json'))]);
  const answers = runs.map(({ stdout }) => JSON.parse(stdout.toString('utf8')));
  const won = answers.filter((answer) => answer.ok);
  expect(won.length).toBeGreaterThan(0);
  for (const answer of answers.filter((one) => !one.ok)) expect(answer).toEqual(failure('KEY_ACTIVATION_LOST'));
  const { keys } = await machine.json(on('keys', 'list'));
  const active = keys.filter((key) => key.name === 'masterkey_key_name' && key.state === 'active');
  expect(active).toHaveLength(1);
  expect(won.map((answer) => answer.description)).toContain(active[0]?.description);
  expect(await machine.json(on('lu', 'verify', 'CUSTOMER'))).toMatchObject({ checked: 5, readable: 5 });
}, 30_000);

test('what needs no key needs no password; what needs one says so', async () => {
  machine.write('password.txt', 'another-password');
  expect((await machine.run(on('keys', 'list'))).code).toBe(0);
  expect((await machine.run(on('lu', 'list', 'CUSTOMER', '--limit', '2'))).stdout.toString()).toContain('More: --after 2');
  expect(await machine.json(on('keys', 'verify'), { code: 1 })).toEqual(failure('KEYSTORE_PASSWORD_WRONG'));
  machine.write('right.txt', `${PASSWORD}\r\n`);
  expect(await machine.json(on('keys', 'verify', '--keystore-password-file', 'right.txt'))).toMatchObject({ unreadable: [] });
  expect(await machine.json(on('keys', 'verify', '--keystore-password-file', 'none.txt'), { code: 1 })).toEqual(failure('KEYSTORE_PASSWORD_MISSING'));
  expect(await machine.json(on('lu', 'list', 'NOTHING'), { code: 1 })).toEqual(failure('LU_UNKNOWN'));
  expect(existsSync(machine.file('home/demo'))).toBe(false);
  expect(machine.written).not.toContain(PASSWORD);
  expect(machine.written).not.toContain('another-password');
}, 30_000);
