import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../app/services.ts';
import type { CensusResult } from '../../../main/census/result.ts';
import { ORPHAN_GRACE_MS, removeOrphans } from '../../../main/masterkey/orphans.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import { limitCampaign } from '../../../main/rekey/control.ts';
import { campaignStatus } from '../../../main/rekey/state.ts';
import { connectCassandra } from '../../../main/systemdb/cassandra/connect.ts';
import { SOAK } from '../cluster.ts';
import { expectOnlySaved } from './holds.ts';
import { fill } from './kill.ts';
import { Saved, Worker } from './processes.ts';
import { activate, CLUSTER_ID, LU, startedCampaign, type ThreeNodes } from './three-nodes.ts';
import { type Ended, ended, type Step, strike, type Struck } from './under-way.ts';

/** An LU of which each instance lies on one node alone. */
const SINGLE = 'SINGLE';
const ROUNDS = SOAK ? 10 : 1;
const IDS = Array.from({ length: 600 }, (_, place) => String(place + 1));
const SINGLES = Array.from({ length: 300 }, (_, place) => String(place + 1));
/** So that it is under way when the fault comes, on a busy machine too; lifted once the nodes are back. */
const LIMITS = { instancesPerSecond: 20 };
/** What an act may say that meets a node on its way out. */
const CLEAR = /^(DATABASE_TIMEOUT|DATABASE_UNAVAILABLE|DATABASE_UNREACHABLE|DATABASE_OUTCOME_UNKNOWN)$/;
const AWAY_MS = SOAK ? 15_000 : 2_000;

/** Where the activation is when the fault comes, in turn. */
const STEPS: readonly Step[] = ['activate:stored', 'activate:described', 'stripes:half'];

