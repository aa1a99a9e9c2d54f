/**
 * Another process that is in the way: `node slow-import.ts DATABASE`. It waits until an import has stored its first
 * batch, prints `held`, and then leaves the database alone only for moments, until its input ends.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/** Shorter than a request of the console waits for a lock. */
const HOLD_MS = 2_500;
const LET_MS = 20;

const file = process.argv[2] ?? '';
let ended = false;
process.stdin.resume().once('end', () => {
  ended = true;
});

while (!existsSync(file) && !ended) await delay(5);
const db = new DatabaseSync(file, { timeout: 1_000 });
while (!ended && !hasImported()) await delay(2);
while (!ended) {
  db.exec('BEGIN IMMEDIATE');
  process.stdout.write('held\n');
  for (let waited = 0; waited < HOLD_MS && !ended; waited += LET_MS) await delay(LET_MS);
  db.exec('ROLLBACK');
  await delay(LET_MS);
}
db.close();

function hasImported(): boolean {
  try {
    return db.prepare("SELECT 1 FROM jobs WHERE kind = 'import' AND done > 0").get() !== undefined;
  } catch {
    // The tables are not made yet.
    return false;
  }
}
