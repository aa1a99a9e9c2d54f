import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Profiles } from '../../app/profiles.ts';
import type { Services } from '../../app/services.ts';
import { parseLuDefinition } from '../../main/lu/definition.ts';
import { importLu } from '../../main/lu/import.ts';
import { activateKey } from '../../main/masterkey/activate.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { child } from '../systemdb/processes.ts';
import { CUSTOMERS, importSample, makeHome, openCluster, PROFILE, versionOf } from './cluster.ts';
import { start } from './keystore-processes.ts';
import { standing, type Standing } from './standing.ts';

const WORKER = fileURLToPath(new URL('./storage-worker.ts', import.meta.url));
/** Longer than an act waits for a lock. */
const HELD_MS = 9_000;
const ACTIVATE = "activatekey name='masterkey_key_name'";
const WHOLE = { unreadable: 0, brokenGenerations: 0, active: { masterkey_key_name: 1, k2_hash_key: 1 }, auditIntact: true };

let home: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ home, remove } = await makeHome({ keystore: true }));
});
afterEach(() => remove());

interface Said {
  readonly code: string;
  readonly before: Standing;
  readonly again: string;
  readonly after: Standing;
}

/** Runs the worker with `folder` as a small disk of its own that holds what the folder held. */
async function onSmallDisk(folder: string, size: string, act: string, fault: string): Promise<Said> {
  const script = 'cp -a "$2" "$2.kept" && mount -t tmpfs -o "size=$1" none "$2" && cp -a "$2.kept/." "$2" && shift 2 && exec "$@"';
  const ownMounts = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
  const { lines, stderr } = await start('unshare', [...ownMounts, 'sh', '-c', script, 'sh', size, folder, process.execPath, WORKER, home, PROFILE, act, folder, fault]).ended;
  await rm(`${folder}.kept`, { recursive: true, force: true });
  const said = lines.at(-1);
  if (said === undefined) throw new Error(`The worker said nothing: ${stderr}`);
  return JSON.parse(said) as Said;
}

/** The KeyStore in a folder of its own, which can be another disk. */
async function moveKeyStore(): Promise<string> {
  const folder = join(home, 'keys');
  await mkdir(folder);
  await cp(join(home, 'fabric.keystore'), join(folder, 'fabric.keystore'));
  await rm(join(home, 'fabric.keystore'));
  const profiles = new Profiles(home);
  await profiles.save({ ...(await profiles.get(PROFILE)), keystore: { file: join(folder, 'fabric.keystore'), passwordFile: join(home, 'password') } });
  return folder;
}

describe('a full disk', () => {
  test.each([
    ['an import', 'import', 'full:0'],
    ['an import, half way', 'import', 'full:100'],
    ['a save', 'save', 'full:0'],
    ['a save, half way', 'save', 'full:60'],
    ['an activation', 'activate', 'full:0'],
    ['an activation, at its stripes', 'activate', 'full:12'],
    ['an activation, later', 'activate', 'full:40'],
    ['the start', 'start', 'full:0'],
  ])('under %s is DISK_FULL; nothing is lost, and with room again it works', async (_, act, fault) => {
    const { code, before, again, after } = await onSmallDisk(home, '4m', act, fault);
    expect(code).toBe('DISK_FULL');
    expect(before).toMatchObject(WHOLE);
    expect(before.instances).toBeGreaterThanOrEqual(CUSTOMERS);
    expect(again).toBe('none');
    expect(after).toMatchObject(WHOLE);
  });

  test('under the KeyStore alone stops the activation; the old generation stays active', async () => {
    const { code, before, again } = await onSmallDisk(await moveKeyStore(), '32k', 'activate', 'full:0');
    expect(code).toBe('DISK_FULL');
    expect(before).toMatchObject(WHOLE);
    expect(again).toBe('none');
  });
});

