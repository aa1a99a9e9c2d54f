import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const CHILD = path.join(import.meta.dirname, 'child.ts');

export interface Child {
  /** The first line that it prints, parsed. */
  readonly said: Promise<unknown>;
  readonly ended: Promise<number>;
}

/** An empty folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fkc-systemdb-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `child.ts`. */
export function child(mode: string, file: string, argument = ''): Child {
  return started(process.execPath, [CHILD, mode, file, argument]);
}

/**
 * Starts `child.ts` with a small disk of its own mounted on `folder`, seen by nobody else and gone with it. Mounting
 * needs root, or a system that lets a user be root in a name space of his own.
 */
export function childOnSmallDisk(mode: string, folder: string, size: string): Child {
  const script = 'mount -t tmpfs -o "size=$1" none "$2" && exec "$3" "$4" "$5" "$2/system.db"';
  const userSpace = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return started('unshare', ['--mount', ...userSpace, 'sh', '-c', script, 'sh', size, folder, process.execPath, CHILD, mode]);
}

function started(command: string, args: readonly string[]): Child {
  const running = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(running.stdout);
  return {
    said: once(lines, 'line').then(([line]) => JSON.parse(String(line)) as unknown),
    ended: once(running, 'close').then(([code]) => Number(code)),
  };
}
