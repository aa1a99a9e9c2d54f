import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import { SOAK } from '../cluster.ts';
import { Worker } from './processes.ts';
import { LU, type ThreeNodes } from './three-nodes.ts';
import { imageOf, saveUnder } from './content.ts';

/** In which both activated at the same time: one that was done before the other began is no race. */
const ROUNDS = SOAK ? 200 : 10;
/** Rounds altogether, before that is said to be too many. */
const MOST_ROUNDS = ROUNDS * 5;
/** Rounds after which every generation that there is gets unwrapped. */
const VERIFY_EVERY = 25;
/** Time for both to hear of the round. */
const START_MS = 150;

export function raceSuite(at: () => ThreeNodes): void {
  describe('an activation', () => {
    let services: Services;
    let racers: Worker[];
    beforeAll(async () => {
      const { home, nodes } = at();
      services = await at().open();
      racers = nodes.contactPoints.slice(0, 2).map((node) => new Worker(home, ['race'], node));
      await Promise.all(racers.map((racer) => racer.says(/^ready/)));
    });
    afterAll(async () => {
      await Promise.all((racers ?? []).map((racer) => racer.stop()));
      await services?.close();
    });

    it(`raced by two processes through two nodes, ${ROUNDS} times at once: one winner each`, async () => {
      const { db, ring, instances } = services.cluster;
      let contested = 0;
      let round = 0;
      while (contested < ROUNDS && round < MOST_ROUNDS) {
        round += 1;
        const before = (await db.keys.active(LUI_KEY_NAME))?.revision ?? 0;
        const start = Date.now() + START_MS;
        const outcomes = await Promise.all(
          racers.map((racer) => {
            const from = racer.lines.length;
            racer.tell(String(start));
            return racer.says(/^(won|lost)/, from);
          }),
        );
        const won = outcomes.filter((outcome) => outcome.startsWith('won '));
        expect(won.length + outcomes.filter((outcome) => outcome === 'lost KEY_ACTIVATION_LOST').length, outcomes.join()).toBe(2);
        // Where one was done before the other began, both win in turn.
        expect(won.length).toBeGreaterThanOrEqual(1);
        if (won.length === 1) contested += 1;
        const active = await db.keys.active(LUI_KEY_NAME);
        expect(active?.revision).toBe(before + won.length);
        expect(won).toContain(`won ${active?.description}`);
        await saveUnder({ db, keys: ring }, LU, 'raced', imageOf(round, 0));
        expect((await instances.read(LU, 'raced')).info.keyDescription).toBe(active?.description);
        if (round % VERIFY_EVERY === 0 || contested === ROUNDS) {
          const { unreadable, orphans } = await services.keys.verify();
          expect({ unreadable, orphans }).toEqual({ unreadable: [], orphans: [] });
          expect((await services.verifyAudit()).intact).toBe(true);
        }
      }
      expect(contested).toBe(ROUNDS);
      await db.instances.remove(LU, 'raced');
      for (const [place, racer] of racers.entries()) {
        racer.tell('stop');
        const [, ...counts] = (await racer.says(/^answered /)).split(' ');
        expect(counts).toEqual([expect.stringMatching(`^${at().nodes.contactPoints[place]}=\\d+$`)]);
        // An activation decides more than once: who has its facts, and who is active.
        expect(Number(counts[0]?.split('=')[1])).toBeGreaterThan(round);
      }
      console.log(`${round} rounds, ${contested} contested`);
    });
  });
}
