import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TrailMarks } from '../../app/services/trail-marks.ts';
import { AuditTrail, type AuditFacts } from '../../main/audit/trail.ts';
import { AppError } from '../../main/errors.ts';
import type { AuditRepository, SystemDb } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { chainOf, tellings, trailOf } from '../audit/trails.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

let folder: string;
let db: SystemDb;
let trail: AuditTrail;
let clock = 0;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fkc-marks-'));
  db = await openSqlite(path.join(folder, 'system.db'));
  clock = 1000;
  trail = new AuditTrail(db.audit, 'admin@host', () => (clock += 1));
});
afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function act(name: string, facts: AuditFacts = {}): Promise<void> {
  await trail.guarded(name, KEY, { provider: 'AWS_KMS' }, (note) => {
    note(facts);
    return Promise.resolve();
  });
}

test('acts on keys of a KMS that were carried out are marks, with the key, who did it and when', async () => {
  const marks = new TrailMarks(db.audit);
  expect(await marks.list()).toEqual([]);
  await act('kms.disable', { state: 'disabled' });
  await act('kms.enable');
  await act('kms.rotate');
  await act('kms.schedule-deletion', { deletionAt: 5_000_000 });
  await act('kms.cancel-deletion');
  await act('kms.test');
  const at = { provider: 'AWS_KMS', keyId: KEY, deletionAt: null };
  const shown = await marks.list();
  expect(shown).toMatchObject([
    { kind: 'kms-disabled', label: 'KMS key 1234abcd-12ab-34cd-56ef-1234567890ab disabled', name: null, actor: 'admin@host', at: 1002, record: 2, rekey: null, kms: at },
    { kind: 'kms-enabled', kms: at },
    { kind: 'kms-rotated', kms: at },
    { kind: 'kms-deletion-scheduled', kms: { ...at, deletionAt: 5_000_000 } },
    { kind: 'kms-deletion-cancelled', kms: at },
  ]);
  expect(await marks.list()).toEqual(shown);
});

test('what was refused, failed or never completed is no mark', async () => {
  await expect(trail.guarded('kms.disable', KEY, { provider: 'AWS_KMS' }, () => Promise.reject(new AppError('KMS_KEY_IN_USE', 'no', 'no')))).rejects.toMatchObject({ code: 'KMS_KEY_IN_USE' });
  await trail.record({ act: 'kms.disable', object: KEY, context: { provider: 'AWS_KMS' }, outcome: 'started' });
  expect(await new TrailMarks(db.audit).list()).toEqual([]);
});

test('the protection key keeps its marks; a record whose facts were damaged is a mark without a key', async () => {
  const records = chainOf([
    { at: 1, actor: 'a', act: 'keystore.rotate-protection', object: 'eu', context: '{}', outcome: 'done', completes: null },
    { at: 2, actor: 'a', act: 'kms.disable', object: KEY, context: '{"provider":', outcome: 'started', completes: null },
    { at: 3, actor: 'a', act: 'kms.disable', object: KEY, context: 'null', outcome: 'done', completes: 2 },
  ]);
  expect(await new TrailMarks(trailOf(records)).list()).toMatchObject([{ kind: 'protection-rotated', label: 'Protection key rotated', kms: null }, { kind: 'kms-disabled', kms: null }]);
});

test('only new records are read, whatever the length of the trail; one that was put back is read anew', async () => {
  const records = chainOf(tellings(1201));
  const shorter = chainOf([{ at: 9, actor: 'b', act: 'keystore.enable', object: 'f', context: '{}', outcome: 'done', completes: null }, ...tellings(1200)]);
  let current = trailOf(records.slice(0, 1101));
  let read = 0;
  const audit: AuditRepository = {
    append: () => Promise.resolve(false),
    head: () => current.head(),
    read: async (from, limit) => {
      const found = await current.read(from, limit);
      read += found.length;
      return found;
    },
  };
  const marks = new TrailMarks(audit);
  expect(await marks.list()).toHaveLength(550);
  current = trailOf(records);
  read = 0;
  expect(await marks.list()).toHaveLength(600);
  expect(read).toBe(101);
  current = trailOf(shorter);
  expect((await marks.list())[0]).toMatchObject({ at: 9, actor: 'b' });
});
