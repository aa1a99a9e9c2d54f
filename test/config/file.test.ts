import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfigFile, replaceConfigFile } from '../../main/config/file.ts';
import type { AppError } from '../../main/errors.ts';
import { withFileLock } from '../../main/file-lock.ts';
import { onFailPoint } from '../../main/fail-point.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fkc-config-'));
  file = join(folder, 'config.ini');
  writeFileSync(file, 'A=1\n');
});
afterEach(() => {
  onFailPoint(null);
  rmSync(folder, { recursive: true, force: true });
});

const code = (expected: string) => expect.objectContaining({ code: expected });

test('what can not be read has a code', async () => {
  await expect(readConfigFile(join(folder, 'none.ini'))).rejects.toEqual(code('FILE_NOT_FOUND'));
  await expect(readConfigFile(join(file, 'below'))).rejects.toEqual(code('FILE_NOT_FOUND'));
  mkdirSync(join(folder, 'folder.ini'));
  await expect(readConfigFile(join(folder, 'folder.ini'))).rejects.toEqual(code('FILE_UNREADABLE'));
  truncateSync(file, 4 * 1024 * 1024 + 1);
  await expect(readConfigFile(file)).rejects.toEqual(code('CONFIG_TOO_LARGE'));
});

test('a link stays one: the file that it leads to is replaced', async () => {
  const link = join(folder, 'link.ini');
  symlinkSync(file, link);
  expect(await replaceConfigFile(await readConfigFile(link), Buffer.from('A=2\n'))).toBe(`${file}.bak`);
  expect([readFileSync(link, 'utf8'), readFileSync(file, 'utf8'), readFileSync(`${file}.bak`, 'utf8')]).toEqual(['A=2\n', 'A=2\n', 'A=1\n']);
  expect(readdirSync(folder).sort()).toEqual(['config.ini', 'config.ini.bak', 'config.ini.lock', 'link.ini']);
});

test('what another program wrote meanwhile is left alone', async () => {
  const old = await readConfigFile(file);
  onFailPoint((place) => {
    if (place === 'config:backup-made') writeFileSync(file, 'A=theirs\n');
  });
  await expect(replaceConfigFile(old, Buffer.from('A=2\n'))).rejects.toEqual(code('CONFIG_CHANGED_MEANWHILE'));
  expect(readFileSync(file, 'utf8')).toBe('A=theirs\n');
  expect(readdirSync(folder).sort()).toEqual(['config.ini', 'config.ini.bak', 'config.ini.lock']);
});

test('while another writer is at work nothing is written, and what is its own stays', async () => {
  const failures = { busy: () => new Error('busy') as AppError, failed: (error: unknown) => error as AppError };
  await withFileLock(file, 0, failures, async () => {
    writeFileSync(`${file}.fkc-new`, 'half');
    await expect(replaceConfigFile(await readConfigFile(file), Buffer.from('A=2\n'))).rejects.toEqual(code('CONFIG_BUSY'));
    expect([readFileSync(file, 'utf8'), readFileSync(`${file}.fkc-new`, 'utf8')]).toEqual(['A=1\n', 'half']);
  });
});

test('where no lock can be taken nothing is written', async () => {
  mkdirSync(`${file}.lock`);
  await expect(replaceConfigFile(await readConfigFile(file), Buffer.from('A=2\n'))).rejects.toEqual(code('FILE_WRITE_FAILED'));
  expect(readFileSync(file, 'utf8')).toBe('A=1\n');
});

test.each(['config:temp-written', 'config:synced', 'config:backup-made'])('a disk that fails at %s leaves the old file, and nothing else', async (place) => {
  for (const [reason, expected] of [['ENOSPC', 'DISK_FULL'], ['EIO', 'FILE_WRITE_FAILED']] as const) {
    onFailPoint((name) => {
      if (name === place) throw Object.assign(new Error('disk'), { code: reason });
    });
    await expect(replaceConfigFile(await readConfigFile(file), Buffer.from('A=2\n'))).rejects.toEqual(code(expected));
    expect(readFileSync(file, 'utf8')).toBe('A=1\n');
    expect(readdirSync(folder).filter((name) => name.endsWith('-new'))).toEqual([]);
  }
});
