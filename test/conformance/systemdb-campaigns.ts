import { describe, expect, test } from 'vitest';
import type { CampaignFailure, CampaignRepository, CampaignState } from '../../main/systemdb/repositories.ts';
import { byCodePoints, campaign, failure, someRanges, TEXTS } from './samples.ts';
import type { Subject } from './systemdb.ts';

async function allFailures(campaigns: CampaignRepository, id: string, limit: number): Promise<CampaignFailure[]> {
  const all: CampaignFailure[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await campaigns.failures(id, { limit, ...(last === undefined ? {} : { after: { lu: last.lu, id: last.id } }) });
    expect(page.length).toBeLessThanOrEqual(limit);
    if (page.length === 0) {
      return all;
    }
    all.push(...page);
  }
}

export function campaignConformance(subject: Subject): void {
  describe('campaigns', () => {
    test('one comes back with every field and all its ranges, also through another connection', async () => {
      const written = campaign('c1', 5, { params: '{"lus":["\u{1f511}"]}', limits: '{"rate":7}', outcome: '{"left":1}', updatedAt: 6 });
      const ranges = [{ lu: '\u{1f511}', start: '', end: 'a\n"', nodes: [] }, ...someRanges(2)];
      await subject.db.campaigns.create(written, ranges);
      for (const { campaigns } of [subject.db, await subject.reopen()]) {
        expect(await campaigns.get('c1')).toEqual(written);
        expect(await campaigns.list(5)).toEqual([written]);
        const found = await campaigns.ranges('c1');
        expect(found.map((one) => one.seq)).toEqual([0, 1, 2]);
        expect(found.map((one) => one.range)).toEqual(ranges);
        for (const { state, cursor, passed, rewritten, superseded, failed, bytes, worker } of found) {
          expect({ state, cursor, worker }).toEqual({ state: 'waiting', cursor: null, worker: null });
          expect([passed, rewritten, superseded, failed, bytes]).toEqual([0, 0, 0, 0, 0]);
        }
        expect(await campaigns.get('c2')).toBeNull();
        expect(await campaigns.ranges('c2')).toEqual([]);
      }
    });

    test('one may have no range', async () => {
      await subject.db.campaigns.create(campaign('c1', 5), []);
      expect(await subject.db.campaigns.get('c1')).toEqual(campaign('c1', 5));
      expect(await subject.db.campaigns.ranges('c1')).toEqual([]);
    });

    test('one is seen with all its ranges or not at all', async () => {
      const other = (await subject.reopen()).campaigns;
      let created = false;
      const creating = subject.db.campaigns.create(campaign('c1', 5), someRanges(400)).then(() => (created = true));
      do {
        const seen = (await other.get('c1')) !== null || (await other.list(5)).length > 0;
        expect(!seen || (await other.ranges('c1')).length === 400).toBe(true);
      } while (!created);
      await creating;
      expect(await other.get('c1')).not.toBeNull();
      expect(await other.ranges('c1')).toHaveLength(400);
    });

    test('the list is newest first and bounded', async () => {
      for (const at of [3, 1, 4, 2, 5]) {
        await subject.db.campaigns.create(campaign(`c${at}`, at, { updatedAt: 10 - at }), someRanges(1));
      }
      expect((await subject.db.campaigns.list(3)).map((one) => one.id)).toEqual(['c5', 'c4', 'c3']);
    });

    test('the state changes only from one that is named, and the outcome only where one is given', async () => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5), someRanges(1));
      expect(await campaigns.setState('c1', ['running', 'paused'], 'done', 6)).toBe(false);
      expect(await campaigns.setState('c1', [], 'done', 6)).toBe(false);
      expect(await campaigns.setState('c2', ['planned'], 'running', 6)).toBe(false);
      expect(await campaigns.get('c1')).toEqual(campaign('c1', 5));
      expect(await campaigns.get('c2')).toBeNull();
      expect(await campaigns.setState('c1', ['paused', 'planned'], 'running', 7)).toBe(true);
      expect(await campaigns.get('c1')).toEqual(campaign('c1', 5, { state: 'running', updatedAt: 7 }));
      expect(await campaigns.setState('c1', ['running'], 'failed', 8, '{"code":"X"}')).toBe(true);
      expect(await campaigns.setState('c1', ['failed'], 'running', 9)).toBe(true);
      expect(await campaigns.get('c1')).toEqual(campaign('c1', 5, { state: 'running', outcome: '{"code":"X"}', updatedAt: 9 }));
    });

    test('of changes of the state at once one gets through', async () => {
      const both = [subject.db.campaigns, (await subject.reopen()).campaigns];
      const states: CampaignState[] = ['running', 'paused', 'done', 'cancelled', 'failed'];
      for (let round = 0; round < 3; round += 1) {
        await subject.db.campaigns.create(campaign(`c${round}`, 5), []);
        const got = await Promise.all(
          states.map((to, i) => (both[i % 2] ?? subject.db.campaigns).setState(`c${round}`, ['planned'], to, 10 + i)),
        );
        expect(got.filter(Boolean)).toHaveLength(1);
        const winner = got.indexOf(true);
        expect(await subject.db.campaigns.get(`c${round}`)).toMatchObject({ state: states[winner], updatedAt: 10 + winner });
      }
    });

    test('its limits change, and nothing else', async () => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5, { state: 'running' }), someRanges(1));
      await campaigns.setLimits('c1', '{"rate":9}', 8);
      await campaigns.setLimits('c2', '{"rate":9}', 8);
      expect(await campaigns.get('c1')).toEqual(campaign('c1', 5, { state: 'running', limits: '{"rate":9}', updatedAt: 8 }));
      expect(await campaigns.get('c2')).toBeNull();
      expect(await campaigns.list(9)).toHaveLength(1);
    });

    test('failures are kept once for each instance, and read in order', async () => {
      const { campaigns } = subject.db;
      await campaigns.create(campaign('c1', 5), someRanges(1));
      await campaigns.create(campaign('c2', 6), someRanges(1));
      const written = ['M', 'L', '\u{1f511}'].flatMap((lu) => TEXTS.map((id) => failure(lu, id)));
      for (const one of written.toReversed()) {
        await campaigns.putFailure('c1', one);
      }
      const again = failure('L', 'a', { keyDescription: 'k2', code: 'INSTANCE_FROM_FUTURE', message: "it's\n\u{1f511}", remedy: '', at: 99 });
      await campaigns.putFailure('c1', again);
      await campaigns.putFailure('c2', failure('L', 'a'));
      const expected = written
        .map((one) => (one.lu === 'L' && one.id === 'a' ? again : one))
        .sort((a, b) => byCodePoints(a.lu, b.lu) || byCodePoints(a.id, b.id));
      for (const limit of [7, TEXTS.length, 1000]) {
        expect(await allFailures(campaigns, 'c1', limit)).toEqual(expected);
      }
      expect(await campaigns.failures('c2', { limit: 9 })).toEqual([failure('L', 'a')]);
      expect(await campaigns.failures('c3', { limit: 9 })).toEqual([]);
    });

    test('a failure is removed for its campaign alone', async () => {
      const { campaigns } = subject.db;
      for (const id of ['c1', 'c2']) {
        await campaigns.create(campaign(id, 5), someRanges(1));
        await campaigns.putFailure(id, failure('L', '1'));
        await campaigns.putFailure(id, failure('L', '2'));
      }
      await campaigns.removeFailure('c1', 'L', '1');
      await campaigns.removeFailure('c1', 'M', '2');
      await campaigns.removeFailure('c3', 'L', '2');
      expect((await campaigns.failures('c1', { limit: 9 })).map((one) => one.id)).toEqual(['2']);
      expect((await campaigns.failures('c2', { limit: 9 })).map((one) => one.id)).toEqual(['1', '2']);
    });
  });
}
