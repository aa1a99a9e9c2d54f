import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, types } from 'cassandra-driver';
import { takeCensus } from '../../main/census/take.ts';
import type { InstanceRange } from '../../main/systemdb/repositories.ts';
import { withCommand } from './cluster/command.ts';
import { type Bulk, dsbulk } from './cluster/dsbulk.ts';
import { fill } from './cluster/fill.ts';
import { entityOf, median, seconds, sideBySide, startBenchNode, type BenchNode } from './cluster/node.ts';
import type { BenchRow } from './row.ts';

const SMALL = 'SMALL';
const LARGE = 'LARGE';
const SIZED_SMALL = 'SIZED_SMALL';
const INSTANCES = 300_000;
/** Of each size, to compare sizes: 640 MiB of the larger ones. */
const SIZED = 10_000;
const ROUNDS = 9;
/** Commands that are timed, each a process of its own. */
const COMMANDS = 3;
/** As the census reads a cluster. */
const CONCURRENCY = 8;

/** A census against a bare scan, against the field's bulk tool, and of large instances against small ones. */
export async function censusBench(): Promise<BenchRow[]> {
  const node = await startBenchNode();
  try {
    await fill(node, SMALL, INSTANCES, 1024, 'bench-a');
    const { bare, census } = await againstBare(node);
    const bulk = await unload(node);
    const command = await asCommand(node);
    await fill(node, SIZED_SMALL, SIZED, 1024, 'bench-a');
    await fill(node, LARGE, SIZED, 64 * 1024, 'bench-a');
    const sizes = await bySize(node);
    return [
      { name: 'census against a bare scan of the same columns', ratio: bare / census, goal: 0.9, met: bare / census >= 0.9, bound: 'the node' },
      { name: 'census against dsbulk unload of those columns, both as commands', ratio: bulk.command / command, goal: 1.5, met: bulk.command / command >= 1.5, bound: 'the node, and the start of Node.js and of Java' },
      { name: 'census against dsbulk unload, both once they run (what is seen; no goal)', ratio: bulk.own / census, goal: 0, met: true, bound: 'the node: a bare scan is no faster than the census' },
      { name: 'census of 64 KiB instances against 1 KiB', ratio: sizes, goal: 1.2, met: sizes <= 1.2, bound: 'the facts alone: the bytes of large ones lie in a table of their own' },
    ];
  } finally {
    await node.stop();
  }
}

async function againstBare({ db, bare }: BenchNode): Promise<{ bare: number; census: number }> {
  const ranges = await db.instances.ranges(SMALL);
  const times = { bare: [] as number[], census: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const scanned = await seconds(() => scan(bare, SMALL, ranges));
    const census = await seconds(() => takeCensus({ db, lus: [SMALL] }));
    // The first round warms node and process up.
    if (round === 0) continue;
    times.bare.push(scanned);
    times.census.push(census);
  }
  process.stderr.write(`  ${Math.round(INSTANCES / median(times.bare))} rows/s scanned bare, ${Math.round(INSTANCES / median(times.census))} counted\n`);
  return { bare: median(times.bare), census: median(times.census) };
}

/** The driver alone: the same columns of the same ranges, as many at once. */
async function scan(bare: Client, lu: string, ranges: readonly InstanceRange[]): Promise<void> {
  const select = `SELECT key_description, bytes FROM ${entityOf(lu)} WHERE token(id) > ? AND token(id) <= ?`;
  let instances = 0;
  await sideBySide(ranges, CONCURRENCY, async ({ start, end }) => {
    let pageState: string | undefined;
    do {
      const page: types.ResultSet = await bare.execute(select, [BigInt(start), BigInt(end)], { fetchSize: 5_000, ...(pageState === undefined ? {} : { pageState }) });
      instances += page.rows.length;
      pageState = page.pageState ?? undefined;
    } while (pageState !== undefined);
  });
  if (instances !== INSTANCES) throw new Error(`The bare scan saw ${instances} instances.`);
}

async function unload({ contactPoint }: BenchNode): Promise<Bulk> {
  const taken: Bulk[] = [];
  for (let i = 0; i < COMMANDS; i += 1) {
    const folder = await mkdtemp(join(tmpdir(), 'fkc-bench-bulk-'));
    try {
      taken.push(await dsbulk('unload', contactPoint, folder, `SELECT key_description, bytes FROM ${entityOf(SMALL)}`));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return { command: median(taken.map(({ command }) => command)), own: median(taken.map(({ own }) => own)) };
}

/** `fkc census`, from its start to its end. */
async function asCommand({ contactPoint }: BenchNode): Promise<number> {
  return withCommand(contactPoint, async (fkc) => {
    const taken: number[] = [];
    for (let i = 0; i < COMMANDS; i += 1) taken.push(await seconds(() => fkc('census', '--lu', SMALL)));
    return median(taken);
  });
}

async function bySize({ db }: BenchNode): Promise<number> {
  const times = { [SIZED_SMALL]: [] as number[], [LARGE]: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const lu of [SIZED_SMALL, LARGE] as const) {
      const taken = await seconds(() => takeCensus({ db, lus: [lu] }));
      if (round > 0) times[lu].push(taken);
    }
  }
  return median(times[LARGE]) / median(times[SIZED_SMALL]);
}
