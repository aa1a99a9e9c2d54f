import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { isAppError } from '../../../main/errors.ts';
import { campaignStatus } from '../../../main/rekey/state.ts';
import { SOAK } from '../cluster.ts';
import { counterOf, imageOf, saveUnder } from './content.ts';
import { expectOnlySaved } from './holds.ts';
import { Saved, Worker } from './processes.ts';
import { activate, startedCampaign, type ThreeNodes } from './three-nodes.ts';

const MEBIBYTES = SOAK ? 32 : 8;
const CAMPAIGNS = SOAK ? 20 : 3;
/** More of them, where the two that are saved were always under the new generation before a campaign came to them. */
const MOST_CAMPAIGNS = CAMPAIGNS + 5;
/** Between two saves, so that a rekey has a chance against them. */
const PAUSE_MS = SOAK ? 6_000 : 3_000;
const IDS = ['1', '2', '3'];
/** An LU of its own: the others are small. */
const LU = 'LARGE';

export function largeSuite(at: () => ThreeNodes): void {
  describe('large instances', () => {
    let services: Services;
    beforeAll(async () => {
      services = await at().open();
      const { db, ring } = services.cluster;
      for (const id of IDS) await saveUnder({ db, keys: ring }, LU, id, imageOf(1, MEBIBYTES * 1024 * 1024));
    });
    afterAll(() => services?.close());

    it(`of ${MEBIBYTES} MiB, saved and read while ${CAMPAIGNS} campaigns or more rekey them: no reader sees a mixture`, async () => {
      const { cluster } = services;
      // The third is only rekeyed: nothing competes with that.
      const saver = new Worker(at().home, ['save', LU, '2', '1', String(MEBIBYTES * 1024 * 1024), '1', String(PAUSE_MS)]);
      const rekeyer = new Worker(at().home, ['rekey']);
      await Promise.all([saver.says(/^saved/), rekeyer.says(/^ready/)]);
      let reading = true;
      const wrong: string[] = [];
      const seen = new Map<string, number>();
      let reads = 0;
      const reader = async (): Promise<void> => {
        while (reading) {
          for (const id of IDS) {
            try {
              const counter = counterOf((await cluster.instances.read(LU, id)).image);
              if (counter < (seen.get(id) ?? 0)) wrong.push(`${id} went back from ${seen.get(id)} to ${counter}`);
              seen.set(id, counter);
              reads += 1;
            } catch (error) {
              wrong.push(`${id}: ${isAppError(error) ? error.code : String(error)}`);
            }
          }
        }
      };
      const readers = reader();
      let rewritten = 0;
      let superseded = 0;
      let campaigns = 0;
      // Each rekeys the third: what is above that was done to the two that are saved meanwhile.
      const againstSaves = (): number => rewritten + superseded - campaigns;
      for (; campaigns < CAMPAIGNS || (againstSaves() === 0 && campaigns < MOST_CAMPAIGNS); campaigns += 1) {
        await activate(services);
        const id = (await startedCampaign(services, LU)).record.id;
        const from = rekeyer.lines.length;
        rekeyer.tell(id);
        expect(await rekeyer.says(/^ended/, from)).toBe('ended done');
        const status = await campaignStatus(cluster.db, id);
        expect(status).toMatchObject({ state: 'done', failed: 0 });
        rewritten += status.ranges.reduce((sum, range) => sum + range.rewritten, 0);
        superseded += status.ranges.reduce((sum, range) => sum + range.superseded, 0);
      }
      reading = false;
      await readers;
      expect([await saver.stop(), await rekeyer.stop()]).toEqual([0, 0]);
      expect(saver.lines.filter((line) => line.startsWith('failed'))).toEqual([]);
      expect(wrong).toEqual([]);
      // Of the two that are saved meanwhile some were rekeyed as well, or lost against a save: how many is chance.
      expect(againstSaves()).toBeGreaterThan(0);
      expect(reads).toBeGreaterThan(campaigns);
      const saved = new Saved(1);
      saved.note(saver);
      await expectOnlySaved(services, LU, IDS, saved);
      console.log(`${campaigns} campaigns, ${reads} reads, ${rewritten} rekeyed, ${superseded} overtaken by a save, ${saver.lines.length - 1} saves of ${MEBIBYTES} MiB`);
    });
  });
}
