import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../app/cli/index.ts', import.meta.url));
/** Node's own cache of stripped and compiled modules, for all machines: a new home has none. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/fkc', import.meta.url));

/** Known, so that tests can look for it where it must not be. */
export const PASSWORD = 'correct-horse-7f3a';
export const DEFINITION = {
  lu: 'CUSTOMER',
  root: { table: 'customer', key: 'id' },
  tables: [{ table: 'invoice', join: [{ from: 'invoice.customer_id', to: 'customer.id' }] }],
};

export interface Ran {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** What the tests take out of documents to go on with; everything else they compare as it is. */
export interface Document {
  readonly description: string;
  readonly previous: string | null;
  readonly value: string;
  readonly total: number;
  readonly more: boolean;
  readonly namespace: string;
  readonly hashes: readonly string[];
  readonly profiles: readonly unknown[];
  readonly keys: readonly { readonly name: string; readonly description: string; readonly state: string }[];
  readonly rows: readonly { readonly keyDescription: string }[];
  readonly instances: readonly { readonly id: string }[];
  readonly records: readonly { readonly seq: number; readonly act: string; readonly context: string; readonly outcome: string }[];
  readonly steps: readonly { readonly title: string; readonly figures: unknown }[];
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

/** One admin's machine: a home folder, files, and `fkc` on it. */
export class Machine implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'fkc-cli-'));
  /** Everything that any command wrote, to search for secrets. */
  written = '';

  file(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  /** A SQLite file with `customers` customers and one invoice each. */
  source(customers: number, name = 'crm.sqlite'): string {
    const db = new DatabaseSync(this.file(name));
    db.exec('CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer_id INTEGER, total REAL); CREATE INDEX i ON invoice (customer_id); BEGIN');
    const customer = db.prepare('INSERT INTO customer VALUES (?, ?)');
    const invoice = db.prepare('INSERT INTO invoice VALUES (?, ?, ?)');
    for (let id = 1; id <= customers; id += 1) {
      customer.run(id, `Customer ${id}`);
      invoice.run(id, id, id * 1.5);
    }
    db.exec('COMMIT');
    db.close();
    return this.file(name);
  }

  start(args: readonly string[], options: { input?: string | Uint8Array; env?: Record<string, string> } = {}): Running {
    const { FKC_PROFILE: _profile, FKC_KEYSTORE_PASSWORD: _password, ...environment } = process.env;
    const child = spawn(process.execPath, [ENTRY, ...args], { cwd: this.folder, env: { ...environment, FKC_HOME: this.file('home'), NODE_COMPILE_CACHE: COMPILED, ...options.env } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => out.push(piece));
    child.stderr.on('data', (piece: Buffer) => err.push(piece));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    const ended = new Promise<Ran>((resolve) => {
      child.on('close', (code) => {
        const ran = { code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString('utf8') };
        this.written += ran.stdout.toString('latin1') + ran.stderr;
        resolve(ran);
      });
    });
    return { child, ended };
  }

  run(args: readonly string[], options: { input?: string | Uint8Array; env?: Record<string, string> } = {}): Promise<Ran> {
    return this.start(args, options).ended;
  }

  /** Runs with `--json`; the document, which must be the only thing on stdout, and the exit code that was expected. */
  async json(args: readonly string[], options: { input?: string | Uint8Array; env?: Record<string, string>; code?: number; stderr?: string } = {}): Promise<Document> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], options);
    expect({ args, code, stderr }).toEqual({ args, code: options.code ?? 0, stderr: options.stderr ?? '' });
    return JSON.parse(stdout.toString('utf8')) as Document;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A failure document with this code. */
export function failure(code: string): Record<string, unknown> {
  return expect.objectContaining({ ok: false, code, message: expect.stringMatching(/\S/), remedy: expect.stringMatching(/\S/) });
}
