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
/** More than two batches of an import. */
export const MANY = 300;
export const KEYSTORE_PASSWORD = 'fault-test-password';
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
  await writeFile(join(home, 'password'), `${KEYSTORE_PASSWORD}\n`, { mode: 0o600 });
  await new Profiles(home).create({
    name: PROFILE,
    sqlite: join(home, 'system.sqlite'),
    keystore: options.keystore ? { file: join(home, 'fabric.keystore'), passwordFile: join(home, 'password') } : null,
  });
  makeSource(join(home, 'source.sqlite'), CUSTOMERS);
  makeSource(join(home, 'changed.sqlite'), CUSTOMERS, 1);
  makeSource(join(home, 'many.sqlite'), MANY);
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

/** Imports the LU `CHANGED` from the source that it was not imported from before, so that every row is stored anew. @returns how many were */
export async function importChanged(services: Services, home: string): Promise<number> {
  const isFirst = (await services.cluster.instances.list('CHANGED', { limit: 1 })).length === 0 || (await versionOf(services, '1', 'CHANGED')) === 1;
  const { imported } = await services.data.import(parseLuDefinition(DEFINITION.replace('CUSTOMER', 'CHANGED')), join(home, isFirst ? 'source.sqlite' : 'changed.sqlite'));
  return imported;
}

/** Imports {@link MANY} instances as the LU `MANY`, or goes on with it. @returns how many were stored now */
export async function importMany(services: Services, home: string): Promise<number> {
  return (await services.data.import(parseLuDefinition(DEFINITION.replace('CUSTOMER', 'MANY')), join(home, 'many.sqlite'))).imported;
}

function makeSource(file: string, customers: number, version = 0): void {
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, version INTEGER); CREATE TABLE payment (id INTEGER PRIMARY KEY, customer_id INTEGER, amount TEXT)');
  const customer = db.prepare('INSERT INTO customer VALUES (?, ?, ?)');
  const payment = db.prepare('INSERT INTO payment (customer_id, amount) VALUES (?, ?)');
  for (let id = 1; id <= customers; id += 1) {
    customer.run(id, `Customer ${id}`, version);
    payment.run(id, `${id}.99`);
  }
  db.close();
}

/** The version that an instance holds now. */
export async function versionOf(services: Services, id: string, lu = 'CUSTOMER'): Promise<number> {
  const { image } = await services.cluster.instances.read(lu, id);
  const db = new DatabaseSync(':memory:');
  db.deserialize(image);
  const version = Number(db.prepare('SELECT version FROM customer').get()?.['version']);
  db.close();
  return version;
}

export interface Worker {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** When each line came, as `performance.now()`. */
  readonly times: number[];
  /** Resolves at the line `ready`. */
  readonly ready: Promise<void>;
  /** Resolves at the next line that is `line`, or when the process is gone. */
  readonly says: (line: string) => Promise<void>;
  /** Resolves when the process is gone: with the signal, 0, or `failed: ` and what it wrote on stderr. */
  readonly gone: Promise<string | number>;
}

export function startWorker(home: string, act: string, place = '', hit = 1): Worker {
  const file = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const child = spawn(process.execPath, [file, home, PROFILE, act, place, String(hit)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let rest = '';
  let errors = '';
  const times: number[] = [];
  const waiting = new Set<{ line: string; resolve: () => void }>();
  const says = (line: string): Promise<void> => new Promise((resolve) => waiting.add({ line, resolve }));
  const ready = says('ready');
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    times.push(...parts.map(() => performance.now()));
    for (const one of waiting) if (parts.includes(one.line) && waiting.delete(one)) one.resolve();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const gone = new Promise<string | number>((resolve) => {
    child.on('close', (code, signal) => {
      for (const one of waiting) one.resolve();
      resolve(signal ?? (code === 0 ? 0 : `failed: ${errors}`));
    });
  });
  return { child, lines, times, ready, says, gone };
}
