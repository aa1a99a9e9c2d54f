import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { DEFINITION, failure, Machine } from './fkc.ts';

const CUSTOMERS = 8_000;

test('Ctrl+C pauses an import; the same command goes on', async () => {
  using machine = new Machine();
  machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  machine.source(CUSTOMERS);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite']);
  const command = ['--profile', 'mine', 'lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', 'crm.sqlite', '--json'];
  const running = machine.start(command);
  const db = await openSqlite(machine.file('mine.sqlite'));
  try {
    while ((await db.instances.census()).length === 0) await delay(5);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect([code, JSON.parse(stdout.toString('utf8'))]).toEqual([130, failure('CANCELLED')]);
    const [job] = await db.jobs.list(1);
    expect(job).toMatchObject({ state: 'paused' });
    const done = job?.done ?? 0;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(CUSTOMERS);
    expect(JSON.parse((await machine.run(command)).stdout.toString('utf8'))).toMatchObject({ imported: CUSTOMERS - done, unchanged: 0, total: CUSTOMERS });
    expect((await db.instances.census()).reduce((sum, row) => sum + row.instances, 0)).toBe(CUSTOMERS);
  } finally {
    await db.close();
  }
}, 60_000);

test('a reader that goes away is no failure', async () => {
  using machine = new Machine();
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite']);
  const running = machine.start(['--profile', 'mine', 'hash', '--namespace', 'n'], { input: 'value\n'.repeat(50_000) });
  running.child.stdout?.once('data', () => running.child.stdout?.destroy());
  const { code, stderr } = await running.ended;
  expect([code, stderr]).toEqual([0, '']);
}, 30_000);
