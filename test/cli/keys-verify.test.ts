import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFINITION, failure, Machine, PASSWORD } from './fkc.ts';

const machine = new Machine();
afterAll(() => machine[Symbol.dispose]());

const on = (...args: string[]): string[] => ['--profile', 'mine', ...args];
const OLD_ORPHAN = 'masterkey_key_name-20200101t000000.000z-00000000';

/** Changes the system database behind the console's back. */
function behindItsBack(sql: string, ...values: (string | number)[]): void {
  const db = new DatabaseSync(machine.file('mine.sqlite'), { timeout: 5_000 });
  db.prepare(sql).run(...values);
  db.close();
}

let first = '';
let second = '';
let hash = '';
let young = '';

beforeAll(async () => {
  machine.write('password.txt', PASSWORD);
  machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  machine.source(3);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite', '--keystore', 'fabric.keystore', '--keystore-password-file', 'password.txt']);
  await machine.json(on('lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', 'crm.sqlite'));
  second = (await machine.json(on('run', "activatekey name='masterkey_key_name'"))).description;
  const { keys } = await machine.json(on('keys', 'list'));
  first = keys.find(({ name, description }) => name === 'masterkey_key_name' && description !== second)?.description ?? '';
  hash = keys.find(({ name }) => name === 'k2_hash_key')?.description ?? '';
  young = `masterkey_key_name-${new Date().toISOString().replaceAll(/[-:]/g, '').toLowerCase()}-11111111`;
  for (const orphan of [OLD_ORPHAN, young]) for (const idx of [0, 1, 2]) behindItsBack('INSERT INTO k2auth_stripe_key_storage VALUES (?, ?, 7)', orphan, idx);
}, 60_000);

test('keys verify names what a crash left behind, and is content with it', async () => {
  expect(await machine.json(on('keys', 'verify'))).toEqual({ checked: 3, readable: 3, unreadable: [], orphans: [OLD_ORPHAN, young] });
  const { code, stdout } = await machine.run(on('keys', 'verify'));
  expect(code).toBe(0);
  expect(stdout.toString()).toBe(`3 of 3 generations can be used.\nLeft behind by a crash, nothing is encrypted under them (fkc keys remove-orphans):\n  ${OLD_ORPHAN}\n  ${young}\n`);
}, 60_000);

test('remove-orphans removes the old ones, and none that an activation may still be making', async () => {
  expect(await machine.json(on('keys', 'remove-orphans', '--dry-run'))).toEqual({ ok: true, orphans: [OLD_ORPHAN], removed: false });
  expect(await machine.json(on('keys', 'remove-orphans'))).toEqual({ ok: true, orphans: [OLD_ORPHAN], removed: true });
  expect(await machine.json(on('keys', 'verify'))).toEqual({ checked: 3, readable: 3, unreadable: [], orphans: [young] });
  expect((await machine.run(on('keys', 'remove-orphans'))).stdout.toString()).toBe('There is nothing to remove.\n');
}, 60_000);

test('keys verify names each damaged generation with its code, and exits with 1', async () => {
  behindItsBack('DELETE FROM k2auth_stripe_key_storage WHERE key_description = ? AND idx = 17', first);
  behindItsBack('UPDATE k2auth_stripe_key_storage SET value = (value + 1) % 256 WHERE key_description = ? AND idx = 9', second);
  behindItsBack("UPDATE k2auth_keys_descriptions SET fingerprint = 'ffffffffffffffff' WHERE key_description = ?", hash);
  const words = { message: expect.stringMatching(/\S/) as string, remedy: expect.stringMatching(/\S/) as string };
  const { stderr, ...ran } = await machine.run(on('keys', 'verify', '--json'));
  expect(ran.code).toBe(1);
  const unreadable = [
    { description: first, code: 'KEY_STRIPES_MISSING', ...words },
    { description: second, code: 'KEY_STRIPES_CHANGED', ...words },
    { description: hash, code: 'KEY_FINGERPRINT_MISMATCH', ...words },
  ].sort((a, b) => (a.description < b.description ? -1 : 1));
  const document = JSON.parse(ran.stdout.toString()) as { unreadable: { description: string; message: string }[] };
  expect({ ...document, unreadable: document.unreadable.toSorted((a, b) => (a.description < b.description ? -1 : 1)) }).toEqual({ checked: 3, readable: 0, unreadable, orphans: [young] });
  expect(document.unreadable.find(({ description }) => description === first)?.message).toMatch(/\bstripe 17\b/);
  expect(document.unreadable.find(({ description }) => description === second)?.message).toMatch(/\bstripe 9\b/);
  expect(stderr).toBe('note: 3 key generations can not be used here; see: fkc keys verify\n');

  const text = await machine.run(on('keys', 'verify'));
  expect(text.code).toBe(1);
  const lines = text.stdout.toString().split('\n');
  expect(lines[0]).toBe('0 of 3 generations can be used.');
  for (const { description, code } of unreadable) expect(lines.map((line) => line.split(/ +/))).toContainEqual([description, code]);
  expect(await machine.json(on('keys', 'verify', 'masterkey_key_name-nothing'), { code: 1, stderr })).toEqual(failure('KEY_DESCRIPTION_UNKNOWN'));
  // A damaged generation is never taken for an orphan.
  expect(await machine.json(on('keys', 'remove-orphans', '--dry-run'))).toMatchObject({ orphans: [] });
}, 60_000);
