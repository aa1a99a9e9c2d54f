import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beginCampaign, workOn } from './cluster/campaign.ts';
import { dsbulk } from './cluster/dsbulk.ts';
import { fill } from './cluster/fill.ts';
import type { Generation } from './cluster/keys.ts';
import { entityOf, median, seconds, startBenchNode, type BenchNode } from './cluster/node.ts';
import { readAndWriteBack } from './cluster/plain-loop.ts';
import type { BenchRow } from './row.ts';

const WORKER = fileURLToPath(new URL('cluster/worker.ts', import.meta.url));
const LU = 'REKEYED';
const INSTANCES = 30_000;
const BYTES = 1024;
const ROUNDS = 5;
const COLUMNS = 'id, key_description, bytes, saved_at, sealed, version, chunks';

/** A rekey against what it can not be faster than, and against the field's bulk tool, on one real node. */
export async function rekeyBench(): Promise<BenchRow[]> {
  const node = await startBenchNode();
  try {
    await fill(node, LU, INSTANCES, BYTES, 'bench-a');
    const { plain, rekey } = await takeTurns(node);
    return [
      row('rekey against reading and writing back without crypto', plain / rekey, 0.9, 'the node, which has one core while the worker has the other'),
      row('rekey against dsbulk unload + load', (await bulk(node)) / rekey, 2.5, 'the node'),
      row('two workers against one (what is seen; no goal)', rekey / (await twoWorkers(node)), 0, 'the node and the two workers share two cores'),
    ];
  } finally {
    await node.stop();
  }
}

async function takeTurns({ db, bare }: BenchNode): Promise<{ plain: number; rekey: number }> {
  const ranges = await db.instances.ranges(LU);
  const times = { plain: [] as number[], rekey: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const plain = await seconds(() => readAndWriteBack(bare, LU, ranges));
    const to = round % 2 === 0 ? 'bench-b' : 'bench-a';
    const rekey = await workOn(db, await beginCampaign(db, LU, INSTANCES, to), to);
    // The first round warms node and worker up.
    if (round === 0) continue;
    times.plain.push(plain);
    times.rekey.push(rekey);
  }
  process.stderr.write(`  ${Math.round(INSTANCES / median(times.plain))} instances/s without crypto, ${Math.round(INSTANCES / median(times.rekey))} rekeyed\n`);
  return { plain: median(times.plain), rekey: median(times.rekey) };
}

async function bulk({ contactPoint }: BenchNode): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'fkc-bench-bulk-'));
  try {
    const unload = await dsbulk('unload', contactPoint, folder, `SELECT ${COLUMNS} FROM ${entityOf(LU)}`);
    const load = await dsbulk('load', contactPoint, folder, `INSERT INTO ${entityOf(LU)} (${COLUMNS}) VALUES (:id, :key_description, :bytes, :saved_at, :sealed, :version, :chunks)`);
    process.stderr.write(`  dsbulk: unload ${Math.round(INSTANCES / unload)} instances/s, load ${Math.round(INSTANCES / load)}\n`);
    return unload + load;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Processes of their own, as operators run them; the start of a process is not counted. */
async function twoWorkers({ db, contactPoint }: BenchNode): Promise<number> {
  // The bulk loader wrote the rows as it found them, with write times of its own.
  const to: Generation = ROUNDS % 2 === 0 ? 'bench-a' : 'bench-b';
  const campaign = await beginCampaign(db, LU, INSTANCES, to);
  const start = performance.now();
  await Promise.all([1, 2].map(() => promisify(execFile)(process.execPath, [WORKER, contactPoint, campaign, to])));
  return (performance.now() - start) / 1000;
}

function row(name: string, ratio: number, goal: number, bound: string): BenchRow {
  return { name, ratio, goal, met: ratio >= goal, bound };
}
