import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type CampaignLimits, DEFAULT_LIMITS } from '../../main/rekey/campaign.ts';
import { beginCampaign, workOn } from './cluster/campaign.ts';
import { type Bulk, dsbulk } from './cluster/dsbulk.ts';
import { fill } from './cluster/fill.ts';
import { type Generation, GENERATIONS } from './cluster/keys.ts';
import { entityOf, median, seconds, startBenchNode, type BenchNode } from './cluster/node.ts';
import { readAndWriteBack } from './cluster/plain-loop.ts';
import { productNodeFlags } from './cluster/product-node.ts';
import { meanOf, Turns } from './cluster/turns.ts';
import type { BenchRow } from './row.ts';

const WORKER = fileURLToPath(new URL('cluster/worker.ts', import.meta.url));
interface Size {
  readonly name: string;
  readonly bytes: number;
  readonly instances: number;
  /** Of the campaigns that take turns: a quarter of a minute each. */
  readonly turned: number;
}

/** The smallest there is, a micro-DB of one table, which lies in its row; and one as the sample data's customers, whose bytes lie beside it. */
const SMALL: Size = { name: '1 KiB', bytes: 1024, instances: 100_000, turned: 300_000 };
const SAMPLE: Size = { name: '9 KiB', bytes: 9 * 1024, instances: 30_000, turned: 90_000 };
/** Campaigns with turns, some fifteen pairs in each: three hundred tell the ratio to two hundredths. */
const CAMPAIGNS = 20;
const SHARED_CAMPAIGNS = 2;
const BARE_LOOPS = 5;
/** Until then the node compiles what it runs often, and that takes a fifth of its processor. */
const WARM_UP = 2;
const TABLES: readonly { readonly suffix: string; readonly columns: readonly string[] }[] = [
  { suffix: '', columns: ['id', 'key_description', 'bytes', 'saved_at', 'sealed', 'version', 'chunks', 'has_chunks'] },
  { suffix: '_chunks', columns: ['id', 'version', 'idx', 'data'] },
];

/**
 * A rekey against the same work without crypto, a bare loop of the driver, and the field's bulk tool, on one real node.
 * The node has one core and its clients the other, as on machines of their own. What is seen where they share both stands
 * beside it, without a goal: there all that a worker computes is taken from the node.
 */
export async function rekeyBench(): Promise<BenchRow[]> {
  const node = await startBenchNode();
  const sizes = [SAMPLE, SMALL];
  try {
    for (const size of sizes) {
      await fill(node, rekeyed(size), size.instances, size.bytes, 'bench-a');
      await fill(node, turned(size), size.turned, size.bytes, 'bench-a');
    }
    const shared: BenchRow[] = [];
    for (const size of sizes) shared.push(againstSame(size, await takeTurns(node, size, SHARED_CAMPAIGNS), 'worker and node share two cores (what is seen; no goal)', 0, 'the two cores: the crypto takes time from the node'));
    await node.moveApart();
    const apart: BenchRow[] = [];
    for (const size of sizes) apart.push(...(await ofSize(node, size)));
    return [...apart, ...shared, await boundByRoundTrips(node)];
  } finally {
    await node.stop();
  }
}

async function ofSize(node: BenchNode, size: Size): Promise<BenchRow[]> {
  const { name } = size;
  const turns = await takeTurns(node, size, CAMPAIGNS);
  const loaded = await bulk(node, size);
  const one = await processes(node, size, 1);
  const two = await processes(node, size, 2);
  return [
    againstSame(size, turns, 'a core each for worker and node', 0.9, 'the node'),
    ...(turns.bare === null ? [] : [row(`rekey of ${name} instances against a bare driver loop, a write each (what is seen; no goal)`, turns.rekeyed / turns.bare, 0, 'the node and the worker: leases, progress, counts and crypto cost what batches save')]),
    row(`a process that rekeys ${name} instances against dsbulk unload + load, from start to end`, loaded.command / one, 2.5, 'the node, and the start of Node.js and of Java'),
    row(`rekey of ${name} instances against dsbulk unload + load, once they run (what is seen; no goal)`, loaded.own / (size.instances / turns.rekeyed), 0, 'the node'),
    row(`two workers against one, ${name} instances (what is seen; no goal)`, one / two, 0, 'the node'),
  ];
}

