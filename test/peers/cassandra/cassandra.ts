import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { auth as driverAuth, Client, types } from 'cassandra-driver';
import { ensureJava17 } from '../../../scripts/system-parts.ts';
import { jarsOf, peerFile } from './jars.ts';
import { configFile, javaArgs, rackFile, type NodeConfig, type NodeTls } from './node-config.ts';

/** Longest start of a node on a busy machine, in milliseconds. */
const START_LIMIT = 180_000;
const PAUSE = 100;

/** Lines of a node's log that a failure shows. */
const TAIL = 40;

const LEAST_TOKEN = -(2n ** 63n);
const TOKENS = 2n ** 64n;

/** The user that a new cluster with authentication has. */
export const SUPERUSER = { user: 'cassandra', password: 'cassandra' };

export interface CassandraOptions {
  /** Default 1. All share one ring, evenly. */
  readonly nodes?: number;
  /** Default: addresses 127.x.y.1 and on that no other process of this suite uses. */
  readonly addresses?: readonly string[];
  /** Port for clients, of all nodes; default 9042. */
  readonly port?: number;
  /** Port between the nodes; default 7000. */
  readonly storagePort?: number;
  /** Data centre of each node; default `datacenter1` for all. */
  readonly dataCenters?: readonly string[];
  /** Users, passwords and permissions; the first user is {@link SUPERUSER}. */
  readonly auth?: boolean;
  readonly tls?: NodeTls;
  /** Heap of each node, as Java takes it; default 512m. */
  readonly heap?: string;
  /** Nodes acknowledge what is in their commit log, as all replicas killed at once need it; default false, as Cassandra's own. */
  readonly durable?: boolean;
  /** Java compiles in full, as in production; default false, which starts quicker and stays slower. */
  readonly optimized?: boolean;
}

export interface CassandraCluster {
  /** `address:port` of each node. */
  readonly contactPoints: readonly string[];
  /** Sends a signal: SIGKILL, SIGSTOP (it keeps its connections and says nothing), SIGCONT, SIGTERM. */
  kill(node: number, signal?: NodeJS.Signals): Promise<void>;
  /** Starts a node that was killed again, with its data, and waits until clients can connect. */
  restart(node: number): Promise<void>;
  /** The last lines of a node's log. */
  log(node: number): string;
  /** The node's process. */
  pid(node: number): number;
  /** Ends all nodes and removes their data. */
  stop(): Promise<void>;
}

/**
 * Starts real Cassandra nodes on loopback addresses and waits until each takes clients and sees the others. Fails with the
 * end of the log of the node that does not start. The nodes end with this process at the latest.
 */
