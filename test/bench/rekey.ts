import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beginCampaign, WITHOUT_CRYPTO, workOn } from './cluster/campaign.ts';
import { type Bulk, dsbulk } from './cluster/dsbulk.ts';
import { fill } from './cluster/fill.ts';
import { type Generation, GENERATIONS } from './cluster/keys.ts';
import { entityOf, median, seconds, startBenchNode, type BenchNode } from './cluster/node.ts';
import { readAndWriteBack } from './cluster/plain-loop.ts';
import type { BenchRow } from './row.ts';

const WORKER = fileURLToPath(new URL('cluster/worker.ts', import.meta.url));
const LU = 'REKEYED';
/** Of the same content, for what leaves it unreadable. */
const COPY = 'COPIED';
const INSTANCES = 100_000;
const BYTES = 1024;
const ROUNDS = 3;
const COLUMNS = 'id, key_description, bytes, saved_at, sealed, version, chunks';

/** A rekey against the same work without crypto, a bare loop of the driver, and the field's bulk tool, on one real node. */
export async function rekeyBench(): Promise<BenchRow[]> {
  const node = await startBenchNode();
  try {
    for (const lu of [LU, COPY]) await fill(node, lu, INSTANCES, BYTES, 'bench-a');
    const { bare, same, rekey } = await takeTurns(node);
    const loaded = await bulk(node);
    const next = ROUNDS % 2 === 0 ? GENERATIONS : GENERATIONS.toReversed();
    const one = await processes(node, 1, next[0] as Generation);
    const two = await processes(node, 2, next[1] as Generation);
    return [
      row('rekey against the same reading and writing back without crypto', same / rekey, 0.9, 'the node, which shares two cores with the worker'),
      row('rekey against a bare driver loop, a write each (what is seen; no goal)', bare / rekey, 0, 'the node and the worker: leases, progress, counts and crypto cost what batches save'),
      row('rekey against dsbulk unload + load, both as commands', loaded.command / one, 2.5, 'the node, and the start of Node.js and of Java'),
      row('rekey against dsbulk unload + load, both once they run (what is seen; no goal)', loaded.own / rekey, 0, 'the node'),
      row('two workers against one (what is seen; no goal)', one / two, 0, 'the node and the two workers share two cores'),
    ];
  } finally {
    await node.stop();
  }
}

async function takeTurns({ db, bare: client }: BenchNode): Promise<{ bare: number; same: number; rekey: number }> {
  const ranges = await db.instances.ranges(COPY);
  const times = { bare: [] as number[], same: [] as number[], rekey: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const to = round % 2 === 0 ? 'bench-b' : 'bench-a';
    const bare = await seconds(() => readAndWriteBack(client, COPY, ranges));
    const same = await workOn(db, await beginCampaign(db, COPY, INSTANCES, to), to, WITHOUT_CRYPTO);
    const rekey = await workOn(db, await beginCampaign(db, LU, INSTANCES, to), to);
    // The first round warms node and worker up.
    if (round === 0) continue;
    times.bare.push(bare);
    times.same.push(same);
    times.rekey.push(rekey);
  }
  const [bare, same, rekey] = [median(times.bare), median(times.same), median(times.rekey)];
  process.stderr.write(`  ${[bare, same, rekey].map((taken) => Math.round(INSTANCES / taken)).join(', ')} instances/s: bare loop, without crypto, rekeyed\n`);
  return { bare, same, rekey };
}

async function bulk({ contactPoint }: BenchNode): Promise<Bulk> {
  const folder = await mkdtemp(join(tmpdir(), 'fkc-bench-bulk-'));
  try {
    const unload = await dsbulk('unload', contactPoint, folder, `SELECT ${COLUMNS} FROM ${entityOf(LU)}`);
    const load = await dsbulk('load', contactPoint, folder, `INSERT INTO ${entityOf(LU)} (${COLUMNS}) VALUES (:id, :key_description, :bytes, :saved_at, :sealed, :version, :chunks)`);
    process.stderr.write(`  dsbulk: unload ${Math.round(INSTANCES / unload.own)} instances/s, load ${Math.round(INSTANCES / load.own)}\n`);
    return { command: unload.command + load.command, own: unload.own + load.own };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Seconds of one campaign by so many processes, from their start to their end. The bulk loader wrote the rows as it found them, with write times of its own. */
async function processes({ db, contactPoint }: BenchNode, workers: number, to: Generation): Promise<number> {
  const campaign = await beginCampaign(db, LU, INSTANCES, to);
  return seconds(() => Promise.all(Array.from({ length: workers }, () => promisify(execFile)(process.execPath, [WORKER, contactPoint, campaign, to]))));
}

function row(name: string, ratio: number, goal: number, bound: string): BenchRow {
  return { name, ratio, goal, met: ratio >= goal, bound };
}
