import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { productNodeFlags } from './product-node.ts';

const CLI = fileURLToPath(new URL('../../../app/cli/index.ts', import.meta.url));

/** Runs `act` with a way to run `fkc` on a profile of the node at `contactPoint`. */
export async function withCommand<T>(contactPoint: string, act: (fkc: (...args: string[]) => Promise<unknown>) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'fkc-bench-home-'));
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [...productNodeFlags(), CLI, ...args], { env: { ...process.env, FKC_HOME: home } });
  try {
    await run('profile', 'create', 'bench', '--contact-points', contactPoint);
    return await act((...args) => run('--profile', 'bench', ...args));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