describe('a disk that can only be read', () => {
  test('is told at the start, and works again when it is writable', async () => {
    expect(await onSmallDisk(home, '4m', 'start', 'read-only')).toMatchObject({ code: 'DATABASE_READ_ONLY', before: WHOLE, again: 'none', after: WHOLE });
  });

  test('under a running process refuses every act that writes, and nothing is lost', async () => {
    const connections = new Set<DatabaseSync>();
    const exec = DatabaseSync.prototype.exec;
    const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql: string) {
      connections.add(this);
      return exec.call(this, sql);
    });
    const services = await openCluster(home);
    spy.mockRestore();
    const live = [...connections].filter((db) => db.isOpen && db.location() === join(home, 'system.sqlite'));
    expect(live).toHaveLength(1);
    const { description } = await services.cluster.ring.active();
    const { image } = await services.cluster.instances.read('CUSTOMER', '1');
    const acts: readonly (() => Promise<unknown>)[] = [
      () => services.activation.run(ACTIVATE, 'read-only'),
      () => services.keystore.rotate(PROFILE),
      () => importSample(services, join(home, 'source.sqlite')),
      () => services.data.remove('CUSTOMER', '2'),
      () => services.cluster.instances.save('CUSTOMER', '1', image),
      // Past the audit trail, which refuses the acts above before they begin.
      () => activateKey(services.cluster.ring.activation, { name: LUI_KEY_NAME, generator: 'Java_AES', store: 'Stripe_AES', actor: 'tester@host', reason: null }),
      async () => importLu({ db: services.cluster.db, keys: services.cluster.ring, definition: parseLuDefinition('{"lu":"OTHER","root":{"table":"customer","key":"id"},"tables":[]}'), source: join(home, 'source.sqlite') }),
    ];
    live[0]?.exec('PRAGMA query_only = ON');
    for (const act of acts) await expect(act()).rejects.toMatchObject({ code: 'DATABASE_READ_ONLY', message: /\S/, remedy: /\S/ });
    expect((await services.cluster.ring.active()).description).toBe(description);
    expect(await versionOf(services, '1')).toBe(0);
    expect((await services.cluster.instances.list('CUSTOMER', { limit: 1000 })).length).toBe(CUSTOMERS);
    expect(await services.cluster.instances.list('OTHER', { limit: 1 })).toEqual([]);
    live[0]?.exec('PRAGMA query_only = OFF');
    expect(await standing(services)).toEqual({ ...WHOLE, instances: CUSTOMERS });
    expect((await services.keys.verify()).orphans).toEqual([]);
    for (const act of acts) await act();
    expect(await standing(services)).toMatchObject(WHOLE);
    await services.close();
  });

  test('under the KeyStore stops an activation; the old generation stays active', async () => {
    const { code, before, again } = await onSmallDisk(await moveKeyStore(), '1m', 'activate', 'read-only');
    expect(code).toBe('KEYSTORE_WRITE_FAILED');
    expect(before).toMatchObject({ ...WHOLE, instances: CUSTOMERS });
    expect(again).toBe('none');
  });
});

test('a database that another process holds for too long is DATABASE_LOCKED for every act, and works afterwards', async () => {
  const services = await openCluster(home);
  const { image } = await services.cluster.instances.read('CUSTOMER', '1');
  const version = await versionOf(services, '1');
  // Each act on a connection of its own: within one they wait for each other.
  const acts: readonly ((other: Services) => Promise<unknown>)[] = [
    (other) => other.activation.run(ACTIVATE, 'locked out'),
    (other) => importSample(other, join(home, 'source.sqlite')),
    (other) => other.keystore.rotate(PROFILE),
  ];
  const others = await Promise.all(acts.map(async (act) => [await openCluster(home), act] as const));
  const holder = child('hold', join(home, 'system.sqlite'), String(HELD_MS));
  await holder.said;
  const started = Date.now();
  const ends = await Promise.allSettled([
    services.cluster.instances.save('CUSTOMER', '1', image),
    ...others.map(([other, act]) => act(other)),
  ]);
  expect(ends.map((end) => (end.status === 'rejected' ? (end.reason as { code: string }).code : end.status))).toEqual(ends.map(() => 'DATABASE_LOCKED'));
  // Each waited for the lock, and none much longer.
  expect(Date.now() - started).toBeGreaterThan(4_000);
  expect(Date.now() - started).toBeLessThan(HELD_MS + 1_000);
  // Reading needs no lock.
  expect(await versionOf(services, '1')).toBe(version);
  await holder.ended;
  expect(await standing(services)).toMatchObject(WHOLE);
  for (const [other, act] of others) {
    await act(other);
    await other.close();
  }
  expect(await standing(services)).toMatchObject(WHOLE);
  await services.close();
});
