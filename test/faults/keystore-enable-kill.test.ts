import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openServices } from '../../app/services.ts';
import { passwordOf } from '../../app/password.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { CUSTOMERS, KEYSTORE_PASSWORD, makeHome, openCluster, PROFILE, SOAK, startWorker } from './cluster.ts';
import { standing } from './standing.ts';

const WHOLE = { instances: CUSTOMERS, unreadable: 0, brokenGenerations: 0, active: { masterkey_key_name: 1, k2_hash_key: 1 }, auditIntact: true };

let home: string;
let remove: () => Promise<void>;
/** The home folder as it was before the KeyStore was turned on. */
let kept: string;

beforeAll(async () => {
  ({ home, remove } = await makeHome({ keystore: false }));
  kept = await mkdtemp(join(tmpdir(), 'fkc-kept-'));
  await cp(home, kept, { recursive: true });
});
beforeEach(async () => {
  await rm(home, { recursive: true });
  await cp(kept, home, { recursive: true });
});
afterAll(async () => {
  await remove();
  await rm(kept, { recursive: true });
});

async function enable(): Promise<void> {
  const services = await openCluster(home);
  await services.keystore.enable(join(home, 'fabric.keystore'), passwordOf(KEYSTORE_PASSWORD), PROFILE, { passwordFile: join(home, 'password') });
  await services.close();
}

/** Every place of a KeyStore write in turning it on, in order: it is made, gets its protection key, and a history record for each name. */
async function placesOfEnabling(): Promise<(readonly [place: string, hit: number])[]> {
  const places: (readonly [string, number])[] = [];
  onFailPoint((name) => {
    if (name.startsWith('keystore:')) places.push([name, places.filter(([place]) => place === name).length + 1]);
  });
  try {
    await enable();
  } finally {
    onFailPoint(null);
  }
  return places;
}

test('kill -9 at every KeyStore write of turning the KeyStore on: all stays readable, and it is turned on afterwards', async () => {
  const places = await placesOfEnabling();
  // Made: 3 places; then three updates of 5 each, the backup being a file of its own.
  expect(places).toHaveLength(18);
  // Every day: the making, the protection key, and the end of the last history record.
  const chosen = SOAK ? places : places.filter((_, i) => i < 8 || i === places.length - 1);
  for (const [place, hit] of chosen) {
    const where = `${place}, hit ${hit}`;
    await rm(home, { recursive: true });
    await cp(kept, home, { recursive: true });
    const worker = startWorker(home, 'enable', place, hit);
    expect(await worker.gone, where).toBe('SIGKILL');
    expect(worker.lines, where).toEqual(['ready']);

    // A window that starts anew: where the profile names the KeyStore already, it completes the turn by itself.
    const services = await openServices({ home, profile: PROFILE });
    await services.unlock(null);
    expect(await standing(services), where).toEqual(WHOLE);
    const isOn = services.cluster.profile.keystore !== null;
    expect(services.cluster.ring.protection.kind, where).toBe(isOn ? 'keystore' : 'internal');
    await services.close();
    if (!isOn) await enable();

    const after = await openCluster(home);
    expect(await standing(after), where).toEqual(WHOLE);
    const { keys } = await after.keys.list();
    for (const { description } of keys.filter(({ state }) => state === 'active')) expect((await after.cluster.db.keys.get(description))?.wrapping['kind'], where).toBe('keystore');
    expect(after.cluster.ring.stale.size, where).toBe(0);
    expect((await stat(join(home, 'fabric.keystore'))).mode & 0o777, where).toBe(0o600);
    await after.close();
  }
});
