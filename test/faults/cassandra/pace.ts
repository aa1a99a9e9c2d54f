import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { limitCampaign } from '../../../main/rekey/control.ts';
import { runCampaign } from '../../../main/rekey/run.ts';
import { campaignStatus } from '../../../main/rekey/state.ts';
import { fill } from './kill.ts';
import { activate, startedCampaign, type ThreeNodes } from './three-nodes.ts';

const LU = 'SLOW';
const IDS = Array.from({ length: 3_000 }, (_, place) => String(place + 1));
/** Slow enough for the campaign to last while the cluster slows, and for as long after it as the nodes take to find each other again. */
const RATE = 40;
/** Few enough to be reached, one by one, in some hundred answers. */
const WIDEST = 16;
/** Of each of these the nodes run for the second part alone. */
const STANDS_MS = 150;
const RUNS_MS = 10;

export function paceSuite(at: () => ThreeNodes): void {
  describe('a campaign on a cluster that slows', () => {
    let services: Services;
    beforeAll(async () => {
      services = await at().open();
      await fill(services, LU, IDS);
    });
    afterAll(() => services?.close());

    it('backs off by itself, and comes back when the cluster does', async () => {
      await activate(services);
      const { cluster } = services;
      const { id } = (await startedCampaign(services, LU, { instancesPerSecond: RATE, concurrency: WIDEST })).record;
      let width = 0;
      const run = runCampaign({ db: cluster.db, keys: cluster.ring, id, worker: 'paced', onProgress: (progress) => (width = progress.width) });
      await expect.poll(() => width, { timeout: 30_000 }).toBe(WIDEST);
      const over = new AbortController();
      const slowed = slow(at(), over.signal);
      await expect.poll(() => width, { timeout: 60_000 }).toBeLessThanOrEqual(WIDEST / 4);
      over.abort();
      await slowed;
      await expect.poll(() => width, { timeout: 60_000 }).toBe(WIDEST);
      await limitCampaign(cluster.db, id, { instancesPerSecond: null });
      expect(await run).toBe('done');
      expect(await campaignStatus(cluster.db, id)).toMatchObject({ done: IDS.length, failed: 0, outcome: { proven: true } });
    });
  });
}

/** Lets all nodes stand still most of the time, and answer late what they are asked. */
async function slow({ nodes }: ThreeNodes, over: AbortSignal): Promise<void> {
  const all = (signal: NodeJS.Signals) => Promise.all(nodes.contactPoints.map((_, node) => nodes.kill(node, signal)));
  while (!over.aborted) {
    await all('SIGSTOP');
    await delay(STANDS_MS);
    await all('SIGCONT');
    await delay(RUNS_MS);
  }
}
