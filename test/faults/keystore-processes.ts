import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { SecretBytes } from '../../main/secret.ts';

export const WRITER = fileURLToPath(new URL('keystore-writer.ts', import.meta.url));

/** How a writer process ended, and the lines that it had written by then. */
export interface Ended {
  readonly lines: readonly string[];
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  /** Resolves with the first line of output. */
  readonly started: Promise<unknown>;
  readonly ended: Promise<Ended>;
}

/** Starts `command` and collects what it writes; `node` is this very program. */
export function start(command: string, parameters: readonly string[]): Running {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then((): Ended => ({
    lines: stdout.split('\n').slice(0, -1),
    signal: child.signalCode,
    stderr,
  }));
  return { process: child, started: Promise.race([once(child.stdout, 'data'), ended]), ended };
}

export function startWriter(...parameters: readonly string[]): Running {
  return start(process.execPath, [WRITER, ...parameters]);
}

/** Opens the KeyStore and answers its aliases, having checked the key bytes of those in `expected`. */
export async function aliasesOf(file: string, expected: Iterable<string>): Promise<Set<string>> {
  using password = SecretBytes.copyOf(Buffer.from('changeit'));
  using keystore = await KeyStoreFile.open(file, password);
  for (const alias of expected) {
    using key = keystore.secretKey(alias);
    if (key === null) throw new Error(`the entry ${alias} is lost`);
    const right = createHash('sha256').update(alias).digest();
    if (!key.use((bytes) => bytes.equals(right))) throw new Error(`the entry ${alias} holds another key`);
  }
  return new Set(keystore.entries().map(({ alias }) => alias ?? ''));
}
