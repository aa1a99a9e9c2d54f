import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generationsOf } from '../../main/masterkey/generations.ts';
import { CUSTOMERS, makeHome, openCluster, SOAK, startWorker, versionOf } from './cluster.ts';

const RANDOM_KILLS = SOAK ? 200 : 20;

let home: string;
let remove: () => Promise<void>;
/** The newest acknowledged version of each instance. */
const acknowledged = new Map<string, number>();

beforeAll(async () => {
  ({ home, remove } = await makeHome({ keystore: true }));
});

afterAll(() => remove());

/** What must hold after any kill, looked at by a process that starts anew. */
async function expectNothingLost(lines: readonly string[]): Promise<{ orphans: string[] }> {
  for (const line of lines) {
    const [word, id = '', version] = line.split(' ');
    if (word === 'saved') acknowledged.set(id, Math.max(acknowledged.get(id) ?? 0, Number(version)));
  }
  const services = await openCluster(home);
  try {
    const data = await services.data.verify();
    expect(data.unreadable).toEqual([]);
    expect((await services.cluster.instances.list('CUSTOMER', { limit: 1000 })).length).toBe(CUSTOMERS);
    for (const [id, version] of acknowledged) expect(await versionOf(services, id)).toBeGreaterThanOrEqual(version);

    const keys = await services.keys.verify();
    expect(keys.unreadable).toEqual([]);
    const { db } = services.cluster;
    const generations = generationsOf(await db.keys.list(), await db.keys.activations());
    for (const name of new Set(generations.map((generation) => generation.name))) {
      expect(generations.filter((generation) => generation.name === name && generation.state === 'active')).toHaveLength(1);
    }
    const activated = new Set(generations.filter((generation) => generation.state !== 'pre-active').map((g) => g.description));
    const left = (await db.stripes.descriptions()).filter((description) => !activated.has(description));
    expect(keys.orphans).toEqual(expect.arrayContaining(left));
    for (const line of lines) {
      const [word, description = ''] = line.split(' ');
      if (word === 'activated') expect(activated).toContain(description);
    }
    expect((await services.cluster.trail.verify()).intact).toBe(true);
    return { orphans: keys.orphans };
  } finally {
    await services.close();
  }
}

const PLACES: readonly (readonly [act: string, place: string, leavesOrphan: boolean])[] = [
  ['activate', 'activate:generated', false],
  ['activate', 'activate:wrapped', false],
  ['activate', 'stripes:half', true],
  ['activate', 'stripes:written', true],
  ['activate', 'activate:stored', true],
  ['activate', 'activate:verified', true],
  ['activate', 'activate:described', true],
  ['activate', 'activate:active', false],
  ['save', 'save:sealed', false],
  ['save', 'save:stored', false],
  ['import', 'import:batch-sealed', false],
  ['import', 'import:batch-stored', false],
  ['import', 'import:job-stored', false],
  ['rotate', 'keystore:temp-written', false],
  ['rotate', 'keystore:synced', false],
  ['rotate', 'keystore:backup-made', false],
  ['rotate', 'keystore:renamed', false],
];

describe('kill -9 at a named place', () => {
  for (const [act, place, leavesOrphan] of PLACES) {
    it(`${act}: ${place}`, async () => {
      const before = (await expectNothingLost([])).orphans.length;
      const worker = startWorker(home, act, place);
      expect(await worker.gone).toBe('SIGKILL');
      const { orphans } = await expectNothingLost(worker.lines);
      expect(orphans.length - before).toBe(leavesOrphan ? 1 : 0);
    });
  }
});

describe('kill -9 at a random moment', () => {
  it(`${RANDOM_KILLS} times, amid saving, activating, rotating and importing`, async () => {
    let acts = 0;
    for (let kill = 0; kill < RANDOM_KILLS; kill += 1) {
      const worker = startWorker(home, 'everything');
      await worker.ready;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      worker.child.kill('SIGKILL');
      expect(await worker.gone).toBe('SIGKILL');
      acts += worker.lines.length - 1;
      await expectNothingLost(worker.lines);
    }
    expect(acts).toBeGreaterThan(RANDOM_KILLS);
  });
});
