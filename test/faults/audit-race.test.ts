import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AuditTrail } from '../../main/audit/trail.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';

const ROUNDS = process.env['FKC_SOAK'] === '1' ? 200 : 5;
const ACTS = 25;
const WRITER = path.join(import.meta.dirname, 'audit-writer.ts');
const VERIFIER = path.join(import.meta.dirname, '../../scripts/verify-audit.mjs');

interface Writer {
  readonly ready: Promise<unknown>;
  readonly ended: Promise<unknown[]>;
  kill(): void;
}

function writer(file: string, actor: string): Writer {
  const running = spawn(process.execPath, [WRITER, file, actor, String(ACTS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { ready: once(running.stdout, 'data'), ended: once(running, 'close'), kill: () => running.kill('SIGKILL') };
}

test(`processes that write to one trail at once, one of them killed every other round, ${ROUNDS} rounds`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const folder = await mkdtemp(path.join(tmpdir(), 'fkc-audit-race-'));
    try {
      await race(folder, round % 2 === 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
});

async function race(folder: string, killed: boolean): Promise<void> {
  const file = path.join(folder, 'system.db');
  const writers = ['a', 'b', 'c'].map((actor) => writer(file, actor));
  await Promise.all(writers.map((one) => one.ready));
  if (killed) {
    await delay(Math.random() * 150);
    writers[2]?.kill();
  }
  const ends = await Promise.all(writers.map((one) => one.ended));
  expect(ends.slice(0, killed ? 2 : 3).every(([code]) => code === 0)).toBe(true);

  const db = await openSqlite(file);
  const trail = new AuditTrail(db.audit, 'test');
  try {
    expect(await trail.verify()).toMatchObject({ intact: true, broken: null });
    for (const actor of killed ? ['a', 'b'] : ['a', 'b', 'c']) {
      const { records } = await trail.list({ limit: 1000, actor });
      expect(records.reverse().map(({ object, outcome }) => `${object} ${outcome}`)).toEqual(
        Array.from({ length: ACTS }, (_, i) => [`${actor} ${i} started`, `${actor} ${i} done`]).flat(),
      );
    }
    const exported = path.join(folder, 'trail.jsonl');
    await trail.exportTo(exported);
    expect(spawnSync(process.execPath, [VERIFIER, exported], { encoding: 'utf8' }).status).toBe(0);
  } finally {
    await db.close();
  }
}
