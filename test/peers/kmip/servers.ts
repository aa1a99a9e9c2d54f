import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureGo, ensurePyKmip } from '../../../scripts/system-parts.ts';
import { freePort } from '../aws/python-server.ts';
import { Authority, type Certificate } from '../cassandra/certificates.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const CACHE = join(HERE, '../../../node_modules/.cache');
const START_LIMIT = 60_000;
const TAIL = 30;

/** A certificate authority, and a server and clients that it signed. */
export interface Pki {
  readonly folder: string;
  readonly authority: Authority;
  readonly server: Certificate;
  readonly alice: Certificate;
  readonly bob: Certificate;
}

export interface KmipPeer {
  readonly port: number;
  /** Kills it at once, and removes what it kept. */
  stop(): Promise<void>;
  /** Kills it and starts it again at the same port, with what it kept on disk. */
  restart(): Promise<void>;
  /** Freezes it, or lets it go on. */
  pause(paused: boolean): void;
}

/** A PKI in a folder of its own. PyKMIP wants clients' certificates for clients (extended key usage). */
export function makePki(): Pki {
  const folder = mkdtempSync(join(tmpdir(), 'fkc-kmip-pki-'));
  const authority = new Authority(join(folder, 'ca'));
  return {
    folder,
    authority,
    server: authority.sign('server', ['127.0.0.1', 'localhost'], { usage: 'serverAuth' }),
    alice: authority.sign('alice', [], { usage: 'clientAuth' }),
    bob: authority.sign('bob', [], { usage: 'clientAuth' }),
  };
}

/** PyKMIP: TLS 1.2, KMIP 1.0 to 2.0, idle connections live for 10 s. Keys are kept in SQLite. */
export function startPyKmip(pki: Pki): Promise<KmipPeer> {
  return start('PyKMIP', (folder, port) => {
    const config = join(folder, 'server.conf');
    mkdirSync(join(folder, 'policy'), { recursive: true });
    const settings = {
      hostname: '127.0.0.1',
      port,
      certificate_path: pki.server.cert,
      key_path: pki.server.key,
      ca_path: pki.authority.ca,
      auth_suite: 'TLS1.2',
      policy_path: join(folder, 'policy'),
      enable_tls_client_auth: 'True',
      tls_cipher_suites: 'ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384',
      logging_level: 'INFO',
      database_path: join(folder, 'keys.db'),
    };
    writeFileSync(config, ['[server]', ...Object.entries(settings).map(([name, value]) => `${name}=${value}`), ''].join('\n'));
    const run = 'import sys; from kmip.services.server.server import main; sys.exit(main())';
    // Without -l it logs to /var/log.
    return { program: ensurePyKmip(), args: ['-W', 'ignore', '-c', run, '-f', config, '-l', join(folder, 'kmip.log')], env: {} };
  });
}

/** The peer on kmip-go: TLS 1.2 and 1.3, KMIP 1.0 to 1.4. `env` as go/main.go tells. Keys live in memory. */
export function startGoPeer(pki: Pki, env: Readonly<Record<string, string>> = {}): Promise<KmipPeer> {
  const program = buildGoPeer();
  return start('the kmip-go peer', (_, port) => ({ program, args: [`127.0.0.1:${port}`, pki.authority.ca, pki.server.cert, pki.server.key], env }));
}

interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Built once for each state of its sources, with the exact modules of go.sum. */
function buildGoPeer(): string {
  const sources = join(HERE, 'go');
  const digest = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) digest.update(readFileSync(join(sources, file)));
  const program = join(CACHE, `kmip-go-peer-${digest.digest('hex').slice(0, 12)}`);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const half = `${program}-${process.pid}`;
  const built = spawnSync(ensureGo(), ['build', '-mod=readonly', '-o', half, '.'], { cwd: sources, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The kmip-go peer could not be built. Its go.mod asks for Go 1.25.5, which a Go from 1.21 on fetches by itself:\n${built.stderr}`);
  renameSync(half, program);
  return program;
}

async function start(name: string, describe: (folder: string, port: number) => Program): Promise<KmipPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'fkc-kmip-'));
  const port = await freePort();
  const program = describe(folder, port);
  const log = join(folder, 'out.log');
  let running = await launch(name, program, port, log);
  return {
    port,
    async stop() {
      await running.kill();
      rmSync(folder, { recursive: true, force: true });
    },
    async restart() {
      await running.kill();
      running = await launch(name, program, port, log);
    },
    pause: (paused) => running.signal(paused ? 'SIGSTOP' : 'SIGCONT'),
  };
}

interface Running {
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

async function launch(name: string, { program, args, env }: Program, port: number, logFile: string): Promise<Running> {
  const log = openSync(logFile, 'a');
  // A group of its own: PyKMIP is several processes.
  const child = spawn(program, args, { cwd: dirname(logFile), detached: true, stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  closeSync(log);
  const signal = (which: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, which);
    } catch {
      // It has ended.
    }
  };
  const withUs = (): void => signal('SIGKILL');
  process.once('exit', withUs);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    process.removeListener('exit', withUs);
    signal('SIGKILL');
    await ended;
  };
  for (const end = Date.now() + START_LIMIT; !(await listens(port)); await delay(50)) {
    if (!hasEnded(child) && Date.now() < end) continue;
    const tail = readFileSync(logFile, 'utf8').split('\n').slice(-TAIL).join('\n');
    await kill();
    throw new Error(`${name} did not start. The end of its output:\n${tail}`);
  }
  return { kill, signal };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