/** The best case of a second worker: neither the node nor a core bounds the work, but the way there and back. */
async function boundByRoundTrips(node: BenchNode): Promise<BenchRow> {
  const limits = { ...DEFAULT_LIMITS, concurrency: 1 };
  const one = await processes(node, SAMPLE, 1, limits);
  const two = await processes(node, SAMPLE, 2, limits);
  return row(`two workers against one, ${SAMPLE.name} instances, one at a time each (what is seen; no goal)`, one / two, 0, 'round trips');
}

function againstSame({ name }: Size, { without, rekeyed }: Taken, where: string, goal: number, bound: string): BenchRow {
  return row(`rekey of ${name} instances against the same reading and writing back without crypto, ${where}`, rekeyed / without, goal, bound);
}

function rekeyed({ instances }: Size): string {
  return `REKEYED_${instances}`;
}

/** For what leaves instances under the name of a generation that they are not under. */
function turned(size: Size): string {
  return `TURNED_${size.turned}`;
}

/** Instances a second. */
interface Taken {
  /** Null for instances whose bytes lie beside their row: the loop writes rows alone. */
  readonly bare: number | null;
  readonly without: number;
  readonly rekeyed: number;
}

async function takeTurns({ db, bare: client, rest }: BenchNode, size: Size, campaigns: number): Promise<Taken> {
  const lu = turned(size);
  const ranges = await db.instances.ranges(lu);
  const rates = { bare: [] as number[], without: [] as number[], rekeyed: [] as number[] };
  for (let campaign = -WARM_UP; campaign < campaigns; campaign += 1) {
    await rest();
    const bare = size === SMALL && campaign < BARE_LOOPS ? [size.turned / (await seconds(() => readAndWriteBack(client, lu, ranges)))] : [];
    await rest();
    const to = nextOf(lu);
    const turns = new Turns(to);
    await workOn(db, await beginCampaign(db, lu, size.turned, to), to, turns);
    if (campaign < 0) continue;
    rates.bare.push(...bare);
    rates.without.push(...turns.rates.without);
    rates.rekeyed.push(...turns.rates.rekeyed);
  }
  const [without, rekeyed] = [meanOf(rates.without), meanOf(rates.rekeyed)];
  const ratio = rekeyed.mean / without.mean;
  const error = ratio * Math.hypot(rekeyed.error / rekeyed.mean, without.error / without.mean);
  process.stderr.write(`  ${size.name}: ${Math.round(without.mean)} instances/s without crypto, ${Math.round(rekeyed.mean)} rekeyed, in ${rates.rekeyed.length} turns each: ${ratio.toFixed(3)} ± ${error.toFixed(3)}\n`);
  return { bare: rates.bare.length === 0 ? null : median(rates.bare), without: without.mean, rekeyed: rekeyed.mean };
}

/** Both tables that the instances lie in; the second is empty where they are small, and left out. */
async function bulk({ contactPoint, rest }: BenchNode, size: Size): Promise<Bulk> {
  const total = { command: 0, own: 0 };
  for (const { suffix, columns } of size === SMALL ? TABLES.slice(0, 1) : TABLES) {
    const table = `${entityOf(rekeyed(size))}${suffix}`;
    const folder = await mkdtemp(join(tmpdir(), 'fkc-bench-bulk-'));
    await rest();
    try {
      for (const taken of [
        await dsbulk('unload', contactPoint, folder, `SELECT ${columns.join(', ')} FROM ${table}`),
        await dsbulk('load', contactPoint, folder, `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')})`),
      ]) {
        total.command += taken.command;
        total.own += taken.own;
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  process.stderr.write(`  ${size.name}: dsbulk ${Math.round(size.instances / total.own)} instances/s, unloaded and loaded\n`);
  return total;
}

const turn = new Map<string, number>();

/** The generation that the next campaign of an LU moves it to: they take turns. */
function nextOf(lu: string): Generation {
  const round = turn.get(lu) ?? 1;
  turn.set(lu, round + 1);
  return GENERATIONS[round % GENERATIONS.length] as Generation;
}

/** Seconds of one campaign by so many processes, from their start to their end. */
async function processes({ db, contactPoint, rest }: BenchNode, size: Size, workers: number, limits?: CampaignLimits): Promise<number> {
  const to = nextOf(rekeyed(size));
  const campaign = await beginCampaign(db, rekeyed(size), size.instances, to, limits);
  await rest();
  return seconds(() => Promise.all(Array.from({ length: workers }, () => promisify(execFile)(process.execPath, [...productNodeFlags(), WORKER, contactPoint, campaign, to]))));
}

function row(name: string, ratio: number, goal: number, bound: string): BenchRow {
  return { name, ratio, goal, met: ratio >= goal, bound };
}
