import { existsSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { DEFINITION, failure, Machine, PASSWORD } from './fkc.ts';

const machine = new Machine();
afterAll(() => machine[Symbol.dispose]());

const on = (...args: string[]): string[] => ['--profile', 'later', ...args];
const enable = on('keystore', 'enable', '--keystore', 'later.keystore', '--keystore-password-file', 'password.txt');

test('the KeyStore is turned on later, and can not be turned off', async () => {
  machine.write('password.txt', PASSWORD);
  machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  machine.source(3);
  await machine.json(['profile', 'create', 'later', '--sqlite', 'later.sqlite']);
  await machine.json(on('lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', 'crm.sqlite'));

  const radius = await machine.json([...enable, '--dry-run']);
  expect(radius).toMatchObject({ ok: true, dryRun: true, instances: 3, generations: 2, confirm: 'later' });
  expect(existsSync(machine.file('later.keystore'))).toBe(false);
  expect(await machine.json([...enable, '--confirm', 'wrong'], { code: 1 })).toEqual(failure('CONFIRMATION_MISMATCH'));
  expect(existsSync(machine.file('later.keystore'))).toBe(false);

  const { description } = await machine.json(enable);
  const { rows } = await machine.json(on('census'));
  expect(rows).toHaveLength(1);
  expect(rows[0]?.keyDescription).not.toBe(description);
  expect(await machine.json(on('lu', 'verify'))).toEqual({ checked: 3, readable: 3, unreadable: [] });
  expect(await machine.json(enable, { code: 1 })).toEqual(failure('KEYSTORE_ALREADY_ENABLED'));
  expect(await machine.json(['profile', 'show', 'later'])).toMatchObject({ lus: ['CUSTOMER'], keystore: { passwordFile: machine.file('password.txt') } });

  await machine.json(['profile', 'create', 'off', '--sqlite', 'later.sqlite']);
  expect(await machine.json(['--profile', 'off', 'lu', 'verify'], { code: 1 })).toEqual(failure('KEYSTORE_CANNOT_TURN_OFF'));
  const refused = (await machine.json(on('audit', 'list'))).records.filter((record) => record.outcome === 'refused');
  expect(refused.map((record) => [record.act, JSON.parse(record.context).code])).toEqual([
    ['go-live', 'KEYSTORE_CANNOT_TURN_OFF'],
    ['keystore.enable', 'KEYSTORE_ALREADY_ENABLED'],
    ['keystore.enable', 'CONFIRMATION_MISMATCH'],
  ]);
}, 60_000);

test('the password comes from the environment where the profile names no file', async () => {
  await machine.json(['profile', 'create', 'asked', '--sqlite', 'later.sqlite', '--keystore', 'later.keystore']);
  const env = { FKC_PROFILE: 'asked' };
  expect(await machine.json(['keys', 'verify'], { env, code: 1 })).toEqual(failure('KEYSTORE_PASSWORD_MISSING'));
  expect(await machine.json(['keys', 'verify'], { env: { ...env, FKC_KEYSTORE_PASSWORD: PASSWORD } })).toMatchObject({ checked: 4, readable: 4 });
  expect(await machine.json(['profile', 'create', 'bad', '--sqlite', 'x.sqlite', '--keystore', 'later.keystore'], { env: { FKC_KEYSTORE_PASSWORD: 'not-the-one' }, code: 1 })).toEqual(
    failure('KEYSTORE_PASSWORD_WRONG'),
  );
  expect(await machine.json(['profile', 'show', 'bad'], { code: 1 })).toEqual(failure('PROFILE_UNKNOWN'));
  expect(machine.written).not.toContain(PASSWORD);
}, 30_000);

test('a production profile has its name typed, where it is not a script that acts', async () => {
  await machine.json(['profile', 'create', 'prod', '--sqlite', 'prod.sqlite', '--production', '--key-name', 'tenant_a']);
  const run = ['--profile', 'prod', 'run', "activatekey name='tenant_a'"];
  expect(await machine.json([...run, '--confirm', 'dev'], { code: 1 })).toEqual(failure('CONFIRMATION_MISMATCH'));
  expect(await machine.json([...run, '--confirm', 'prod'])).toMatchObject({ ok: true, name: 'tenant_a', previous: null });
  expect(await machine.json(run)).toMatchObject({ ok: true, previous: expect.any(String) });
  expect((await machine.json(['--profile', 'prod', 'audit', 'list', '--search', 'CONFIRMATION_MISMATCH'])).records).toHaveLength(1);
  expect(await machine.json(['profile', 'create', 'bad', '--sqlite', 'x.sqlite', '--key-name', 'Tenant'], { code: 1 })).toEqual(failure('PROFILE_INVALID'));
}, 30_000);
