import { expect, test, vi } from 'vitest';
import * as envelope from '../../main/crypto/envelope.ts';
import { readFieldHeader } from '../../main/crypto/field.ts';
import { Fields } from '../../main/lu/fields.ts';
import { retryCampaign } from '../../main/rekey/retry.ts';
import { runCampaign } from '../../main/rekey/run.ts';
import { campaignStatus } from '../../main/rekey/state.ts';
import { GenerationTreatment } from '../../main/rekey/treatment.ts';
import type { StoredInstance } from '../../main/systemdb/repositories.ts';
import { keptMemory } from '../crypto/kept-memory.ts';
import { failureOf, imageOf, rowsOf } from '../lu/fixtures.ts';
import { cluster, LU, started } from './fixtures.ts';

test('a campaign over fields brings named columns under the active generation, and leaves an odd instance as it is', async () => {
  const { db, keys, instances } = await cluster(0);
  const fields = new Fields(keys);
  const token = (text: string, id: string): Promise<string> => fields.luEncrypt(Buffer.from(text), LU, id);
  const save = (id: string, ...values: (string | null)[]): Promise<void> =>
    instances.save(LU, id, imageOf(`CREATE TABLE person(k INTEGER PRIMARY KEY, ssn TEXT, note TEXT) WITHOUT ROWID; CREATE INDEX by_ssn ON person(ssn); ${values.map((value, i) => `INSERT INTO person VALUES (${i}, ${value === null ? 'NULL' : `'${value}'`}, 'plain')`).join(';')}`));
  const shared = await token('one', '1');
  await save('1', shared, shared, null);
  await save('2', await token('two', '2'), 'no token');
  await save('3', null);
  const odd = await db.instances.get(LU, '2');
  keys.rotate('key-3');
  const { record } = await started(db, keys, {}, { fields: [{ lu: LU, table: 'PERSON', column: 'SSN' }] });
  expect(await runCampaign({ db, keys, id: record.id, worker: 'a' })).toBe('done');

  const { image, info } = await instances.read(LU, '1');
  expect(info.keyDescription).toBe('key-3');
  const rows = rowsOf(image, 'person');
  expect(rows.map((row) => row[2])).toEqual(['plain', 'plain', 'plain']);
  expect(readFieldHeader(String(rows[0]![1])).keyDescription).toBe('key-3');
  expect(rows[1]![1]).toBe(rows[0]![1]);
  expect(rows[2]![1]).toBeNull();
  expect((await fields.luDecrypt(String(rows[0]![1]), LU, '1')).toString()).toBe('one');
  expect(Buffer.from(image).includes(shared.slice(20, 60))).toBe(false);
  expect(await db.instances.get(LU, '2')).toEqual(odd);
  expect((await db.instances.get(LU, '3'))?.keyDescription).toBe('key-2');
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toMatchObject([{ id: '2', code: 'FIELD_MALFORMED' }]);
  expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'done', done: 2, total: 3, failed: 1, outcome: { proven: false, failures: 1 } });
  const { outcome } = await campaignStatus(db, record.id);
  const ssn = { lu: LU, table: 'PERSON', column: 'SSN' };
  // The instance that was left is known not to be known; the value of it that was well is not counted as gone.
  expect(outcome?.kind === 'proof' ? outcome.fields : null).toEqual({
    columns: [{ ...ssn, keyDescription: 'key-3', instances: 1, values: 1 }],
    left: 0,
    unread: 1,
    renewed: [{ keyDescription: 'key-2', values: 1 }],
    failed: [{ keyDescription: 'key-2', instances: 1 }],
  });
  // Mended, it is retried by itself, and the columns are read anew.
  await save('2', await token('two', '2'));
  keys.rotate('key-4');
  await save('4', await token('four', '4'));
  expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ retried: 1, failed: 0 });
  const again = (await campaignStatus(db, record.id)).outcome;
  expect(again?.kind === 'proof' ? again.fields : null).toMatchObject({
    columns: [{ ...ssn, keyDescription: 'key-3', instances: 1, values: 1 }, { ...ssn, keyDescription: 'key-4', instances: 2, values: 2 }],
    left: 1,
    unread: 0,
    failed: [],
  });

  const { record: missing } = await started(db, keys, {}, { fields: [{ lu: LU, table: 'person', column: 'absent' }] });
  await runCampaign({ db, keys, id: missing.id, worker: 'a' });
  expect((await db.campaigns.failures(missing.id, { limit: 5 })).map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'FIELD_MALFORMED'));
});

test('an instance whose table would run code on a change is left as it is', async () => {
  const { db, keys, instances } = await cluster(0);
  const token = await new Fields(keys).luEncrypt(Buffer.from('x'), LU, '1');
  await instances.save(LU, '1', imageOf(`CREATE TABLE p(v TEXT); INSERT INTO p VALUES ('${token}'); CREATE TRIGGER t AFTER UPDATE ON p BEGIN DELETE FROM p; END`));
  keys.rotate('key-3');
  const { record } = await started(db, keys, {}, { fields: [{ lu: LU, table: 'p', column: 'v' }] });
  await runCampaign({ db, keys, id: record.id, worker: 'a' });
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toMatchObject([{ code: 'FIELD_MALFORMED' }]);
});

test('plain bytes are zeroed, also where sealing fails', async () => {
  const { db, keys } = await cluster(1);
  const stored = (await db.instances.get(LU, '000000')) as StoredInstance;
  using _kept = keptMemory();
  const opened: Buffer[] = [];
  const copy = Buffer.prototype.fill;
  const spy = vi.spyOn(Buffer.prototype, 'fill').mockImplementation(function (this: Buffer, ...args: unknown[]) {
    if (this.length > 500) opened.push(this);
    return (copy as (...all: unknown[]) => Buffer).apply(this, args);
  } as never);
  try {
    const treatment = new GenerationTreatment(keys, { from: ['key-1'] });
    const active = await keys.active();
    await treatment.reseal(stored, active);
    expect(await failureOf(() => treatment.reseal(stored, { ...active, description: '' }))).toBeDefined();
  } finally {
    spy.mockRestore();
  }
  expect(opened).toHaveLength(2);
  expect(opened.every((plain) => plain.every((byte) => byte === 0))).toBe(true);
  expect(envelope.readEnvelopeHeader(stored.sealed).keyDescription).toBe('key-1');
});
