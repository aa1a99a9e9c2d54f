import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFINITION, failure, Machine } from './fkc.ts';

const machine = new Machine();
afterAll(() => machine[Symbol.dispose]());

const env = { FKC_PROFILE: 'plain' };

beforeAll(async () => {
  machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  machine.source(4);
  await machine.json(['profile', 'create', 'plain', '--sqlite', 'plain.sqlite', '--fips']);
  await machine.json(['lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', 'crm.sqlite'], { env });
}, 30_000);

test('fields: sealed for one instance, opened, sealed anew', async () => {
  const { value } = await machine.json(['field', 'encrypt', 'CUSTOMER', '1'], { env, input: 'grün\n' });
  expect((await machine.run(['field', 'decrypt', 'CUSTOMER', '1'], { env, input: `${value}\n` })).stdout.toString()).toBe('grün\n');
  expect(await machine.json(['field', 'decrypt', 'CUSTOMER', '2'], { env, input: value, code: 1 })).toEqual(failure('FIELD_AUTHENTICATION_FAILED'));
  await machine.json(['run', "activatekey name='masterkey_key_name'"], { env });
  const rekeyed = (await machine.run(['field', 'rekey', 'CUSTOMER', '1'], { env, input: value })).stdout.toString();
  expect(rekeyed.trim()).not.toBe(value);
  expect(await machine.json(['field', 'decrypt', 'CUSTOMER', '1'], { env, input: rekeyed })).toEqual({ lu: 'CUSTOMER', id: '1', value: 'grün' });
  const binary = Buffer.from([0xff, 0x00, 0x0a]);
  const sealed = await machine.run(['field', 'encrypt', 'CUSTOMER', '1', '--exact'], { env, input: binary });
  expect((await machine.run(['field', 'decrypt', 'CUSTOMER', '1', '--exact'], { env, input: sealed.stdout })).stdout).toEqual(binary);
  expect(await machine.json(['field', 'decrypt', 'CUSTOMER', '1'], { env, input: sealed.stdout })).toEqual({ lu: 'CUSTOMER', id: '1', base64: '/wAK' });
}, 30_000);

test('hash: one a line, equal for equal values within a name space', async () => {
  const lines = (await machine.run(['hash', '--namespace', 'email'], { env, input: 'anna\r\nbert\nanna' })).stdout.toString().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(lines[2]).toBe(lines[0]);
  expect(lines[1]).not.toBe(lines[0]);
  const { namespace, hashes } = await machine.json(['hash', '--namespace', 'phone'], { env, input: 'anna\n' });
  expect({ namespace, count: hashes.length }).toEqual({ namespace: 'phone', count: 1 });
  expect(hashes[0]).not.toBe(lines[0]);
  expect(await machine.json(['hash', '--namespace', 'x'], { env, input: Buffer.from([0xff, 0x0a]), code: 1 })).toEqual(failure('INPUT_INVALID'));
}, 30_000);

test('list, delete, a damaged instance', async () => {
  expect(await machine.json(['lu', 'list'], { env })).toEqual({ lus: [{ lu: 'CUSTOMER', instances: 4, bytes: expect.any(Number), generations: 1 }], census: { at: expect.any(Number), live: true, complete: true } });
  expect(await machine.json(['lu', 'delete', 'CUSTOMER', '2', '--dry-run'], { env })).toMatchObject({ ok: true, dryRun: true, revision: 1 });
  expect(await machine.json(['lu', 'delete', 'CUSTOMER', '2', '--confirm', '3'], { env, code: 1 })).toEqual(failure('CONFIRMATION_MISMATCH'));
  expect(await machine.json(['lu', 'delete', 'CUSTOMER', '2'], { env })).toMatchObject({ ok: true });
  expect(await machine.json(['lu', 'delete', 'CUSTOMER', '2'], { env, code: 1 })).toEqual(failure('INSTANCE_NOT_FOUND'));
  const { instances, more } = await machine.json(['lu', 'list', 'CUSTOMER', '--limit', '2'], { env });
  expect([instances.map((one) => one.id), more]).toEqual([['1', '3'], true]);

  const db = new DatabaseSync(machine.file('plain.sqlite'));
  db.exec("UPDATE k2view_entity_data SET sealed = zeroblob(length(sealed)) WHERE place = (SELECT place FROM k2view_entity WHERE id = '3')");
  db.close();
  expect(await machine.json(['lu', 'verify'], { env, code: 1 })).toEqual({
    checked: 3,
    readable: 2,
    unreadable: [expect.objectContaining({ lu: 'CUSTOMER', id: '3', code: expect.stringMatching(/^ENVELOPE_/) })],
  });
  const told = await machine.run(['lu', 'verify', 'CUSTOMER'], { env });
  expect([told.code, told.stdout.toString()]).toEqual([1, expect.stringContaining('2 of 3 instances can be read.')]);
}, 30_000);

test('the audit trail: list, export, verify against its head, a changed record', async () => {
  const { records, more, total } = await machine.json(['audit', 'list', '--limit', '2'], { env });
  expect([records.length, more, records[0]?.seq]).toEqual([2, true, total]);
  expect((await machine.json(['audit', 'list', '--act', 'lu.delete'], { env })).records.map((record) => record.outcome)).toEqual([
    'refused', 'started', 'done', 'started', 'refused',
  ]);
  expect(await machine.json(['audit', 'export', 'audit.jsonl'], { env })).toMatchObject({ ok: true, records: total });
  expect(await machine.json(['audit', 'export', '--head-only', 'head.json'], { env })).toMatchObject({ ok: true });
  for (const head of ['audit.jsonl', 'head.json']) expect(await machine.json(['audit', 'verify', '--head', head], { env })).toMatchObject({ records: total, intact: true });
  expect(await machine.json(['audit', 'verify', '--head', 'customer.lu.json'], { env, code: 1 })).toEqual(failure('INPUT_INVALID'));

  const db = new DatabaseSync(machine.file('plain.sqlite'));
  const triggers = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'k2audit_k2_auditing'").all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER "${String(name)}"`);
  db.exec("UPDATE k2audit_k2_auditing SET object = 'nobody' WHERE seq = 3");
  db.close();
  expect(await machine.json(['audit', 'verify'], { env, code: 1 })).toMatchObject({ records: total, intact: false, broken: { seq: 3 } });
}, 30_000);
