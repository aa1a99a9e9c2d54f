import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { actorOf, AuditTrail } from '../../main/audit/trail.ts';
import { AppError } from '../../main/errors.ts';
import type { AuditRecord, AuditRepository, SystemDb } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';

let folder: string;
let db: SystemDb;
let trail: AuditTrail;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fkc-audit-'));
  db = await openSqlite(path.join(folder, 'system.db'));
  trail = new AuditTrail(db.audit, 'admin@host');
});
afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function outcomes(): Promise<unknown[]> {
  return (await db.audit.read(1, 100)).map(({ act, object, outcome, completes, context }) => [
    act,
    object,
    outcome,
    completes,
    JSON.parse(context) as unknown,
  ]);
}

function raised(code: AppError['code']): AppError {
  return new AppError(code, 'what', 'remedy');
}

/** The trail's repository with its n-th append (from 1) failing. */
function failing(nth: number): AuditRepository {
  let appends = 0;
  return {
    head: () => db.audit.head(),
    read: (fromSeq, limit) => db.audit.read(fromSeq, limit),
    append: async (record) => {
      appends += 1;
      if (appends === nth) throw raised('DISK_FULL');
      return db.audit.append(record);
    },
  };
}

test('the actor is the OS user at the host', () => {
  expect(actorOf()).toMatch(/^[^@]+@./);
  expect(actorOf().endsWith(`@${hostname()}`)).toBe(true);
});

describe('a guarded act', () => {
  test('is recorded before it is carried out, and completed with its facts', async () => {
    const result = await trail.guarded('activatekey', 'k', { reason: 'due' }, async (note) => {
      expect(await outcomes()).toEqual([['activatekey', 'k', 'started', null, { reason: 'due' }]]);
      note({ description: 'k-1' });
      note({ stripes: 96 });
      return 42;
    });
    expect(result).toBe(42);
    expect(await outcomes()).toEqual([
      ['activatekey', 'k', 'started', null, { reason: 'due' }],
      ['activatekey', 'k', 'done', 1, { description: 'k-1', stripes: 96 }],
    ]);
  });

  test.each([
    ['CONFIRMATION_MISMATCH', 'refused'],
    ['KEYSTORE_CANNOT_TURN_OFF', 'refused'],
    ['KEY_ACTIVATION_LOST', 'refused'],
    ['KEYSTORE_PASSWORD_WRONG', 'refused'],
    ['LOCKED', 'refused'],
    ['COMMAND_SYNTAX', 'refused'],
    ['GENERATOR_STORE_IMPOSSIBLE', 'refused'],
    ['KEYSTORE_WRITE_FAILED', 'failed'],
    ['KEY_STRIPES_CHANGED', 'failed'],
    ['DISK_FULL', 'failed'],
    ['CANCELLED', 'failed'],
  ] as const)('that ends with %s is %s, and throws it on', async (code, outcome) => {
    const error = raised(code);
    const act = trail.guarded('act', 'o', {}, async (note) => {
      note({ step: 'second' });
      return Promise.reject(error);
    });
    await expect(act).rejects.toBe(error);
    expect((await outcomes())[1]).toEqual(['act', 'o', outcome, 1, { step: 'second', code }]);
  });

  test('that fails unforeseen keeps the text of the error out of the trail', async () => {
    await expect(trail.guarded('act', 'o', {}, () => Promise.reject(new Error('the password is hunter2')))).rejects.toThrow('hunter2');
    expect((await outcomes())[1]).toEqual(['act', 'o', 'failed', 1, { code: 'INTERNAL' }]);
  });

  test('is not carried out if its start can not be recorded', async () => {
    let carriedOut = false;
    const act = new AuditTrail(failing(1), 'admin@host').guarded('act', 'o', {}, async () => {
      carriedOut = true;
      return Promise.resolve();
    });
    await expect(act).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(carriedOut).toBe(false);
    expect(await outcomes()).toEqual([]);
  });

  test('that was carried out and can not be completed says both', async () => {
    const act = new AuditTrail(failing(2), 'admin@host').guarded('act', 'o', {}, () => Promise.resolve(1));
    await expect(act).rejects.toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('was carried out') as string });
  });

  test('that failed and can not be completed throws its own error', async () => {
    const act = new AuditTrail(failing(2), 'admin@host').guarded('act', 'o', {}, () => Promise.reject(raised('KEY_ACTIVATION_LOST')));
    await expect(act).rejects.toMatchObject({ code: 'KEY_ACTIVATION_LOST' });
  });
});

