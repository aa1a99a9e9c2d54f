import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { retryCampaign } from '../../../main/rekey/retry.ts';
import { campaignStatus } from '../../../main/rekey/state.ts';
import { counterOf, imageOf, saveUnder } from './content.ts';
import { Worker } from './processes.ts';
import { activate, LU, startedCampaign, type ThreeNodes } from './three-nodes.ts';

const HOUR_MS = 3_600_000;
/** Far enough to be refused, and over before the test has waited long. */
const SOON_MS = 14_000;

export function clockSuite(at: () => ThreeNodes): void {
  describe('a clock that jumped ahead', () => {
    let services: Services;
    beforeAll(async () => {
      services = await at().open();
      const { db, ring } = services.cluster;
      for (const id of ['now', 'soon', 'future']) await saveUnder({ db, keys: ring }, LU, id, imageOf(1, 0));
      await activate(services);
      for (const [id, ms] of [['future', HOUR_MS], ['soon', SOON_MS]] as const) {
        const ahead = new Worker(at().home, ['ahead', LU, id, String(ms)]);
        await ahead.says(/^saved/);
        expect(await ahead.gone).toBe(0);
      }
    });
    afterAll(async () => {
      await services?.cluster.db.instances.remove(LU, 'now');
      await services?.cluster.db.instances.remove(LU, 'soon');
      await services?.cluster.db.instances.remove(LU, 'future');
      await services?.close();
    });

    it('is found by a campaign, told as a failure, and what it wrote is left as it is until its time has come', async () => {
      const { db, ring, instances } = services.cluster;
      const stored = await db.instances.get(LU, 'future');
      const { record } = await startedCampaign(services, LU);
      const rekeyer = new Worker(at().home, ['rekey', record.id]);
      expect(await rekeyer.gone).toBe(0);
      const failures = await db.campaigns.failures(record.id, { limit: 10 });
      expect(failures.map(({ id, code }) => [id, code])).toContainEqual(['future', 'INSTANCE_FROM_FUTURE']);
      expect(failures.every(({ id, code }) => (id === 'future' || id === 'soon') && code === 'INSTANCE_FROM_FUTURE')).toBe(true);
      expect(failures.find(({ id }) => id === 'future')?.message).toMatch(/ahead of this machine's clock/);
      expect(await db.instances.get(LU, 'future')).toEqual(stored);
      expect(counterOf((await instances.read(LU, 'future')).image)).toBe(1_000);
      const active = (await ring.active()).description;
      expect((await instances.read(LU, 'now')).info.keyDescription).toBe(active);
      expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'done', failed: failures.length, outcome: { proven: false, failures: failures.length } });

      // A save is refused as well: it could not take the place of what is there.
      await expect(saveUnder({ db, keys: ring }, LU, 'future', imageOf(2, 0))).rejects.toMatchObject({ code: 'INSTANCE_FROM_FUTURE' });
      expect(counterOf((await instances.read(LU, 'future')).image)).toBe(1_000);

      for (;;) {
        const { failed } = await retryCampaign({ db, keys: ring, id: record.id });
        if (failed <= 1) break;
      }
      expect((await instances.read(LU, 'soon')).info.keyDescription).toBe(active);
      expect(counterOf((await instances.read(LU, 'soon')).image)).toBe(1_000);
      expect((await db.campaigns.failures(record.id, { limit: 10 })).map(({ id }) => id)).toEqual(['future']);
    });
  });
}
