import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { type LuDefinition, parseLuDefinition, tableNames } from '../../main/lu/definition.ts';
import { importFrom, importLu } from '../../main/lu/import.ts';
import { Instances } from '../../main/lu/instances.ts';
import type { InstanceKeys } from '../../main/lu/keys.ts';
import { openImage } from '../../main/lu/microdb.ts';
import { openLuSource } from '../../main/lu/open-source.ts';
import type { Sealing } from '../../main/lu/sealing.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { makeSource, SMALL_LU } from './import-source.ts';
import type { BenchRow } from './row.ts';

const SAMPLE = fileURLToPath(new URL('../../assets/sample', import.meta.url));
const MEMORY_SCRIPT = fileURLToPath(new URL('import-memory.ts', import.meta.url));
const SPEED_GOAL = 0.85;
const MEMORY_GOAL = 1.2;
const FEW = 10_000;
const MANY = 1_000_000;
const CIPHER_BOUND = 'setting up a cipher and its key for 1.5 KB, on the one thread that does all';

interface Sample {
  readonly title: string;
  /** What one instance's own work is, beside sealing. */
  readonly bound: { readonly importing: string; readonly reading: string };
  readonly definition: LuDefinition;
  readonly source: string;
  readonly rounds: number;
}

/** The product's import without its sealing: images go into the same system database as they are. */
const PLAIN: Sealing = {
  begin: async (instances) => ({ keyDescription: 'plain', sealed: Promise.resolve(instances.map(({ image }) => image)) }),
  open: async (stored) => stored.sealed,
};

/**
 * Import and reading back against the same in plain (1 = as fast), and the memory of a large import against that of a
 * small one. Sealed and plain take turns, so that the machine's moods meet both; medians are compared.
 */
export async function importBench(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fkc-bench-import-'));
  try {
    using key = randomSecret(32);
    const active = async () => ({ description: 'bench', key });
    const keys: InstanceKeys = { suite: suiteFor(false), active, forSaving: active, get: async () => key };
    const samples: Sample[] = [
      {
        title: 'Sakila (CSV, 599 customers of 9 KB)',
        definition: await sakila(),
        source: join(SAMPLE, 'sakila'),
        rounds: 15,
        bound: { importing: 'parsing the files and gathering the rows', reading: 'opening each MicroDB and reading its rows' },
      },
      {
        title: '10,000 small customers (SQLite, 1.5 KB)',
        definition: SMALL_LU,
        source: makeSource(folder, 10_000, 'small'),
        rounds: 7,
        bound: { importing: 'handing batches to the thread that seals, which shares the processor with the one that stores', reading: CIPHER_BOUND },
      },
    ];
    const rows: BenchRow[] = [];
    for (const sample of samples) rows.push(...(await speed(sample, keys, folder)));
    rows.push(await memory(folder));
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sakila(): Promise<LuDefinition> {
  return parseLuDefinition(await readFile(join(SAMPLE, 'sakila.lu.json'), 'utf8'));
}

async function speed(sample: Sample, keys: InstanceKeys, folder: string): Promise<BenchRow[]> {
  const { title, definition, source, rounds, bound } = sample;
  const importing = { sealed: [] as number[], plain: [] as number[] };
  const reading = { sealed: [] as number[], plain: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const kinds = round % 2 === 0 ? (['sealed', 'plain'] as const) : (['plain', 'sealed'] as const);
    for (const kind of kinds) {
      const file = join(folder, 'system.sqlite');
      const db = await openSqlite(file);
      const imported = await timed(() => (kind === 'sealed' ? importLu({ db, keys, definition, source }) : importPlain(db, definition, source)));
      const read = await timed(() => (kind === 'sealed' ? readSealed(db, keys, definition) : readPlain(db, definition)));
      await db.close();
      await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(`${file}${suffix}`, { force: true })));
      // The first round warms the compiler and the disk's cache up, and starts the thread that seals.
      if (round > 0) {
        importing[kind].push(imported);
        reading[kind].push(read);
      }
    }
  }
  return [
    row(`import ${title} against plain`, importing, bound.importing),
    row(`read all rows of ${title} against plain`, reading, bound.reading),
  ];
}

function row(name: string, times: { sealed: number[]; plain: number[] }, bound: string): BenchRow {
  const ratio = median(times.plain) / median(times.sealed);
  return { name, ratio, goal: SPEED_GOAL, met: ratio >= SPEED_GOAL, bound };
}

async function importPlain(db: SystemDb, definition: LuDefinition, path: string): Promise<void> {
  const source = await openLuSource(path, definition);
  try {
    await importFrom(source, PLAIN, { db, definition });
  } finally {
    source.close();
  }
}

async function readSealed(db: SystemDb, keys: InstanceKeys, definition: LuDefinition): Promise<void> {
  for await (const page of new Instances(db, keys).readPages(definition.lu)) {
    for (const { image } of page) readRows(image, definition);
  }
}

async function readPlain(db: SystemDb, definition: LuDefinition): Promise<void> {
  let after: { after?: string } = {};
  for (;;) {
    const page = await db.instances.scan(definition.lu, { ...after, limit: 256 });
    for (const { sealed } of page) readRows(sealed, definition);
    const last = page.at(-1);
    if (last === undefined) return;
    after = { after: last.id };
  }
}

function readRows(image: Uint8Array, definition: LuDefinition): void {
  const db = openImage(image);
  for (const table of tableNames(definition)) db.prepare(`SELECT * FROM "${table}"`).all();
  db.close();
}

/** Each import in a process of its own, so that one can not live on what another freed. */
async function memory(folder: string): Promise<BenchRow> {
  const [few, many] = [makeSource(folder, FEW), makeSource(folder, MANY)];
  const small: number[] = [];
  for (let round = 0; round < 3; round++) small.push(await mostMemory(folder, few));
  const ratio = (await mostMemory(folder, many)) / median(small);
  return {
    name: 'memory of an import of 1,000,000 instances against 10,000',
    ratio,
    goal: MEMORY_GOAL,
    met: ratio <= MEMORY_GOAL,
    bound: `the runtime itself (${Math.round(median(small) / 1024)} MiB) and one batch`,
  };
}

async function mostMemory(folder: string, source: string): Promise<number> {
  const file = join(folder, 'memory.sqlite');
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', MEMORY_SCRIPT, source, file]);
  await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(`${file}${suffix}`, { force: true })));
  return Number(stdout);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
