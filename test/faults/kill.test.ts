import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generationsOf } from '../../main/masterkey/generations.ts';
import { CUSTOMERS, importMany, makeHome, MANY, openCluster, SOAK, startWorker, versionOf } from './cluster.ts';

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
  // Its own KeyStore write, the history record, comes before the first stripe.
  ['activate', 'keystore:temp-written', false],
  ['activate', 'keystore:synced', false],
  ['activate', 'keystore:backup-made', false],
  ['activate', 'keystore:renamed', false],
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

/** Of an import of {@link MANY}, three batches. */
describe('kill -9 in the second batch of an import', () => {
  // A batch is sealed while the one before is stored.
  for (const [place, stored, counted] of [
    ['import:batch-sealed', 128, 128],
    ['import:batch-stored', 256, 128],
    ['import:job-stored', 256, 256],
  ] as const) {
    it(`${place}: what was stored stays, and importing again goes on`, async () => {
      const worker = startWorker(home, 'import', place, 2);
      expect(await worker.gone).toBe('SIGKILL');
      await expectNothingLost(worker.lines);
      const services = await openCluster(home);
      const there = async (): Promise<string[]> => (await services.cluster.instances.list('MANY', { limit: 1000 })).map(({ id }) => id);
      expect(await there()).toHaveLength(stored);
      // Those that the job's record does not count are compared, and found to be the same.
      const jobs = (await services.cluster.db.jobs.list(100)).filter(({ kind, state }) => kind === 'import' && state === 'running');
      expect(jobs.map(({ done }) => done)).toEqual([counted]);
      expect(await importMany(services, home)).toBe(MANY - stored);
      const ids = await there();
      expect(new Set(ids)).toEqual(new Set(Array.from({ length: MANY }, (_, i) => String(i + 1))));
      expect(await services.data.verify('MANY')).toEqual({ checked: MANY, readable: MANY, unreadable: [] });
      for (const id of ids) await services.data.remove('MANY', id);
      await services.close();
    });
  }
});

/** Acts as the worker announces them, and the word of each one's acknowledgement. */
const ACTS = { save: 'saved', activation: 'activated', rotation: 'rotated', import: 'imported' } as const;
type Act = keyof typeof ACTS;

describe('kill -9 at a random moment', () => {
  it(`${RANDOM_KILLS} times and until each kind of act was hit, amid saving, activating, rotating and importing`, async () => {
    const acknowledgedActs = new Map<Act, number>();
    const inside = new Map<Act, number>();
    /** How long the act took when it was last seen to end, in milliseconds. */
    const lasted = new Map<Act, number>();
    const acts = Object.keys(ACTS) as Act[];
    const count = (counts: Map<Act, number>, act: Act): Map<Act, number> => counts.set(act, (counts.get(act) ?? 0) + 1);
    const each = (counts: Map<Act, number>): boolean => acts.every((act) => (counts.get(act) ?? 0) > 0);
    for (let kill = 0; (kill < RANDOM_KILLS || !each(inside) || !each(acknowledgedActs)) && kill < 3 * RANDOM_KILLS; kill += 1) {
      // Every other kill at any moment at all, the rest somewhere in an act of a chosen kind.
      const aim = acts[(kill >> 1) % acts.length] as Act;
      const aimed = kill % 2 === 1;
      const worker = startWorker(home, 'everything', aim);
      await (aimed ? worker.says(`begin ${aim}`) : worker.ready);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (aimed ? (lasted.get(aim) ?? 20) : 600)));
      worker.child.kill('SIGKILL');
      expect(await worker.gone).toBe('SIGKILL');
      worker.lines.forEach((line, i) => {
        const act = acts.find((one) => line === `begin ${one}`);
        if (act === undefined) return;
        const answer = worker.lines[i + 1];
        if (answer === undefined) count(inside, act);
        else {
          expect(answer.split(' ')[0]).toBe(ACTS[act]);
          // Nothing is proved by an import that found all as it was.
          if (act === 'import') expect(answer).toBe(`imported ${CUSTOMERS}`);
          count(acknowledgedActs, act);
          lasted.set(act, (worker.times[i + 1] ?? 0) - (worker.times[i] ?? 0));
        }
      });
      await expectNothingLost(worker.lines);
    }
    for (const act of acts) {
      expect(acknowledgedActs.get(act) ?? 0, `${act} that was acknowledged`).toBeGreaterThan(0);
      expect(inside.get(act) ?? 0, `kills inside of ${act}`).toBeGreaterThan(0);
    }
  });
});
