import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportLine, headOf, parseHead } from '../../main/audit/export.ts';
import { AuditTrail } from '../../main/audit/trail.ts';
import type { AuditRecord, SystemDb } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { chainOf, changed, rehashedFrom, tellings } from './trails.ts';

const VERIFIER = path.join(import.meta.dirname, '../../scripts/verify-audit.mjs');

let folder: string;
let db: SystemDb;
let trail: AuditTrail;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fkc-export-'));
  db = await openSqlite(path.join(folder, 'system.db'));
  trail = new AuditTrail(db.audit, 'admin@host');
});
afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function tell(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await trail.record({ act: 'lu.read', object: `CUSTOMER ${i} \u{1f511}\u2028"`, context: { i, ids: ['a', 'b'] }, outcome: 'done' });
  }
}

function verify(...args: string[]): { code: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [VERIFIER, ...args], { encoding: 'utf8' });
  return { code: status, out: stdout + stderr };
}

async function verifyLines(records: readonly AuditRecord[], head: AuditRecord | null, ...args: string[]): Promise<{ code: number | null; out: string }> {
  const file = path.join(folder, 'forged.jsonl');
  const lines = [...records.map(exportLine), JSON.stringify(headOf(head, 'a', 1))];
  await writeFile(file, `${lines.join('\n')}\n`);
  return verify(file, ...args);
}

