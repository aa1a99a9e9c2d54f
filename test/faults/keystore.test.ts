import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { WRITER, aliasesOf, start, startWriter } from './keystore-processes.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/keystore/mixed-current.p12', import.meta.url));
const ROUNDS = process.env['FKC_SOAK'] === '1' ? 200 : 10;

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-keystore-'));
  file = join(folder, 'fabric.keystore');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test(`two processes that update at once lose no entry, ${ROUNDS} rounds`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await copyFile(FIXTURE, file);
    const ends = await Promise.all(['left', 'right'].map((side) => startWriter('add', file, side, '5').ended));
    const written = ends.flatMap(({ lines }) => lines);
    expect(written, ends.map(({ stderr }) => stderr).join('')).toHaveLength(10);
    const aliases = await aliasesOf(file, written);
    expect([...aliases].toSorted()).toEqual([...written, 'masterkey_key_name', 'second_key', 'server'].toSorted());
  }
});

test('two processes that create the same file: one makes it, the other is told', async () => {
  const ends = await Promise.all([startWriter('create', file, 'a', '0').ended, startWriter('create', file, 'b', '0').ended]);
  const refused = ends.filter(({ stderr }) => stderr.includes('FILE_EXISTS'));
  expect(refused).toHaveLength(1);
  expect(await aliasesOf(file, [])).toEqual(new Set());
});

describe('no space left', () => {
  test('a full disk is DISK_FULL, or refused by name where only a size limit can be had; the file stands', async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const script = join(folder, 'on-full-disk.sh');
    // The child has its own mounts, which end with it. Its last words are the file as it then stands.
    await writeFile(
      script,
      `set -e
mount -t tmpfs -o size=12k,mode=700 none "${disk}"
cp "${FIXTURE}" "${disk}/fabric.keystore"
"${process.execPath}" "${WRITER}" add "${disk}/fabric.keystore" a 1 > "${folder}/first"
head -c 1000000 /dev/zero > "${disk}/fill" || true
"${process.execPath}" "${WRITER}" add "${disk}/fabric.keystore" b 1
ls "${disk}" > "${folder}/left"
cp "${disk}/fabric.keystore" "${file}"
`,
    );
    const ownMounts = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
    const mounted = await start('unshare', [...ownMounts, 'true']).ended.then(
      ({ stderr }) => stderr === '',
      () => false,
    );
    if (mounted) {
      const { lines, stderr } = await start('unshare', [...ownMounts, 'sh', script]).ended;
      expect(lines, stderr).toEqual(['{"code":"DISK_FULL"}']);
      expect(await readFile(join(folder, 'left'), 'utf8')).toBe('fabric.keystore\nfabric.keystore.bak\nfabric.keystore.lock\nfill\n');
      expect(await aliasesOf(file, ['a-0'])).toContain('second_key');
    } else {
      await expectSizeLimit();
    }
  });

  test('a limit on the size of files is refused by name; the file stands', () => expectSizeLimit());

  /** RLIMIT_FSIZE of one block: the write itself fails half way, as on a full disk. */
  async function expectSizeLimit(): Promise<void> {
    await copyFile(FIXTURE, file);
    const before = await readFile(file);
    const { lines, stderr } = await start('sh', ['-c', `ulimit -f 1; exec "$@"`, 'sh', process.execPath, WRITER, 'add', file, 'b', '1']).ended;
    expect(lines, stderr).toEqual(['{"code":"KEYSTORE_WRITE_FAILED"}']);
    expect(await readFile(file)).toEqual(before);
    expect((await readdir(folder)).filter((name) => name.endsWith('-new'))).toEqual([]);
  }
});