export function nodesSuite(at: () => ThreeNodes): void {
  describe('nodes that go away', () => {
    let services: Services;
    let ids: readonly string[];
    /** Of all savers here, each of which counts from a higher number on. */
    const saved = new Saved();
    beforeAll(async () => {
      services = await at().open();
      await fill(services, LU, IDS);
      ids = (await services.cluster.instances.list(LU, { limit: 10_000 })).map(({ id }) => id);
      // Those too that another suite left: what it saved in them is not known here.
      await fill(services, LU, ids);
    });
    afterAll(() => services?.close());

    /** Lifts the limit of a campaign: answered once this process has found the nodes again. */
    async function atFullSpeed(id: string): Promise<void> {
      await expect.poll(() => ended(limitCampaign(services.cluster.db, id, { instancesPerSecond: null })), { timeout: 60_000 }).toHaveProperty('value');
    }

    /** An activation, a census and a campaign, with saves all the time; `fault` comes when all three are under way, `mend` after it. */
    async function amid(step: Step, fault: () => Promise<void>, mend: () => Promise<void>): Promise<void> {
      const { cluster } = services;
      await activate(services);
      const id = (await startedCampaign(services, LU, LIMITS)).record.id;
      const saver = new Worker(at().home, ['save', LU, String(ids.length), String(Date.now()), '-', '1']);
      const rekeyer = new Worker(at().home, ['rekey', id]);
      await Promise.all([saver.says(/^saved/), rekeyer.says(/^progress working [1-9]/)]);

      const before = await cluster.db.keys.active(LUI_KEY_NAME);
      const there = countAll(await cluster.db.instances.census());
      let toldBefore: readonly string[] = [];
      const struck = await strike(services, step, () => {
        toldBefore = [...rekeyer.lines];
        return fault();
      });
      expectUnderWay(struck, toldBefore);
      const [activation, census] = await Promise.all([struck.activation, struck.census]);
      const from = saver.lines.length;
      await saver.says(/^saved/, from);
      await delay(AWAY_MS);
      await mend();
      await atFullSpeed(id);

      const after = await cluster.db.keys.active(LUI_KEY_NAME);
      if ('value' in activation) expect(after?.description).toBe(activation.value);
      else expect([activation.code, [before?.revision, (before?.revision ?? 0) + 1].includes(after?.revision)]).toEqual([expect.stringMatching(CLEAR), true]);
      expectTrue(census, there);
      // With all nodes there again the count is whole, of one that was broken off too.
      expect(await ('code' in census ? services.censuses.resume(struck.censusId) : services.censuses.take({}))).toMatchObject({ total: there, notCovered: [] });

      expect(await rekeyer.gone).toBe(0);
      expect(rekeyer.lines.filter((line) => line.startsWith('ended'))).toEqual(['ended done']);
      expect(treatedIn(rekeyer.lines)).toBeGreaterThan(treatedIn(toldBefore));
      expect(await campaignStatus(cluster.db, id)).toMatchObject({ state: 'done', failed: 0 });
      expect(await saver.stop()).toBe(0);
      saved.note(saver);
      for (const line of saver.lines.filter((one) => one.startsWith('failed'))) expect(line.split(' ')[3]).toMatch(CLEAR);
      await expectOnlySaved(services, LU, ids, saved);
      await expectKeysWhole(services, 'code' in activation ? 1 : 0);
      expect((await services.verifyAudit()).intact).toBe(true);
      console.log(`${told(struck, activation, census)}, ${saver.lines.length} saves of which failed ${saver.lines.filter((one) => one.startsWith('failed')).length}`);
    }

    it(`one of three stopped and returned, ${ROUNDS} times: all goes on without it, and no answer is wrong`, async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await amid(
          stepOf(round),
          () => at().nodes.kill(round % 3, 'SIGSTOP'),
          () => at().nodes.kill(round % 3, 'SIGCONT'),
        );
      }
    });

    it(`one of three killed and started again, ${ROUNDS} times: the same`, async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await amid(
          stepOf(round + 1),
          () => at().nodes.kill((round + 2) % 3),
          () => at().nodes.restart((round + 2) % 3),
        );
      }
    });

    it.each(['SIGSTOP', 'SIGKILL'] as const)('all of them gone (%s) and back: told by code meanwhile, and the campaign goes on', async (signal) => {
      const { nodes, home } = at();
      const all = [0, 1, 2];
      await activate(services);
      const id = (await startedCampaign(services, LU, LIMITS)).record.id;
      const saver = new Worker(home, ['save', LU, String(ids.length), String(Date.now()), '-', '1']);
      const rekeyer = new Worker(home, ['rekey', id]);
      await Promise.all([saver.says(/^saved/), rekeyer.says(/^progress working [1-9]/)]);
      const there = countAll(await services.cluster.db.instances.census());
      let toldBefore: readonly string[] = [];
      const struck = await strike(services, stepOf(signal === 'SIGSTOP' ? 0 : 1), async () => {
        toldBefore = [...rekeyer.lines];
        await Promise.all(all.map((node) => nodes.kill(node, signal)));
      });
      expectUnderWay(struck, toldBefore);
      const from = saver.lines.length;
      const meanwhile = await Promise.all([
        struck.activation,
        ended(activate(services)),
        ended(services.cluster.instances.read(LU, '1')),
        ended(services.keys.list()),
        ended(campaignStatus(services.cluster.db, id)),
        ended(at().open().then((other) => other.close())),
      ]);
      for (const one of meanwhile) expect(one).toEqual({ code: expect.stringMatching(CLEAR) as string });
      const waits = /^progress working \d+ (DATABASE_TIMEOUT|DATABASE_UNAVAILABLE|DATABASE_UNREACHABLE|DATABASE_OUTCOME_UNKNOWN)$/;
      await rekeyer.says(waits);
      await saver.says(/^failed/, from);
      await Promise.all(all.map((node) => (signal === 'SIGSTOP' ? nodes.kill(node, 'SIGCONT') : nodes.restart(node))));
      await saver.says(/^saved/, saver.lines.length);
      await atFullSpeed(id);
      expect(await rekeyer.gone).toBe(0);
      expect(rekeyer.lines.filter((line) => line.startsWith('ended'))).toEqual(['ended done']);
      expect(treatedIn(rekeyer.lines)).toBeGreaterThan(treatedIn(toldBefore));
      const census = await struck.census;
      expectTrue(census, there);
      expect(await ('code' in census ? services.censuses.resume(struck.censusId) : services.censuses.take({}))).toMatchObject({ total: there, notCovered: [] });
      expect(await campaignStatus(services.cluster.db, id)).toMatchObject({ state: 'done', failed: 0 });
      expect(await saver.stop()).toBe(0);
      saved.note(saver);
      await expectOnlySaved(services, LU, ids, saved);
      await expectKeysWhole(services, 2);
      expect((await services.verifyAudit()).intact).toBe(true);
      console.log(`${told(struck, await struck.activation, census)}, ${saver.lines.length} saves`);
    });

    it('with one replica of each instance: the part of a node that is away is told, and there again when it is back', async () => {
      const { nodes } = at();
      const settings = services.cluster.profile.cassandra;
      if (settings === null) throw new Error('no cluster');
      const session = await connectCassandra({ ...settings, tls: null }, null);
      // As an operator would who wants it so: a keyspace that stands is left as it is.
      await session.schema(`CREATE KEYSPACE IF NOT EXISTS "k2view_single_${CLUSTER_ID}" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`);
      await session.close();
      await services.close();
      services = await at().open();
      await fill(services, SINGLE, SINGLES);
      // The one that the ring begins with: where it is away, nobody can say whether an LU is empty.
      const away = 1;
      const address = nodes.contactPoints[away]?.replace(/:\d+$/, '');
      const known = await services.censuses.take({});
      expect(known.notCovered).toEqual([]);
      const there = known.byNode.filter(({ lu, node }) => lu === SINGLE && node === address).reduce((sum, { instances }) => sum + instances, 0);
      expect(there).toBeGreaterThan(0);
      await nodes.kill(away);
      const codes = await Promise.all(SINGLES.slice(0, 30).map((id) => ended(services.cluster.instances.read(SINGLE, id))));
      const missing = codes.filter((one) => 'code' in one);
      expect(missing.length).toBeGreaterThan(0);
      expect(missing.length).toBeLessThan(30);
      for (const one of missing) expect(one).toEqual({ code: expect.stringMatching(CLEAR) as string });
      // A census says which parts it missed, and counts all others: never a number that is too small and looks whole.
      const census = await services.censuses.take({});
      expect(new Set(census.notCovered.map(({ lu }) => lu))).toEqual(new Set([SINGLE]));
      for (const { code } of census.notCovered) expect(code).toMatch(CLEAR);
      expect(census.total + there).toBe(known.total);
      await nodes.restart(away);
      await expect.poll(() => ended(services.censuses.take({})), { timeout: 60_000 }).toMatchObject({ value: { total: known.total, notCovered: [], rows: known.rows } });
      await expectOnlySaved(services, SINGLE, SINGLES, new Saved());
    });
  });
}

