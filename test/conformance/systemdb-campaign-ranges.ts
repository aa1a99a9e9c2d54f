import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { CampaignRange, CampaignRepository, RangeProgress } from '../../main/systemdb/repositories.ts';
import { campaign, someRanges } from './samples.ts';
import type { Subject } from './systemdb.ts';

function progress(more: Partial<RangeProgress> = {}): RangeProgress {
  return { state: 'waiting', cursor: 'c\u{1f511}', passed: 10, rewritten: 6, superseded: 3, failed: 1, bytes: 12_345_678_901, updatedAt: 9, ...more };
}

const NOTHING_DONE = { state: 'waiting', cursor: null, passed: 0, rewritten: 0, superseded: 0, failed: 0, bytes: 0 };

async function rangeOf(campaigns: CampaignRepository, seq: number): Promise<CampaignRange | undefined> {
  return (await campaigns.ranges('c1')).find((one) => one.seq === seq);
}

export function campaignRangeConformance(subject: Subject): void {
  describe('ranges of a campaign', () => {
    test('of many workers at once each range gets one', async () => {
      const both = [subject.db.campaigns, (await subject.reopen()).campaigns];
      await subject.db.campaigns.create(campaign('c1', 5), someRanges(10));
      const held = new Map<number, string[]>();
      await Promise.all(
        Array.from({ length: 6 }, async (_, worker) => {
          const campaigns = both[worker % 2] ?? subject.db.campaigns;
          for (let seq = 0; seq < 10; seq += 1) {
            if ((await campaigns.claim('c1', seq, `w${worker}`, 60)) !== null) {
              held.set(seq, [...(held.get(seq) ?? []), `w${worker}`]);
            }
          }
        }),
      );
      const ranges = await subject.db.campaigns.ranges('c1');
      expect(ranges.map((one) => held.get(one.seq))).toEqual(ranges.map((one) => [one.worker]));
    });

    test("a claim is renewed by its holder, and refused to others; there is none for what does not exist", async () => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5), someRanges(2));
      expect(await campaigns.claim('c1', 0, 'a', 60)).not.toBeNull();
      expect(await campaigns.claim('c1', 0, 'a', 60)).not.toBeNull();
      expect(await campaigns.claim('c1', 0, 'b', 60)).toBeNull();
      expect(await campaigns.claim('c1', 2, 'a', 60)).toBeNull();
      expect(await campaigns.claim('c2', 0, 'a', 60)).toBeNull();
      expect((await campaigns.ranges('c1')).map((one) => one.worker)).toEqual(['a', null]);
      expect(await campaigns.ranges('c2')).toEqual([]);
      expect(await campaigns.get('c2')).toBeNull();
    });

    test('progress is written by the holder alone', async () => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5), someRanges(2));
      await campaigns.claim('c1', 0, 'a', 60);
      expect(await campaigns.progress('c1', 0, 'a', 60, progress())).toBe(true);
      expect(await campaigns.progress('c1', 0, 'b', 60, progress({ cursor: 'other', passed: 99 }))).toBe(false);
      expect(await campaigns.progress('c1', 1, 'a', 60, progress())).toBe(false);
      expect(await campaigns.progress('c1', 2, 'a', 60, progress())).toBe(false);
      expect(await campaigns.progress('c2', 0, 'a', 60, progress())).toBe(false);
      const ranges = await (await subject.reopen()).campaigns.ranges('c1');
      expect(ranges[0]).toEqual({ seq: 0, range: someRanges(2)[0], ...progress(), worker: 'a' });
      expect(ranges[1]).toMatchObject({ ...NOTHING_DONE, worker: null });
      expect(ranges).toHaveLength(2);
    });

    test.each(['done', 'failed'] as const)('a range that is %s is given up and taken by nobody', async (state) => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5), someRanges(1));
      await campaigns.claim('c1', 0, 'a', 60);
      expect(await campaigns.progress('c1', 0, 'a', 60, progress({ state, cursor: null }))).toBe(true);
      const ended = { seq: 0, range: someRanges(1)[0], ...progress({ state, cursor: null }), worker: null };
      expect(await rangeOf(campaigns, 0)).toEqual(ended);
      expect(await campaigns.claim('c1', 0, 'a', 60)).toBeNull();
      expect(await campaigns.claim('c1', 0, 'b', 60)).toBeNull();
      expect(await campaigns.progress('c1', 0, 'a', 60, progress())).toBe(false);
      expect(await rangeOf(campaigns, 0)).toEqual(ended);
    });

    test('a range that is given back goes on where it stood', async () => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5), someRanges(1));
      await campaigns.claim('c1', 0, 'a', 60);
      await campaigns.progress('c1', 0, 'a', 60, progress());
      await campaigns.release('c1', 0, 'b');
      await campaigns.release('c1', 1, 'a');
      expect((await rangeOf(campaigns, 0))?.worker).toBe('a');
      await campaigns.release('c1', 0, 'a');
      expect(await rangeOf(campaigns, 0)).toEqual({ seq: 0, range: someRanges(1)[0], ...progress(), worker: null });
      expect(await campaigns.progress('c1', 0, 'a', 60, progress({ passed: 99 }))).toBe(false);
      expect(await campaigns.claim('c1', 0, 'b', 60)).toEqual({ seq: 0, range: someRanges(1)[0], ...progress(), worker: 'b' });
      expect(await rangeOf(campaigns, 0)).toEqual({ seq: 0, range: someRanges(1)[0], ...progress(), worker: 'b' });
      expect(await campaigns.ranges('c1')).toHaveLength(1);
    });

    test('a worker that stops renewing loses its range, with or without a successor', async () => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5), someRanges(5));
      const byClaim = 0;
      const byProgress = 1;
      const [left, followed, leftAfterProgress] = [2, 3, 4];
      for (const seq of [byClaim, byProgress]) {
        expect(await campaigns.claim('c1', seq, 'a', 2)).not.toBeNull();
      }
      for (const seq of [left, followed]) {
        expect(await campaigns.claim('c1', seq, 'a', 1)).not.toBeNull();
      }
      expect(await campaigns.claim('c1', leftAfterProgress, 'a', 60)).not.toBeNull();
      expect(await campaigns.progress('c1', leftAfterProgress, 'a', 1, progress({ passed: 4 }))).toBe(true);
      for (let round = 1; round <= 6; round += 1) {
        await delay(400);
        expect(await campaigns.claim('c1', byClaim, 'a', 2)).not.toBeNull();
        expect(await campaigns.progress('c1', byProgress, 'a', 2, progress({ passed: round }))).toBe(true);
        for (const seq of [byClaim, byProgress]) {
          expect(await campaigns.claim('c1', seq, 'b', 2)).toBeNull();
        }
      }
      expect((await campaigns.ranges('c1')).map((one) => one.worker)).toEqual(['a', 'a', null, null, null]);
      expect(await campaigns.progress('c1', left, 'a', 60, progress({ passed: 99 }))).toBe(false);
      expect(await rangeOf(campaigns, left)).toMatchObject({ ...NOTHING_DONE, worker: null });
      expect(await campaigns.claim('c1', followed, 'b', 60)).not.toBeNull();
      expect(await campaigns.progress('c1', followed, 'a', 60, progress({ passed: 99 }))).toBe(false);
      await campaigns.release('c1', followed, 'a');
      expect(await rangeOf(campaigns, followed)).toMatchObject({ ...NOTHING_DONE, worker: 'b' });
      expect(await campaigns.claim('c1', leftAfterProgress, 'b', 60)).not.toBeNull();
      expect(await rangeOf(campaigns, leftAfterProgress)).toMatchObject({ ...progress({ passed: 4 }), worker: 'b' });
    });

    test('reopened ranges are looked at anew from the cursor that is given, whoever held them; what was done stays counted', async () => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5), someRanges(5));
      const states = ['done', 'failed', 'waiting', 'done'] as const;
      for (const [seq, state] of states.entries()) {
        await campaigns.claim('c1', seq, 'a', 60);
        await campaigns.progress('c1', seq, 'a', 60, progress({ state }));
      }
      await campaigns.reopen('c1', []);
      const cursors = ['again\u{1f511}', null, ''];
      await campaigns.reopen('c1', cursors.map((cursor, seq) => ({ seq, cursor })));
      for (const seq of [0, 1, 2]) {
        expect(await rangeOf(campaigns, seq)).toEqual({ seq, range: someRanges(5)[seq], ...progress({ cursor: cursors[seq] ?? null, passed: 0, failed: 0 }), worker: null });
        expect(await campaigns.progress('c1', seq, 'a', 60, progress())).toBe(false);
        expect(await campaigns.claim('c1', seq, 'b', 60)).not.toBeNull();
      }
      expect(await rangeOf(campaigns, 3)).toMatchObject(progress({ state: 'done' }));
      expect(await campaigns.ranges('c1')).toHaveLength(5);
    });
  });
}
