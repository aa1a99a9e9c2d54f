import { afterEach, describe, expect, test, vi } from 'vitest';
import { AppError, type ErrorCode } from '../../../main/errors.ts';
import type { Conditional } from '../../../main/systemdb/cassandra/session.ts';
import { settle } from '../../../main/systemdb/cassandra/settle.ts';

const APPLIED: Conditional = { applied: true, row: null, rows: [] };
const REFUSED: Conditional = { applied: false, row: { attempt: 'x' }, rows: [] };

/** Answers in order, the last one again and again. */
function answering(...answers: readonly (Conditional | ErrorCode)[]): { write: () => Promise<Conditional>; readonly asked: number } {
  let asked = 0;
  return {
    async write() {
      const answer = answers[Math.min(asked, answers.length - 1)] ?? APPLIED;
      asked += 1;
      if (typeof answer === 'string') throw new AppError(answer, '', '');
      return answer;
    },
    get asked() {
      return asked;
    },
  };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a conditional write', () => {
  test('that is answered is sent once, and is nobody’s but the one that it applied for', async () => {
    for (const answer of [APPLIED, REFUSED]) {
      const cluster = answering(answer);
      expect(await settle(cluster.write, () => true)).toEqual(answer);
      expect(cluster.asked).toBe(1);
    }
  });

  test('whose outcome is not told is sent again', async () => {
    const cluster = answering('DATABASE_OUTCOME_UNKNOWN', 'DATABASE_OUTCOME_UNKNOWN', APPLIED);
    expect((await settle(cluster.write, () => false)).applied).toBe(true);
    expect(cluster.asked).toBe(3);
  });

  test('that is refused after such a try was applied where the try stands against it', async () => {
    for (const ours of [true, false]) {
      const outcome = await settle(answering('DATABASE_OUTCOME_UNKNOWN', REFUSED).write, async () => ours);
      expect(outcome).toEqual({ ...REFUSED, applied: ours });
    }
  });

  test('that fails otherwise is not sent again', async () => {
    const cluster = answering('DATABASE_UNAVAILABLE', APPLIED);
    await expect(settle(cluster.write, () => true)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(cluster.asked).toBe(1);
  });

  test('that fails otherwise after its outcome was not told stays unknown, and is pursued', async () => {
    const cluster = answering('DATABASE_OUTCOME_UNKNOWN', 'DATABASE_UNAVAILABLE', APPLIED);
    expect((await settle(cluster.write, () => false)).applied).toBe(true);
    let time = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (time += 6_000));
    await expect(settle(answering('DATABASE_OUTCOME_UNKNOWN', 'DATABASE_UNAVAILABLE').write, () => true)).rejects.toMatchObject({
      code: 'DATABASE_OUTCOME_UNKNOWN',
    });
  });

  test('stays unknown where it can not be read whose it is that stands against it', async () => {
    let time = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (time += 6_000));
    const failing = async (): Promise<boolean> => {
      throw new AppError('DATABASE_TIMEOUT', '', '');
    };
    await expect(settle(answering('DATABASE_OUTCOME_UNKNOWN', REFUSED).write, failing)).rejects.toMatchObject({ code: 'DATABASE_OUTCOME_UNKNOWN' });
  });
});
