/**
 * Another process on a system database: `node child.ts MODE FILE [ARGUMENT]`. It prints one JSON document a line.
 *
 * - `hold MS`: takes the write lock, prints `"held"`, and keeps it for MS milliseconds
 * - `own MS`: the same, but so that not even a reader gets in
 * - `open`: opens, and prints the schema version or the error code
 * - `save WORKER`: saves 20 batches of 25 instances and appends 20 audit records; prints how many appends were lost
 * - `claim WORKER`: claims ranges 0 to 39 of campaign `c1`; prints those it got
 * - `versions COUNT`: saves instances 0 to 19 of LU `L` COUNT times, each time with the number of the round as content
 * - `fill`: saves until it fails; prints how many were stored, the code, and what a second connection then counts
 * - `read-only`: makes a database, makes the mount read-only, and prints the codes of what is tried then
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { isAppError } from '../../main/errors.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { auditRecord, instance } from '../conformance/samples.ts';

const [mode, file = '', argument = '0'] = process.argv.slice(2);

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'none';
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
}

async function hold(own: boolean): Promise<void> {
  const db = new DatabaseSync(file);
  if (own) db.exec('PRAGMA locking_mode = EXCLUSIVE');
  db.exec(own ? 'BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (a)' : 'BEGIN EXCLUSIVE');
  print('held');
  await delay(Number(argument));
  db.exec('ROLLBACK');
  db.close();
}

async function open(): Promise<void> {
  const code = await codeOf(async () => {
    const db = await openSqlite(file);
    await db.settings.setOnce('first', argument);
    await db.close();
  });
  print(code);
}

async function save(): Promise<void> {
  const db = await openSqlite(file);
  let lost = 0;
  for (let batch = 0; batch < 20; batch += 1) {
    await db.instances.saveMany(Array.from({ length: 25 }, (_, i) => instance('L', `${argument}-${batch}-${i}`)));
    for (;;) {
      const seq = ((await db.audit.head())?.seq ?? 0) + 1;
      if (await db.audit.append(auditRecord(seq, { actor: argument }))) break;
      lost += 1;
    }
  }
  await db.close();
  print(lost);
}

async function claim(): Promise<void> {
  const db = await openSqlite(file);
  const got: number[] = [];
  for (let seq = 0; seq < 40; seq += 1) {
    if ((await db.campaigns.claim('c1', seq, argument, 60)) !== null) got.push(seq);
  }
  await db.close();
  print(got);
}

async function versions(): Promise<void> {
  const db = await openSqlite(file);
  for (let round = 1; round <= Number(argument); round += 1) {
    for (let id = 0; id < 20; id += 1) {
      await db.instances.save(instance('L', `${id}`, { sealed: Uint8Array.of(round) }));
    }
  }
  await db.close();
  print('saved');
}

async function fill(): Promise<void> {
  const db = await openSqlite(file);
  let stored = 0;
  const batch = (): Promise<void> =>
    db.instances.saveMany(Array.from({ length: 20 }, (_, i) => instance('L', `${stored + i}`, { sealed: new Uint8Array(1000) })));
  const code = await codeOf(async () => {
    for (;;) {
      await batch();
      stored += 20;
    }
  });
  const again = await codeOf(batch);
  await db.close();
  const second = await openSqlite(file);
  print({ stored, code, again, counted: (await second.instances.census())[0]?.instances });
  await second.close();
}

async function readOnly(): Promise<void> {
  const db = await openSqlite(file);
  await db.settings.set('a', '1');
  await db.close();
  const folder = path.dirname(file);
  execFileSync('mount', ['-o', 'remount,ro', folder]);
  print({
    writable: await codeOf(() => openSqlite(file)),
    readOnly: await codeOf(() => openSqlite(file, { readOnly: true })),
    missing: await codeOf(() => openSqlite(path.join(folder, 'other.db'))),
  });
}

switch (mode) {
  case 'hold':
    await hold(false);
    break;
  case 'own':
    await hold(true);
    break;
  case 'open':
    await open();
    break;
  case 'save':
    await save();
    break;
  case 'claim':
    await claim();
    break;
  case 'versions':
    await versions();
    break;
  case 'fill':
    await fill();
    break;
  case 'read-only':
    await readOnly();
    break;
  default:
    throw new Error(`unknown mode ${mode}`);
}
