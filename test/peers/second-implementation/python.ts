import { spawnSync } from 'node:child_process';

const PROGRAM = new URL('./fabric_formats.py', import.meta.url).pathname;

export type Answer = { readonly ok: unknown } | { readonly refused: string };

/** Hands the tasks to the Python program and returns its answers, in order. Fails where Python or `cryptography` is missing. */
export function askPython(tasks: readonly Readonly<Record<string, unknown>>[]): Answer[] {
  const run = spawnSync(pythonWithCryptography(), ['-I', PROGRAM], { input: JSON.stringify(tasks), encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`The second implementation failed: ${run.error?.message ?? run.stderr}`);
  return JSON.parse(run.stdout) as Answer[];
}

function pythonWithCryptography(): string {
  const candidates = ['/usr/bin/python3', 'python3'];
  const found = candidates.find((python) => spawnSync(python, ['-c', 'import cryptography']).status === 0);
  if (found === undefined) throw new Error('No python3 has the module "cryptography": install the Debian package python3-cryptography.');
  return found;
}