describe('records', () => {
  test('of many at once all get in, in one chain', async () => {
    const second = new AuditTrail(db.audit, 'other@host');
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        (i % 2 === 0 ? trail : second).record({ act: 'act', object: `${i}`, context: {}, outcome: 'done' }),
      ),
    );
    expect(await trail.verify()).toMatchObject({ records: 60, intact: true });
    const objects = (await db.audit.read(1, 100)).map((record) => record.object);
    expect(new Set(objects).size).toBe(60);
  });

  test('an append that failed does not hold up the next one', async () => {
    const shaky = new AuditTrail(failing(1), 'admin@host');
    const entry = { act: 'act', object: 'o', context: {}, outcome: 'done' } as const;
    const [first, next] = await Promise.allSettled([shaky.record(entry), shaky.record(entry)]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FULL' } });
    expect(next).toMatchObject({ status: 'fulfilled', value: { seq: 1 } });
  });

  test('of a repository that never takes one gives up with a code', async () => {
    const never: AuditRepository = { ...failing(0), append: () => Promise.resolve(false) };
    const record = new AuditTrail(never, 'a').record({ act: 'act', object: 'o', context: {}, outcome: 'done' });
    await expect(record).rejects.toMatchObject({ code: 'DATABASE_LOCKED' });
  });

  test('hold text that is no valid Unicode, and stay verifiable', async () => {
    await trail.record({ act: 'act', object: 'half \ud83d', context: { half: '\udd11' }, outcome: 'done' });
    expect(await trail.verify()).toMatchObject({ intact: true });
  });

  test('are found by seq', async () => {
    const written = await trail.record({ act: 'act', object: 'o', context: {}, outcome: 'done' });
    expect(await trail.get(1)).toEqual(written);
    await expect(trail.get(0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(trail.get(2)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the list', () => {
  const seqs = (page: { records: AuditRecord[] }): number[] => page.records.map((record) => record.seq);

  test('is newest first, in pages, filtered by actor, act and text', async () => {
    const other = new AuditTrail(db.audit, 'other@host');
    for (let i = 1; i <= 620; i += 1) {
      const entry = { act: i % 100 === 0 ? 'keystore.enable' : 'lu.read', object: `CUSTOMER ${i}`, context: { i }, outcome: 'done' } as const;
      await (i % 310 === 0 ? other : trail).record(entry);
    }

    const first = await trail.list({ limit: 3 });
    expect(first).toMatchObject({ more: true, total: 620 });
    expect(seqs(first)).toEqual([620, 619, 618]);
    const all: number[] = [];
    for (let before: number | undefined; ; before = all.at(-1)) {
      const page = await trail.list({ limit: 170, before });
      all.push(...seqs(page));
      if (!page.more) break;
    }
    expect(all).toEqual(Array.from({ length: 620 }, (_, i) => 620 - i));
    expect(await trail.list({ limit: 5, before: 1 })).toEqual({ records: [], more: false, total: 620 });

    expect(seqs(await trail.list({ limit: 10, actor: 'other@host' }))).toEqual([620, 310]);
    expect(seqs(await trail.list({ limit: 3, act: 'keystore.enable', before: 600 }))).toEqual([500, 400, 300]);
    expect(await trail.list({ limit: 6, act: 'keystore.enable' })).toMatchObject({ more: false });
    expect(seqs(await trail.list({ limit: 9, search: 'customer 57' }))).toEqual([579, 578, 577, 576, 575, 574, 573, 572, 571]);
    expect(seqs(await trail.list({ limit: 9, search: '"i":42}' }))).toEqual([42]);
    expect(await trail.list({ limit: 9, search: 'nowhere' })).toEqual({ records: [], more: false, total: 620 });
  });
});