function stepOf(round: number): Step {
  return STEPS[round % STEPS.length] ?? 'activate:stored';
}

/** Of the census, and of the campaign by what its worker had told when the fault came. */
function expectUnderWay({ counted, ranges }: Struck, told: readonly string[]): void {
  expect(counted).toBeGreaterThan(0);
  expect(counted).toBeLessThan(ranges);
  expect(treatedIn(told)).toBeGreaterThan(0);
  expect(told.filter((line) => /^(progress counting|ended)/.test(line))).toEqual([]);
}

/** Instances that a worker was through with by what it told last. */
function treatedIn(told: readonly string[]): number {
  return Number(told.findLast((line) => line.startsWith('progress '))?.split(' ')[2] ?? 0);
}

/** That a census which met a fault says a clear code, the whole number, or a smaller one and that ranges are missing. */
function expectTrue(census: Ended<CensusResult>, there: number): void {
  if ('code' in census) expect(census.code).toMatch(CLEAR);
  else if (census.value.notCovered.length === 0) expect(census.value.total).toBe(there);
  else expect(census.value.total).toBeLessThanOrEqual(there);
}

/** Every generation can be unwrapped; at most the activations that were cut off left something, which goes once it is old. */
async function expectKeysWhole({ keys, cluster: { db } }: Services, cutOff: number): Promise<void> {
  const { unreadable, orphans } = await keys.verify();
  expect(unreadable).toEqual([]);
  expect(orphans.length).toBeLessThanOrEqual(cutOff);
  expect(await removeOrphans(db, Date.now() + ORPHAN_GRACE_MS + 1)).toEqual(orphans);
  expect((await keys.verify()).orphans).toEqual([]);
}

function told({ counted, ranges }: Struck, activation: Ended<string>, census: Ended<CensusResult>): string {
  return `activation ${JSON.stringify(activation)}, census (${counted} of ${ranges} ranges before) ${'code' in census ? census.code : `${census.value.total}, ${census.value.notCovered.length} ranges missing`}`;
}

function countAll(rows: readonly { readonly instances: number }[]): number {
  return rows.reduce((sum, { instances }) => sum + instances, 0);
}
