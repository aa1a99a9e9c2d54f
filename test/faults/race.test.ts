import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeHome, openCluster, SOAK, startWorker } from './cluster.ts';

const ROUNDS = SOAK ? 200 : 10;

let home: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ home, remove } = await makeHome({ keystore: false }));
});

afterAll(() => remove());

it(`two processes activate the same name at once, ${ROUNDS} rounds: one winner each`, async () => {
  let contested = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = Date.now() + 900;
    const workers = [startWorker(home, `round:${start}`), startWorker(home, `round:${start}`)];
    for (const worker of workers) expect(await worker.gone).toBe(0);
    const outcomes = workers.map((worker) => worker.lines[1] ?? '');
    const won = outcomes.filter((outcome) => outcome.startsWith('won '));
    const lost = outcomes.filter((outcome) => outcome === 'lost KEY_ACTIVATION_LOST');
    // Where one was done before the other began, both win in turn: that is no race, and is not counted as one.
    expect(won.length + lost.length).toBe(2);
    expect(won.length).toBeGreaterThanOrEqual(1);
    if (lost.length === 1) contested += 1;

    const services = await openCluster(home);
    const { description } = await services.cluster.ring.active();
    expect(won.map((outcome) => outcome.slice('won '.length))).toContain(description);
    const keys = await services.keys.verify();
    expect(keys.unreadable).toEqual([]);
    expect(keys.orphans).toEqual([]);
    expect((await services.data.verify()).unreadable).toEqual([]);
    await services.close();
  }
  expect(contested).toBeGreaterThan(0);
});
