import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { campaignStatus, type CampaignStatus } from '../../../main/rekey/state.ts';
import { SOAK } from '../cluster.ts';
import { imageOf, saveUnder, sizeOf } from './content.ts';
import { expectNothingOlder, expectOnlySaved, generationsOf } from './holds.ts';
import { Saved, Worker } from './processes.ts';
import { activate, LU, startedCampaign, type ThreeNodes } from './three-nodes.ts';

/** Of a worker at work: others are not counted. */
const KILLS = SOAK ? 200 : 8;
/** Workers that are started for it, before that is said to be too many. */
const MOST_WORKERS = KILLS * 4;
const INSTANCES = SOAK ? 3_000 : 900;
const IDS = Array.from({ length: INSTANCES }, (_, place) => String(place + 1));
/** A campaign over these instances takes a worker about twice as long. */
const LONGEST_LIFE_MS = 900;

/** Saves the instances with counter 0, under the active generation. */
export async function fill({ cluster: { db, ring } }: Services, lu: string, ids: readonly string[]): Promise<void> {
  const [first = '', ...left] = ids;
  await saveUnder({ db, keys: ring }, lu, first, imageOf(0, sizeOf(first)));
  const lane = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await saveUnder({ db, keys: ring }, lu, id, imageOf(0, sizeOf(id)));
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

export function killSuite(at: () => ThreeNodes): void {
  describe('the worker of a campaign', () => {
    let services: Services;
    beforeAll(async () => {
      services = await at().open();
      await fill(services, LU, IDS);
    });
    afterAll(() => services?.close());

    async function begun(): Promise<CampaignStatus> {
      await activate(services);
      return campaignStatus(services.cluster.db, (await startedCampaign(services, LU)).record.id);
    }

    async function toItsEnd(id: string): Promise<CampaignStatus> {
      const worker = new Worker(at().home, ['rekey', id]);
      expect(await worker.gone).toBe(0);
      expect(worker.lines).toContain('ended done');
      return campaignStatus(services.cluster.db, id);
    }

    it(`killed ${KILLS} times at its work while another process saves: nothing is lost, and the campaign comes to its end`, async () => {
      const { home } = at();
      const { db } = services.cluster;
      const saver = new Worker(home, ['save', LU, String(INSTANCES), '0', '-']);
      await saver.says(/^saved/);
      const saved = new Saved();
      let campaigns = 0;
      let killedAtWork = 0;
      let workers = 0;
      let status: CampaignStatus | null = null;
      for (; killedAtWork < KILLS && workers < MOST_WORKERS; workers += 1) {
        // A worker that was killed while it counted holds the end of the campaign for its lease: one is left to end it.
        if (status !== null && status.state !== 'done' && status.ranges.every(({ state }) => state === 'done')) {
          status = await toItsEnd(status.id);
        }
        if (status === null || status.state === 'done') {
          if (status !== null) expectCounted(status);
          status = await begun();
          campaigns += 1;
        }
        const worker = new Worker(home, ['rekey', status.id]);
        const [, name = ''] = (await worker.says(/^worker/)).split(' ');
        await delay(Math.random() * LONGEST_LIFE_MS);
        const isRunning = !worker.lines.some((line) => line.startsWith('ended'));
        await worker.kill();
        const before = status;
        status = await campaignStatus(db, before.id);
        // It held a range when it was gone, or had worked through some of one.
        if (isRunning && (status.workers.some((one) => one.worker === name) || passedIn(status) > passedIn(before))) killedAtWork += 1;
        expect(status.failed).toBe(0);
        saved.note(saver);
        await expectNothingOlder(services, LU, sample(IDS, 60), saved);
      }
      expect(killedAtWork).toBe(KILLS);
      expect(await saver.stop()).toBe(0);
      expect(saver.lines.filter((line) => line.startsWith('failed'))).toEqual([]);
      saved.note(saver);
      await expectOnlySaved(services, LU, IDS, saved);

      // Now that nobody saves, what a campaign says is left can be counted beside it.
      status = await toItsEnd((status?.state === 'running' ? status : await begun()).id);
      expectCounted(status);
      const { from } = status.params;
      const stillThere = (await db.instances.census()).filter(({ lu, keyDescription }) => lu === LU && from.includes(keyDescription));
      expect(status.outcome).toMatchObject({ left: stillThere, proven: stillThere.length === 0 });
      const left = stillThere.reduce((sum, { instances }) => sum + instances, 0);
      expect([status.done, status.left]).toEqual([status.total - left, left]);
      await expectOnlySaved(services, LU, IDS, saved);
      console.log(`${workers} kills (${killedAtWork} at work), ${campaigns} campaigns, ${saver.lines.filter((line) => line.startsWith('saved')).length} saves, ${left} left behind the last campaign`);
    });

    it('shares a campaign with another process: each does a part, and both together the whole', async () => {
      await activate(services);
      const { record } = await startedCampaign(services, LU, { instancesPerSecond: INSTANCES / 10 });
      const workers = [1, 2].map(() => new Worker(at().home, ['rekey', record.id]));
      for (const worker of workers) expect(await worker.gone).toBe(0);
      const done = workers.map(({ lines }) => Math.max(...lines.map((line) => Number(/^progress \w+ (\d+)/.exec(line)?.[1] ?? 0))));
      expect(Math.min(...done)).toBeGreaterThan(0);
      expect(done.reduce((sum, part) => sum + part, 0)).toBe(INSTANCES);
      const status = await campaignStatus(services.cluster.db, record.id);
      expect(status).toMatchObject({ state: 'done', done: INSTANCES, left: 0, outcome: { proven: true, rewritten: INSTANCES, superseded: 0 } });
      expectCounted(status);
    });

    it('left alone completes a campaign: proven, and the counts add up', async () => {
      const description = await activate(services);
      const { record } = await startedCampaign(services, LU);
      const last = new Worker(at().home, ['rekey', record.id]);
      expect(await last.gone).toBe(0);
      const status = await campaignStatus(services.cluster.db, record.id);
      expect(status).toMatchObject({ state: 'done', total: INSTANCES, done: INSTANCES, failed: 0, left: 0 });
      expect(status.outcome).toMatchObject({ kind: 'proof', proven: true, left: [], counted: INSTANCES, superseded: 0, failures: 0 });
      for (const count of ['passed', 'rewritten'] as const) expect(status.ranges.reduce((sum, range) => sum + range[count], 0)).toBe(INSTANCES);
      expect(await generationsOf(services, LU)).toEqual({ [description]: INSTANCES });
    });
  });
}

/** What a campaign that ended says: each instance was looked at once, in whichever worker's range, and none failed. */
function expectCounted({ state, ranges, outcome, failed }: CampaignStatus): void {
  expect([state, ranges.every((range) => range.state === 'done'), failed]).toEqual(['done', true, 0]);
  expect(passedIn({ ranges })).toBe(INSTANCES);
  expect(outcome).toMatchObject({ kind: 'proof', counted: INSTANCES, failures: 0 });
}

function passedIn({ ranges }: Pick<CampaignStatus, 'ranges'>): number {
  return ranges.reduce((sum, { passed }) => sum + passed, 0);
}

function sample(ids: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => ids[Math.floor(Math.random() * ids.length)] ?? '');
}
