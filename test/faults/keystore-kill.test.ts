import { access, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { aliasesOf, startWriter } from './keystore-processes.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/keystore/mixed-current.p12', import.meta.url));
const OLD_ALIASES = ['masterkey_key_name', 'server', 'second_key'];
const MOMENTS = process.env['FKC_SOAK'] === '1' ? 200 : 10;

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-keystore-'));
  file = join(folder, 'fabric.keystore');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each(['keystore:temp-written', 'keystore:synced', 'keystore:backup-made', 'keystore:renamed'])(
  'killed at %s, an update leaves a whole file, and the next one goes on',
  async (place) => {
    await copyFile(FIXTURE, file);
    const { signal, lines } = await startWriter('add', file, 'killed', '1', place).ended;
    expect({ signal, lines }).toEqual({ signal: 'SIGKILL', lines: [] });
    const isReplaced = place === 'keystore:renamed';
    expect([...(await aliasesOf(file, isReplaced ? ['killed-0'] : []))]).toEqual(isReplaced ? expect.arrayContaining([...OLD_ALIASES, 'killed-0']) : OLD_ALIASES);

    const next = await startWriter('add', file, 'next', '1').ended;
    expect(next.lines, next.stderr).toEqual(['next-0']);
    const aliases = await aliasesOf(file, isReplaced ? ['killed-0', 'next-0'] : ['next-0']);
    for (const alias of OLD_ALIASES) expect(aliases).toContain(alias);
    await expect(access(`${file}.fkc-new`)).rejects.toThrow();
  },
);

test.each(['keystore:temp-written', 'keystore:synced', 'keystore:renamed'])('killed at %s, a creation leaves a whole file or none', async (place) => {
  const { signal } = await startWriter('create', file, '', '0', place).ended;
  expect(signal).toBe('SIGKILL');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  expect(isThere).toBe(place === 'keystore:renamed');
  const next = await startWriter(isThere ? 'add' : 'create', file, 'next', '1').ended;
  expect(next.lines, next.stderr).toEqual(['next-0']);
  expect(await aliasesOf(file, ['next-0'])).toEqual(new Set(['next-0']));
});

test(`killed at ${MOMENTS} random moments, nothing that was reported durable is ever lost`, async () => {
  await copyFile(FIXTURE, file);
  const durable: string[] = [];
  for (let round = 0; round < MOMENTS; round += 1) {
    const writer = startWriter('add', file, `round-${round}`, '1000000');
    await writer.started;
    await sleep(Math.random() * 120);
    writer.process.kill('SIGKILL');
    const { lines, signal, stderr } = await writer.ended;
    expect(signal, stderr).toBe('SIGKILL');
    const added = lines.filter((line) => !line.startsWith('{'));
    expect(added).toEqual(lines);
    durable.push(...added);
    const aliases = await aliasesOf(file, added);
    for (const alias of [...OLD_ALIASES, ...durable]) expect(aliases, `round ${round}`).toContain(alias);
  }
  await aliasesOf(file, durable);
});
