import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, types } from 'cassandra-driver';
import type { CassandraSettings } from '../../../main/systemdb/cassandra/settings.ts';
import { openCassandra } from '../../../main/systemdb/cassandra/open.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';
import { startCassandra } from '../../peers/cassandra/cassandra.ts';

/** A node that uses less than this share of a core, for that long, is at rest. */
const AT_REST = 0.1;
const REST_MS = 500;
const LONGEST_REST_MS = 60_000;

const LAST_CORE = cpus().length - 1;

/** One real node, the product's way to it and the bare driver's. */
export interface BenchNode {
  readonly contactPoint: string;
  readonly db: SystemDb;
  /** The driver with nothing of ours, for the peers of the figures. */
  readonly bare: Client;
  /** From now on the node has a processor core of its own, and this process and what it starts have the others, as they would have on machines of their own. */
  moveApart(): Promise<void>;
  /** Waits until the node has nothing to do, a minute at most: what it compacts of the work before would slow whatever comes next. */
  rest(): Promise<void>;
  stop(): Promise<void>;
}

export function settingsFor(contactPoint: string): CassandraSettings {
  return { contactPoints: [contactPoint], localDataCenter: null, clusterId: null, replication: { class: 'SimpleStrategy', replication_factor: '1' }, user: null, tls: null };
}

export async function startBenchNode(): Promise<BenchNode> {
  if (process.platform !== 'linux' || LAST_CORE === 0) throw new Error('The benches of the cluster need Linux, and two processor cores.');
  const cluster = await startCassandra({ heap: '1g', optimized: true });
  try {
    const [contactPoint = ''] = cluster.contactPoints;
    const db = await openCassandra(settingsFor(contactPoint), null);
    const bare = new Client({
      contactPoints: [contactPoint],
      localDataCenter: 'datacenter1',
      queryOptions: { prepare: true, consistency: types.consistencies.localQuorum },
      encoding: { useBigIntAsLong: true },
      protocolOptions: { maxVersion: 4 },
    });
    await bare.connect();
    return {
      contactPoint,
      db,
      bare,
      async moveApart() {
        await pin(cluster.pid(0), '0');
        await pin(process.pid, `1-${LAST_CORE}`);
      },
      rest: () => resting(cluster.pid(0)),
      async stop() {
        await bare.shutdown();
        await db.close();
        await cluster.stop();
        await pin(process.pid, `0-${LAST_CORE}`);
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Binds all threads of a process to processor cores; what they start inherits it. */
async function pin(pid: number, cores: string): Promise<void> {
  await promisify(execFile)('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)]);
}

async function resting(pid: number): Promise<void> {
  for (const end = Date.now() + LONGEST_REST_MS; Date.now() < end; ) {
    const before = await processorMs(pid);
    await delay(REST_MS);
    if ((await processorMs(pid)) - before < REST_MS * AT_REST) return;
  }
  process.stderr.write('  the node did not come to rest\n');
}

/** Processor time that a process has used, in milliseconds: user and system of /proc/PID/stat (proc(5)), in hundredths of a second. */
async function processorMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The keyspace of an LU of the bench; their names are capitals. */
export function entityOf(lu: string): string {
  return `k2view_${lu.toLowerCase()}.entity`;
}

/** Runs `act` on each item, `width` at once. */
export async function sideBySide<T>(items: Iterable<T>, width: number, act: (item: T) => Promise<unknown>): Promise<void> {
  const left = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await act(next.value);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

/** Seconds that `act` took. */
export async function seconds(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1000;
}
