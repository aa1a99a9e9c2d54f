import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWhole, putWhole, removeWhole, replaceWhole } from '../main/atomic-file.ts';
import { onFailPoint } from '../main/fail-point.ts';

let folder: string;
let file: string;
/** What happened, in order: places that were passed, and what was made durable, a file by the bytes that it then held. */
let happened: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-atomic-'));
  file = join(folder, 'config.ini');
  happened = [];
  const any = await open(folder, 'r');
  const handles = Object.getPrototypeOf(any) as typeof any;
  await any.close();
  const sync = handles.sync;
  vi.spyOn(handles, 'sync').mockImplementation(async function (this: typeof any) {
    await sync.call(this);
    happened.push((await this.stat()).isDirectory() ? 'folder durable' : `durable: ${await readFile(`/dev/fd/${this.fd}`, 'utf8')}`);
  });
  onFailPoint((name) => happened.push(name));
});

afterEach(async () => {
  onFailPoint(null);
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

test('a file is replaced only after its new bytes and its backup are durable, and then its name is', async () => {
  await writeFile(file, 'old');
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const isUnchanged = async (): Promise<boolean> => happened.push('asked') > 0;
  await replaceWhole(file, { old: { bytes: Buffer.from('old'), owner }, bytes: Buffer.from('new'), mode: 0o600, isUnchanged, failPoints: 'x' });
  expect(happened).toEqual(['x:temp-written', 'durable: new', 'x:synced', 'x:temp-written', 'durable: old', 'x:backup-made', 'asked', 'x:renamed', 'folder durable']);
  expect([await readFile(file, 'utf8'), await readFile(`${file}.bak`, 'utf8')]).toEqual(['new', 'old']);
});

test.each([
  ['made', createWhole],
  ['put', putWhole],
] as const)('a file that is %s is durable before it has its name, and then the name is', async (_, write) => {
  await write(file, Buffer.from('new'), 'x');
  expect(happened).toEqual(['x:temp-written', 'durable: new', 'x:synced', 'x:renamed', 'folder durable']);
  expect(await readFile(file, 'utf8')).toBe('new');
});

test('a removal is durable', async () => {
  await writeFile(file, 'old');
  await removeWhole(file);
  expect(happened).toEqual(['folder durable']);
  await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
});