describe('an export', () => {
  test('holds every record and ends with the head', async () => {
    await tell(520);
    const file = path.join(folder, 'trail.jsonl');
    const exported = await trail.exportTo(file);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(exported.records).toBe(520);
    expect(lines).toHaveLength(521);
    expect(JSON.parse(lines[41] ?? '')).toEqual(await trail.get(42));
    expect(JSON.parse(lines[520] ?? '')).toEqual(exported.head);
    expect(exported.head).toMatchObject({ seq: 520, hash: (await db.audit.head())?.hash, exportedBy: 'admin@host' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await trail.verify(parseHead(await readFile(file, 'utf8')))).toMatchObject({ intact: true });
    expect(verify(file)).toEqual({ code: 0, out: `intact: 520 records\nhead:   ${exported.head.hash}\n` });
  });

  test('of an empty trail is a head alone', async () => {
    const file = path.join(folder, 'trail.jsonl');
    expect(await trail.exportTo(file)).toMatchObject({ records: 0, head: { seq: 0, at: null } });
    expect(verify(file).code).toBe(0);
    await tell(1);
    expect((await trail.verify(parseHead(await readFile(file, 'utf8')))).intact).toBe(true);
  });

  test('replaces a file whole or leaves it', async () => {
    await tell(3);
    const file = path.join(folder, 'trail.jsonl');
    await writeFile(file, 'before');
    await trail.exportTo(file);
    expect(verify(file).code).toBe(0);
    await expect(trail.exportTo(path.join(folder, 'none', 'trail.jsonl'))).rejects.toMatchObject({ code: 'FILE_WRITE_FAILED' });
    await mkdir(path.join(folder, 'taken', 'full'), { recursive: true });
    await expect(trail.exportTo(path.join(folder, 'taken'))).rejects.toMatchObject({ code: 'FILE_WRITE_FAILED' });
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('a head is read from its own file, indented or not, and nothing else is one', async () => {
    await tell(2);
    const head = await trail.exportHead();
    expect(parseHead(JSON.stringify(head, null, 2))).toEqual(head);
    for (const text of ['', 'null', '[]', '{}', '{"seq":1}', JSON.stringify({ ...head, hash: 'x' }), JSON.stringify({ ...head, seq: -1 }), JSON.stringify({ ...head, hash: [head.hash] })]) {
      expect(() => parseHead(text)).toThrowError(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
    }
  });
});

describe('a database that was tampered with', () => {
  test.each([
    ["UPDATE k2audit_k2_auditing SET actor = 'somebody@else' WHERE seq = 5", 5, 'changed'],
    ['DELETE FROM k2audit_k2_auditing WHERE seq = 1', 1, 'removed'],
    ['DELETE FROM k2audit_k2_auditing WHERE seq = 9', 9, 'removed'],
    ['DELETE FROM k2audit_k2_auditing WHERE seq > 18', 19, 'cut off at the end'],
    ['UPDATE k2audit_k2_auditing SET seq = 99 WHERE seq = 4; UPDATE k2audit_k2_auditing SET seq = 4 WHERE seq = 5; UPDATE k2audit_k2_auditing SET seq = 5 WHERE seq = 99', 4, 'changed'],
  ])('%s', async (sql, seq, reason) => {
    await tell(20);
    const head = await trail.exportHead();
    await writeFile(path.join(folder, 'head.json'), JSON.stringify(head));
    const attacker = new DatabaseSync(path.join(folder, 'system.db'));
    expect(() => attacker.exec(sql)).toThrow('audit records are never');
    attacker.exec(`DROP TRIGGER k2audit_never_changed; DROP TRIGGER k2audit_never_removed; ${sql}`);
    attacker.close();
    expect(await trail.verify(head)).toMatchObject({ intact: false, broken: { seq, reason: expect.stringContaining(reason) as string } });
    const file = path.join(folder, 'trail.jsonl');
    await trail.exportTo(file);
    const result = verify(file, '--head', path.join(folder, 'head.json'));
    expect(result.code).toBe(1);
    expect(result.out).toContain(`broken at record ${seq}:`);
  });
});

describe('the verifier that stands alone', () => {
  const whole = chainOf(tellings(8));
  const last = whole.at(-1) ?? null;

  test.each(['seq', 'at', 'actor', 'act', 'object', 'context', 'outcome', 'completes', 'previous', 'hash'] as const)(
    'finds a changed %s',
    async (field) => {
      const result = await verifyLines(whole.with(3, changed(whole[3] as AuditRecord, field)), last);
      expect(result.code).toBe(1);
      expect(result.out).toContain('broken at record 4:');
    },
  );

  test('finds what was removed, swapped, inserted, cut off', async () => {
    const [a, b] = [whole[2], whole[3]] as [AuditRecord, AuditRecord];
    for (const [records, seq] of [
      [whole.slice(1), 1],
      [whole.toSpliced(4, 1), 5],
      [whole.slice(0, -1), 8],
      [whole.with(2, b).with(3, a), 3],
      [whole.toSpliced(5, 0, a), 6],
    ] as const) {
      const result = await verifyLines(records, last);
      expect(result).toEqual({ code: 1, out: expect.stringContaining(`broken at record ${seq}:`) as string });
    }
  });

  test('finds a rewritten or shortened history by a head exported before', async () => {
    const headFile = path.join(folder, 'head.json');
    await writeFile(headFile, JSON.stringify(headOf(whole[5] as AuditRecord, 'a', 1)));
    const forged = rehashedFrom(whole.with(2, changed(whole[2] as AuditRecord, 'actor')), 2);
    expect((await verifyLines(forged, forged.at(-1) ?? null)).code).toBe(0);
    expect(await verifyLines(forged, forged.at(-1) ?? null, '--head', headFile)).toMatchObject({ code: 1, out: expect.stringContaining('record 6') as string });
    expect(await verifyLines(whole.slice(0, 4), whole[3] ?? null, '--head', headFile)).toMatchObject({ code: 1, out: expect.stringContaining('record 5') as string });
    expect((await verifyLines(whole, last, '--head', headFile)).code).toBe(0);
  });

  test('finds text in a line that no hash covers', async () => {
    const file = path.join(folder, 'forged.jsonl');
    const line = exportLine(whole[0] as AuditRecord);
    for (const forged of [
      line.replace('"actor":"admin@host"', '"actor":"somebody@else","actor":"admin@host"'),
      line.replace('{', '{"approvedBy":"nobody",'),
      `${line} `,
      'not json',
      '[]',
      'null',
      '',
    ]) {
      await writeFile(file, [forged, ...whole.slice(1).map(exportLine), JSON.stringify(headOf(last, 'a', 1))].join('\n'));
      expect(verify(file)).toEqual({ code: 1, out: expect.stringContaining('broken at record 1:') as string });
    }
  });

  test('finds a missing head and lines behind it', async () => {
    const file = path.join(folder, 'forged.jsonl');
    await writeFile(file, whole.map(exportLine).join('\n'));
    expect(verify(file)).toMatchObject({ code: 1 });
    await writeFile(file, [JSON.stringify(headOf(null, 'a', 1)), ...whole.map(exportLine)].join('\n'));
    expect(verify(file)).toMatchObject({ code: 1 });
    await writeFile(file, '');
    expect(verify(file)).toMatchObject({ code: 1 });
  });

  test('accepts Windows line ends', async () => {
    const file = path.join(folder, 'trail.jsonl');
    await writeFile(file, [...whole.map(exportLine), JSON.stringify(headOf(last, 'a', 1)), ''].join('\r\n'));
    expect(verify(file).code).toBe(0);
  });

  test('says where it could not check', async () => {
    const file = path.join(folder, 'trail.jsonl');
    await writeFile(file, 'x');
    await writeFile(path.join(folder, 'latin1'), Buffer.from([0xff, 0x0a]));
    for (const args of [[], [file, file], ['--what', file], [path.join(folder, 'none')], [path.join(folder, 'latin1')], [file, '--head', file]]) {
      expect(verify(...args).code).toBe(2);
    }
  });
});