export async function startCassandra(options: CassandraOptions = {}): Promise<CassandraCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'fkc-cassandra-'));
  const nodes = configs(options).map((config, place) => new CassandraNode(config, join(folder, `node${place + 1}`), { heap: options.heap ?? '512m', optimized: options.optimized ?? false }));
  const node = (place: number): CassandraNode => {
    const found = nodes[place];
    if (found === undefined) throw new Error(`There is no node ${place}.`);
    return found;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((each) => each.end()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const each of nodes) each.start();
    await Promise.all(nodes.map((each) => each.takesClients()));
    await Promise.all(nodes.map((each) => each.sees(nodes.length - 1, options)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    contactPoints: nodes.map(({ contactPoint }) => contactPoint),
    kill: (place, signal = 'SIGKILL') => node(place).signal(signal),
    async restart(place) {
      node(place).start();
      await node(place).takesClients();
    },
    log: (place) => node(place).log(),
    pid: (place) => node(place).pid,
    stop,
  };
}

function configs({ nodes = 1, addresses = freeAddresses(nodes), port = 9042, storagePort = 7000, dataCenters = [], auth = false, tls, durable = false }: CassandraOptions): NodeConfig[] {
  return addresses.slice(0, nodes).map((address, place) => ({
    address,
    port,
    storagePort,
    seeds: addresses,
    token: LEAST_TOKEN + (BigInt(place) * TOKENS) / BigInt(nodes) + 1n,
    dataCenter: dataCenters[place] ?? 'datacenter1',
    auth,
    tls: tls ?? null,
    durable,
  }));
}

let clusters = 0;

/** Loopback addresses by process and cluster: suites that run at once do not meet. */
function freeAddresses(count: number): string[] {
  clusters += 1;
  const second = 64 + (process.pid % 128);
  const third = ((process.pid >> 7) + clusters * 16) % 256;
  return Array.from({ length: count }, (_, place) => `127.${second}.${third}.${place + 1}`);
}

class CassandraNode {
  readonly #config: NodeConfig;
  readonly #folder: string;
  readonly #java: { readonly heap: string; readonly optimized: boolean };
  #process: ChildProcess | null = null;

  constructor(config: NodeConfig, folder: string, java: { readonly heap: string; readonly optimized: boolean }) {
    this.#config = config;
    this.#folder = folder;
    this.#java = java;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'cassandra.yaml'), configFile(config), { mode: 0o600 });
    writeFileSync(join(folder, 'rackdc.properties'), rackFile(config));
  }

  get contactPoint(): string {
    return `${this.#config.address}:${this.#config.port}`;
  }

  get pid(): number {
    if (this.#process?.pid === undefined) throw new Error('The node does not run.');
    return this.#process.pid;
  }

  start(): void {
    const jars = jarsOf('pom.xml');
    const jamm = join(jars, readdirSync(jars).find((name) => name.startsWith('jamm-')) ?? '');
    const log = openSync(join(this.#folder, 'log'), 'a');
    const child = spawn(ensureJava17(), javaArgs({ folder: this.#folder, jars, jamm, logback: peerFile('logback.xml'), ...this.#java }), {
      stdio: ['ignore', log, log],
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
    });
    closeSync(log);
    this.#process = child;
    const withUs = (): void => void child.kill('SIGKILL');
    process.once('exit', withUs);
    child.once('exit', () => process.removeListener('exit', withUs));
  }

  /** Resolves once a client can connect. */
  async takesClients(): Promise<void> {
    await this.#until('takes no clients', () => isOpen(this.#config.address, this.#config.port));
  }

  /** Resolves once the node counts `peers` others, and its first user can log in. */
  async sees(peers: number, { tls, auth }: CassandraOptions): Promise<void> {
    await this.#until(`does not see its ${peers} peers`, async () => {
      const client = new Client({
        contactPoints: [this.contactPoint],
        localDataCenter: this.#config.dataCenter,
        protocolOptions: { maxVersion: 4 },
        socketOptions: { connectTimeout: 2_000 },
        ...(auth === true ? { authProvider: new driverAuth.PlainTextAuthProvider(SUPERUSER.user, SUPERUSER.password) } : {}),
        ...(tls === undefined ? {} : { sslOptions: trusting(tls) }),
      });
      try {
        await client.connect();
        const seen = await client.execute('SELECT peer FROM system.peers_v2', [], { consistency: types.consistencies.one });
        return seen.rowLength >= peers;
      } catch {
        return false;
      } finally {
        await client.shutdown().catch(() => undefined);
      }
    });
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ends = signal === 'SIGKILL' || signal === 'SIGTERM';
    const ended = ends ? new Promise((resolve) => child.once('exit', resolve)) : null;
    child.kill(signal);
    await ended;
  }

  /** At once: its data are not needed any more. SIGKILL also ends a process that was stopped. */
  async end(): Promise<void> {
    await this.signal('SIGKILL');
    this.#process = null;
  }

  log(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8').split('\n').slice(-TAIL).join('\n');
  }

  async #until(failure: string, isThere: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + START_LIMIT; !(await isThere()); await delay(PAUSE)) {
      const isDead = this.#process === null || this.#process.exitCode !== null || this.#process.signalCode !== null;
      if (isDead || Date.now() > end) throw new Error(`Cassandra at ${this.contactPoint} ${isDead ? 'ended' : failure}. The end of its log:\n${this.log()}`);
    }
  }
}

function trusting({ authority, certificate }: NodeTls): { ca: Buffer; cert: Buffer; key: Buffer; rejectUnauthorized: true; checkServerIdentity: () => undefined } {
  const [ca, cert, key] = [authority.ca, certificate.cert, certificate.key].map((file) => readFileSync(file)) as [Buffer, Buffer, Buffer];
  // Some tests give a node a certificate for another name.
  return { ca, cert, key, rejectUnauthorized: true, checkServerIdentity: () => undefined };
}

async function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
