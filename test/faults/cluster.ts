import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { openServices, type Services, type ServicesOptions } from '../../app/services.ts';
import { Profiles } from '../../app/profiles.ts';
import { parseLuDefinition } from '../../main/lu/definition.ts';

export const PROFILE = 'faults';
export const CUSTOMERS = 60;
/** Everyday depth in CI, full depth with `npm run test:soak`. */
export const SOAK = process.env['FKC_SOAK'] === '1';

const DEFINITION = JSON.stringify({
  lu: 'CUSTOMER',
  root: { table: 'customer', key: 'id' },
  tables: [{ table: 'payment', join: [{ from: 'payment.customer_id', to: 'customer.id' }] }],
});

/** A home folder with a profile on a KeyStore and a small source of customers; everything is imported once. */
export async function makeHome(options: { keystore: boolean }): Promise<{ home: string; remove: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'fkc-faults-'));
  await writeFile(join(home, 'password'), 'fault-test-password\n', { mode: 0o600 });
  await new Profiles(home).create({
    name: PROFILE,
    sqlite: join(home, 'system.sqlite'),
    keystore: options.keystore ? { file: join(home, 'fabric.keystore'), passwordFile: join(home, 'password') } : null,
  });
  makeSource(join(home, 'source.sqlite'), CUSTOMERS);
  const services = await openCluster(home);
  await importSample(services, join(home, 'source.sqlite'));
  await services.close();
  return { home, remove: () => rm(home, { recursive: true, force: true }) };
}

export async function openCluster(home: string, options: Partial<ServicesOptions> = {}): Promise<Services> {
  const services = await openServices({ home, profile: PROFILE, ...options });
  await services.unlock(null);
  return services;
}

/** Rows that are there already keep what was saved since: only new customers are imported. */
export async function importSample(services: Services, source: string): Promise<void> {
  const definition = parseLuDefinition(DEFINITION);
  const before = await services.cluster.instances.list('CUSTOMER', { limit: 1 });
  if (before.length === 0) await services.data.import(definition, source);
  else await services.data.import(parseLuDefinition(DEFINITION.replace('CUSTOMER', 'COPY')), source);
}

function makeSource(file: string, customers: number): void {
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, version INTEGER); CREATE TABLE payment (id INTEGER PRIMARY KEY, customer_id INTEGER, amount TEXT)');
  const customer = db.prepare('INSERT INTO customer VALUES (?, ?, 0)');
  const payment = db.prepare('INSERT INTO payment (customer_id, amount) VALUES (?, ?)');
  for (let id = 1; id <= customers; id += 1) {
    customer.run(id, `Customer ${id}`);
    payment.run(id, `${id}.99`);
  }
  db.close();
}

/** The version that an instance holds now. */
export async function versionOf(services: Services, id: string): Promise<number> {
  const { image } = await services.cluster.instances.read('CUSTOMER', id);
  const db = new DatabaseSync(':memory:');
  db.deserialize(image);
  const version = Number(db.prepare('SELECT version FROM customer').get()?.['version']);
  db.close();
  return version;
}

export interface Worker {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves at the line `ready`. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone: with the signal, 0, or `failed: ` and what it wrote on stderr. */
  readonly gone: Promise<string | number>;
}

export function startWorker(home: string, act: string, place = '', hit = 1): Worker {
  const file = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const child = spawn(process.execPath, [file, home, PROFILE, act, place, String(hit)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let rest = '';
  let errors = '';
  let markReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    if (parts.includes('ready')) markReady();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const gone = new Promise<string | number>((resolve) => {
    child.on('close', (code, signal) => {
      markReady();
      resolve(signal ?? (code === 0 ? 0 : `failed: ${errors}`));
    });
  });
  return { child, lines, ready, gone };
}
