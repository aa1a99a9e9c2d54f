import { expect, test } from 'vitest';
import { AppError } from '../../../main/errors.ts';
import { RewriteBatches } from '../../../main/systemdb/cassandra/rewrite-batches.ts';
import type { CassandraSession, Statement } from '../../../main/systemdb/cassandra/session.ts';
import { keptUntilFullCollection } from './kept.ts';

/** A session that keeps what it is to send, by the ids of the rows. */
function recorder(answer: (ids: readonly unknown[]) => Promise<void> = async () => undefined): { sent: unknown[][]; session: CassandraSession } {
  const sent: unknown[][] = [];
  const send = (statements: readonly Statement[]): Promise<void> => {
    const ids = statements.map(({ params }) => params[0]);
    sent.push(ids);
    return answer(ids);
  };
  const session = { write: (cql: string, params: readonly unknown[]) => send([{ cql, params }]), writeBatch: (statements: readonly Statement[]) => send(statements) };
  return { sent, session: session as unknown as CassandraSession };
}

const row = (id: string): Statement => ({ cql: 'put', params: [id] });

test('rows of one range travel together, those of another by themselves, and what comes later too', async () => {
  const { sent, session } = recorder();
  const batches = new RewriteBatches(session);
  const [one, other] = [{}, {}];
  await Promise.all([batches.write(one, row('a'), 100), batches.write(other, row('x'), 100), batches.write(one, row('b'), 100)]);
  await batches.write(one, row('c'), 100);
  expect(sent).toEqual([['a', 'b'], ['x'], ['c']]);
});

test('no batch is larger than a node takes without a word', async () => {
  const { sent, session } = recorder();
  const batches = new RewriteBatches(session);
  const range = {};
  await Promise.all([...'abcde'].map((id) => batches.write(range, row(id), 1_100)));
  await Promise.all([...'ab'].map((id) => batches.write(range, row(id), 4_096)));
  await Promise.all([...'abcdefghij'].map((id) => batches.write(range, row(id), 10)));
  expect(sent.map((ids) => ids.length)).toEqual([3, 2, 1, 1, 8, 2]);
});

test('a batch that fails fails each of its writes, and no other', async () => {
  const { session } = recorder(async (ids) => {
    if (ids.includes('b')) throw new AppError('DATABASE_TIMEOUT', '', '');
  });
  const batches = new RewriteBatches(session);
  const [one, other] = [{}, {}];
  const ended = await Promise.allSettled([batches.write(one, row('a'), 1), batches.write(one, row('b'), 1), batches.write(other, row('c'), 1)]);
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});

test('what was sent is gone with the next collection of the young generation', async () => {
  const batches = new RewriteBatches({ write: async () => undefined, writeBatch: async () => undefined } as unknown as CassandraSession);
  const range = {};
  const kept = await keptUntilFullCollection(async () => {
    for (let turn = 0; turn < 1_000; turn++) {
      await Promise.all(Array.from({ length: 20 }, () => batches.write(range, { cql: 'put', params: Array.from({ length: 128 }, () => turn) }, 1_024)));
    }
  });
  expect(kept).toBeLessThan(2 * 1024 * 1024);
});
