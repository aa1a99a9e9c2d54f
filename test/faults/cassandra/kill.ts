import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { campaignStatus } from '../../../main/rekey/state.ts';
import { SOAK } from '../cluster.ts';
import { imageOf, saveUnder, sizeOf } from './content.ts';
import { expectNothingOlder, generationsOf } from './holds.ts';
import { Saved, Worker } from './processes.ts';
import { activate, LU, startedCampaign, type ThreeNodes } from './three-nodes.ts';

const KILLS = SOAK ? 200 : 8;
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

    it(`killed ${KILLS} times while another process saves: nothing is lost, and the campaign comes to its end`, async () => {
      const { home } = at();
      const { db } = services.cluster;
      const saver = new Worker(home, ['save', LU, String(INSTANCES), '0', '-']);
      await saver.says(/^saved/);
      const saved = new Saved();
      let campaigns = 0;
      let killedAtWork = 0;
      let id = '';
      for (let kill = 0; kill < KILLS; kill += 1) {
        // A worker that was killed while it counted holds the end of the campaign for its lease: one is left to end it.
        if (id !== '' && (await campaignStatus(db, id)).ranges.every(({ state }) => state === 'done')) {
          expect(await new Worker(home, ['rekey', id]).gone).toBe(0);
        }
        if (id === '' || (await campaignStatus(db, id)).state === 'done') {
          await activate(services);
          id = (await startedCampaign(services, LU)).record.id;
          campaigns += 1;
        }
        const worker = new Worker(home, ['rekey', id]);
        await worker.says(/^ready/);
        await delay(Math.random() * LONGEST_LIFE_MS);
        const isAtWork = !worker.lines.some((line) => line.startsWith('ended'));
        await worker.kill();
        if (isAtWork) killedAtWork += 1;
        expect((await campaignStatus(db, id)).failed).toBe(0);
        saved.note(saver);
        await expectNothingOlder(services, LU, sample(IDS, 60), saved);
      }
      const last = new Worker(home, ['rekey', id]);
      expect(await last.gone).toBe(0);
      expect(last.lines).toContain('ended done');
      const ended = await campaignStatus(db, id);
      expect(ended.ranges.every(({ state }) => state === 'done')).toBe(true);
      // Each instance was looked at once, in whichever worker's range, and none failed.
      expect(ended.ranges.reduce((sum, { passed }) => sum + passed, 0)).toBe(INSTANCES);
      expect(ended.outcome).toMatchObject({ kind: 'proof', counted: INSTANCES, failures: 0 });
      expect(ended.done).toBe(ended.total - (ended.outcome?.kind === 'proof' ? ended.outcome.left.reduce((sum, { instances }) => sum + instances, 0) : 0));
      expect(killedAtWork).toBeGreaterThan(KILLS / 2);

      expect(await saver.stop()).toBe(0);
      expect(saver.lines.filter((line) => line.startsWith('failed'))).toEqual([]);
      saved.note(saver);
      await expectNothingOlder(services, LU, IDS, saved);
      console.log(`${KILLS} kills (${killedAtWork} at work), ${campaigns} campaigns, ${saver.lines.filter((line) => line.startsWith('saved')).length} saves`);
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

function sample(ids: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => ids[Math.floor(Math.random() * ids.length)] ?? '');
}
