import { afterAll, beforeAll, expect, test } from 'vitest';
import { Machine } from './fkc.ts';

let machine: Machine;
const json = (...args: readonly string[]): Promise<Record<string, unknown>> => machine.json(['--profile', 'mine', 'rekey', 'schedule', ...args]) as unknown as Promise<Record<string, unknown>>;

beforeAll(async () => {
  machine = new Machine();
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite']);
}, 60_000);
afterAll(() => machine[Symbol.dispose]());

test('every kind of time and every kind of condition is taken, and listed as it was given', async () => {
  const given = [
    [['--daily', '02:30', '--zone', 'Europe/Berlin'], { when: { kind: 'daily', at: '02:30', zone: 'Europe/Berlin' }, conditions: [] }],
    [['--daily', '02:30'], { when: { kind: 'daily', at: '02:30', zone: 'UTC' }, conditions: [] }],
    [['--weekly', 'Monday@00:05'], { when: { kind: 'weekly', day: 'monday', at: '00:05', zone: 'UTC' }, conditions: [] }],
    [['--cron', '15 3 1 * *', '--zone', 'Asia/Kolkata', '--if-active-older', '30'], { when: { kind: 'cron', expression: '15 3 1 * *', zone: 'Asia/Kolkata' }, conditions: [{ kind: 'age', of: 'active', days: 30 }] }],
    [
      ['--every', '60', '--if-oldest-older', '90.5', '--if-generation-over', '1000', '--if-node-over', '500', '--if-bytes-over', '1000000'],
      {
        when: { kind: 'whenever', everyMinutes: 60 },
        conditions: [{ kind: 'age', of: 'oldest', days: 90.5 }, { kind: 'instances', per: 'generation', more: 1000 }, { kind: 'instances', per: 'node', more: 500 }, { kind: 'bytes', more: 1_000_000 }],
      },
    ],
  ] as const;
  const ids: unknown[] = [];
  for (const [args] of given) {
    const before = Date.now();
    const { id, next } = await json('add', ...args);
    expect(Number(next)).toBeGreaterThan(before);
    ids.push(id);
  }
  const { schedules } = await json('list');
  expect(new Map((schedules as { id: string; when: unknown; conditions: unknown }[]).map(({ id, when, conditions }) => [id, { when, conditions }]))).toEqual(new Map(given.map(([, wanted], place) => [ids[place], wanted])));
}, 60_000);
