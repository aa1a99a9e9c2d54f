import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const WRITER = fileURLToPath(new URL('config-writer.ts', import.meta.url));
const OLD = '# ours\r\n[encryption_aws_kms]\r\nREGION = eu-west-1   # Ireland\r\n';
const NEW = OLD.replace('eu-west-1', 'eu-north-1');

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fkc-config-'));
  file = join(folder, 'config.ini');
  writeFileSync(file, OLD);
  chmodSync(file, 0o640);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(value: string, failAt = ''): Promise<{ out: string; signal: string | null }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [WRITER, file, 'encryption_aws_kms', 'REGION', value, failAt], (error, out) => resolve({ out, signal: error?.signal ?? null }));
  });
}

test.each(['config:temp-written', 'config:synced', 'config:backup-made', 'config:renamed'])('killed at %s, the file is the old one or the new one, never half', async (place) => {
  expect(await write('eu-north-1', place)).toEqual({ out: '', signal: 'SIGKILL' });
  const isNew = place === 'config:renamed';
  expect(readFileSync(file, 'utf8')).toBe(isNew ? NEW : OLD);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  if (place === 'config:backup-made' || isNew) {
    expect(readFileSync(`${file}.bak`, 'utf8')).toBe(OLD);
    expect(statSync(`${file}.bak`).mode & 0o777).toBe(0o600);
  }
  expect(existsSync(`${file}.fkc-new`)).toBe(!isNew);
  // What the killed one left is in nobody's way, and what others put beside the file stays.
  writeFileSync(`${file}.new`, 'of the operator');
  expect(await write('eu-south-1')).toEqual({ out: `${file}.bak`, signal: null });
  expect(readFileSync(file, 'utf8')).toBe(OLD.replace('eu-west-1', 'eu-south-1'));
  expect(readdirSync(folder).sort()).toEqual(['config.ini', 'config.ini.bak', 'config.ini.lock', 'config.ini.new']);
});

test('of several at once each wins whole or is told', async () => {
  const regions = ['eu-west-2', 'eu-west-3', 'us-east-1', 'us-east-2'];
  const outcomes = await Promise.all(regions.map((region) => write(region)));
  for (const { out } of outcomes) expect([`${file}.bak`, 'CONFIG_BUSY', 'CONFIG_CHANGED_MEANWHILE']).toContain(out);
  const won = regions.filter((_, index) => outcomes[index]?.out === `${file}.bak`);
  expect(won.length).toBeGreaterThan(0);
  expect(won.map((region) => OLD.replace('eu-west-1', region))).toContain(readFileSync(file, 'utf8'));
  expect(existsSync(`${file}.fkc-new`)).toBe(false);
}, 60_000);
