import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Services } from '../../app/services.ts';
import { CUSTOMERS, makeHome, openCluster, startWorker } from './cluster.ts';

const ROUNDS = 200;

let home: string;
let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ home, remove } = await makeHome({ keystore: false }));
  folder = await mkdtemp(join(tmpdir(), 'fkc-race-'));
});

afterAll(async () => {
  await remove();
  await rm(folder, { recursive: true, force: true });
});

/** One generation is active, it is the winner's, and everything is readable. */
async function expectWhole(services: Services, winner: string): Promise<void> {
  expect((await services.cluster.ring.active()).description).toBe(winner);
  const keys = await services.keys.verify();
  expect(keys.unreadable).toEqual([]);
  expect(keys.orphans).toEqual([]);
  expect(await services.data.verify()).toMatchObject({ readable: CUSTOMERS, unreadable: [] });
}

it(`two processes activate the same name at once, ${ROUNDS} rounds: one winner each, and the loser is told`, async () => {
  const services = await openCluster(home);
  const workers = [0, 1].map(() => startWorker(home, 'race', folder, ROUNDS));
  await Promise.all(workers.map((worker) => worker.ready));
  let winner = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    await writeFile(join(folder, `go-${round}`), '');
    await expect.poll(() => workers.map(({ lines }) => lines.length >= round + 2), { timeout: 60_000, interval: 5 }).toEqual([true, true]);
    const outcomes = workers.map(({ lines }) => lines[round + 1] ?? '');
    expect(outcomes, `round ${round}`).toEqual(expect.arrayContaining([expect.stringMatching(/^won /), 'lost KEY_ACTIVATION_LOST']));
    winner = outcomes.find((outcome) => outcome.startsWith('won '))?.slice('won '.length) ?? '';
    await expectWhole(services, winner);
  }
  await services.close();
  for (const worker of workers) expect(await worker.gone).toBe(0);
  // What one process remembers is not what the disk holds: looked at once more by one that starts anew.
  const anew = await openCluster(home);
  await expectWhole(anew, winner);
  expect((await anew.keys.list()).keys.filter(({ name }) => name === 'masterkey_key_name')).toHaveLength(ROUNDS + 1);
  await anew.close();
});
