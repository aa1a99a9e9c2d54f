import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Jobs } from '../../app/services/jobs.ts';
import type { JobView } from '../../app/contract/data.ts';
import { toFailure } from '../../main/errors.ts';

const BEGAN = 1_000_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: BEGAN });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a job's view says after each report: seconds since its begin, done, total. */
async function told(...reports: readonly (readonly [number, number, number | null])[]): Promise<JobView[]> {
  const jobs = new Jobs(() => undefined, (_where, error) => toFailure(error, 'x'));
  const views: JobView[] = [];
  await jobs.run('census', 'count', async ({ progress }) => {
    for (const [at, done, total] of reports) {
      vi.setSystemTime(BEGAN + at * 1_000);
      progress({ done, total, failed: 0 });
      views.push(...jobs.list());
    }
  });
  return [...views, ...jobs.list()];
}

describe('the rate of a job', () => {
  it('is not known at the first report, and with it no time that is left', async () => {
    expect((await told([0, 0, 100]))[0]).toMatchObject({ rate: null, left: null, done: 0, total: 100 });
  });

  it('is that of the last five seconds, and the time that is left follows from it', async () => {
    const [, second, third, fourth, , ended] = await told([0, 0, 1_000], [2, 100, 1_000], [4, 200, 1_000], [8, 280, 1_000], [10, 300, 1_000]);
    expect(second).toMatchObject({ rate: 50, left: 18_000 });
    expect(third).toMatchObject({ rate: 50, left: 16_000 });
    // From 4 s on: 80 in 4 s.
    expect(fourth).toMatchObject({ rate: 20, left: 36_000 });
    expect(ended).toMatchObject({ state: 'done', left: 0 });
  });

  it('is none where nothing moves, and leaves the time open; so does an unknown total', async () => {
    const [, , still] = await told([0, 5, 10], [2, 5, 10], [4, 5, 10]);
    expect(still).toMatchObject({ rate: 0, left: null });
    const [, open] = await told([0, 0, null], [2, 20, null]);
    expect(open).toMatchObject({ rate: 10, left: null });
  });
});
