import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LuDefinition } from '../../main/lu/definition.ts';

/**
 * The job ID of an import: the same for the same definition and the same, unchanged source. So an import that was
 * stopped goes on where it was, and one of a source that changed meanwhile starts at its first row again.
 */
export async function importJobId(definition: LuDefinition, source: string): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify([definition, source, await stateOf(source)])).digest('hex');
  return `import-${digest.slice(0, 24)}`;
}

/** Names, sizes and times of the source's files; empty where it can not be looked at, which opening it will tell. */
async function stateOf(source: string): Promise<(string | number)[][]> {
  try {
    const folder = (await stat(source)).isDirectory();
    const files = folder ? (await readdir(source)).sort().map((name) => join(source, name)) : [source, `${source}-wal`];
    const states = await Promise.all(files.map((file) => stat(file).then(({ size, mtimeMs }) => [file, size, mtimeMs], () => null)));
    return states.filter((state) => state !== null);
  } catch {
    return [];
  }
}
