import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = dirname(fileURLToPath(import.meta.url));
const CACHE = join(HERE, '../../../node_modules/.cache');

/** Longest start of a server on a busy machine, in milliseconds. */
const START_LIMIT = 120_000;
/** Lines of a server's output that a failure shows. */
const TAIL = 30;

export interface KmsServer {
  /** `http://127.0.0.1:port`: what AWS_ENDPOINT_URL_KMS takes. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A Python that has LocalStack. The pins beside it are what its pinned release needs on Python 3.11. */
export async function installLocalStack(): Promise<string> {
  return environment('localstack', ['localstack-core[base-runtime]==4.13.1', 'cbor2<5.8', 'pyopenssl==24.3.0']);
}

/** A Python that has moto's server. */
export async function installMoto(): Promise<string> {
  return environment('moto', ['moto[server]==5.2.5']);
}

/** LocalStack's KMS alone. */
export function startLocalStack(python: string): Promise<KmsServer> {
  return start('LocalStack', '/_localstack/health', (folder, port) => ({
    program: python,
    args: ['-m', 'localstack.runtime.main'],
    env: {
      PYTHONPATH: HERE,
      SERVICES: 'kms',
      STRICT_SERVICE_LOADING: '1',
      EAGER_SERVICE_LOADING: '1',
      DNS_ADDRESS: '0',
      SKIP_SSL_CERT_DOWNLOAD: '1',
      DISABLE_EVENTS: '1',
      // The other server that it has does not keep to the host of GATEWAY_LISTEN.
      GATEWAY_SERVER: 'hypercorn',
      GATEWAY_LISTEN: `127.0.0.1:${port}`,
      LOCALSTACK_HOST: `127.0.0.1:${port}`,
      // Else it may take this machine for its container and write to /var/lib.
      OVERRIDE_IN_DOCKER: '0',
      FILESYSTEM_ROOT: folder,
    },
  }));
}

/** moto's server: an independent second opinion. */
export function startMoto(python: string): Promise<KmsServer> {
  return start('moto', '/moto-api/', (_, port) => ({ program: python, args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], env: {} }));
}

interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function start(name: string, health: string, program: (folder: string, port: number) => Program): Promise<KmsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'fkc-aws-'));
  const port = await freePort();
  const { program: file, args, env } = program(folder, port);
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'a');
  // In its own folder: Python looks for modules in the working folder first.
  const child = spawn(file, args, { cwd: folder, stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  closeSync(log);
  const withUs = (): void => void child.kill('SIGKILL');
  process.once('exit', withUs);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    process.removeListener('exit', withUs);
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + START_LIMIT; !(await answers(`${url}${health}`)); await delay(100)) {
    if (!hasEnded(child) && Date.now() < end) continue;
    const tail = readFileSync(logFile, 'utf8').split('\n').slice(-TAIL).join('\n');
    await stop();
    throw new Error(`${name} did not start. The end of its output:\n${tail}`);
  }
  return { url, stop };
}

/** The Python of a virtual environment with exactly these packages, made at the first use. */
async function environment(name: string, packages: readonly string[]): Promise<string> {
  const digest = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
  const folder = join(CACHE, `${name}-${digest}`);
  const python = join(folder, 'bin/python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  mkdirSync(CACHE, { recursive: true });
  // An environment does not bear being moved: it is made in place; what an ended run left half-way is put aside.
  if (existsSync(folder)) renameSync(folder, `${folder}-half-${randomUUID()}`);
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  writeFileSync(complete, packages.join('\n'));
  return python;
}

/** Fails with what the program printed, as `execFile` tells it. */
async function run(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, args);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
