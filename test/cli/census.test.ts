import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { DEFINITION, failure, Machine } from './fkc.ts';

interface CensusDocument {
  readonly id: string;
  readonly total: number;
  readonly rows: readonly { readonly lu: string; readonly keyDescription: string; readonly instances: number; readonly bytes: number }[];
  readonly generations: readonly { readonly keyDescription: string; readonly wrapping: Readonly<Record<string, string>> | null }[];
  readonly coverage: { readonly ranges: number; readonly counted: number; readonly complete: boolean; readonly says: readonly string[] };
}

const COUNT = 30_000;
const machine = new Machine();
const on = (...args: string[]): string[] => ['--profile', 'mine', ...args];
const census = async (args: readonly string[], code = 0): Promise<CensusDocument> => (await machine.json(on('census', ...args), { code })) as unknown as CensusDocument;

beforeAll(async () => {
  machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  machine.source(40);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite']);
  await machine.json(on('lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', 'crm.sqlite'));
}, 60_000);
afterAll(() => machine[Symbol.dispose]());

test('counts, keeps the result, and says what it does not cover', async () => {
  const found = await census([]);
  expect(found).toMatchObject({ total: 40, rows: [{ lu: 'CUSTOMER', instances: 40 }], nodes: [], deep: null, coverage: { whole: true, complete: true, ranges: 1, counted: 1, lus: ['CUSTOMER'], notCovered: [] } });
  expect(found.coverage.says.join(' ')).toMatch(/luEncrypt.*Backups/s);
  const db = await openSqlite(machine.file('mine.sqlite'));
  try {
    expect((await db.censuses.list(5)).map(({ id }) => id)).toEqual([found.id]);
  } finally {
    await db.close();
  }
  const { stdout } = await machine.run(on('census', '--lu', 'CUSTOMER'));
  expect(stdout.toString('utf8')).toMatch(/Counted just now .* the one range\.\nWhat it does not cover:\n- Only CUSTOMER was counted/);
  expect(await machine.json(on('audit', 'list', '--act', 'census.take'))).toMatchObject({ records: [{ outcome: 'done' }, { outcome: 'started' }, { outcome: 'done' }, { outcome: 'started' }] });
}, 30_000);

test('names what wraps each generation, as the list of master keys does', async () => {
  const { rows, generations } = await census([]);
  const keyDescription = rows[0]?.keyDescription ?? '';
  const { keys } = (await machine.json(on('keys', 'list'))) as unknown as { keys: readonly { description: string; wrapping: unknown }[] };
  expect(generations).toEqual([{ keyDescription, wrapping: keys.find(({ description }) => description === keyDescription)?.wrapping }]);
  expect(generations).toMatchObject([{ wrapping: { kind: 'internal', keyId: expect.stringMatching(/\S{9}/) as string } }]);
  const [title, line] = (await machine.run(on('census'))).stdout.toString('utf8').split('\n');
  expect([title?.split(/ {2,}/), line?.split(/ {2,}/).slice(0, 4)]).toEqual([
    ['LU', 'KEY DESCRIPTION', 'WRAPPED BY', 'INSTANCES', 'BYTES'],
    ['CUSTOMER', keyDescription, `internal ${generations[0]?.wrapping?.['keyId']?.slice(0, 9)}`, '40'],
  ]);
}, 30_000);

test('deep: compares, authenticates a share, and fails where something does not hold', async () => {
  expect(await census(['--deep', '--share', '100%'])).toMatchObject({ deep: { share: 1, checked: 40, opened: 40, findings: 0 } });
  const db = await openSqlite(machine.file('mine.sqlite'));
  try {
    const one = await db.instances.get('CUSTOMER', '7');
    const other = await db.instances.get('CUSTOMER', '8');
    if (one === null || other === null) throw new Error('missing');
    await db.instances.save({ ...one, keyDescription: 'another' });
    await db.instances.save({ ...other, sealed: Uint8Array.from(other.sealed, (byte, i) => (i === other.sealed.length - 1 ? byte ^ 1 : byte)) });
  } finally {
    await db.close();
  }
  expect(await census(['--deep', '--share', '1'], 1)).toMatchObject({
    total: 40,
    deep: {
      findings: 2,
      byCode: { INSTANCE_GENERATION_MISMATCH: 1, ENVELOPE_AUTHENTICATION_FAILED: 1 },
      list: [
        { lu: 'CUSTOMER', id: '7', code: 'INSTANCE_GENERATION_MISMATCH' },
        { lu: 'CUSTOMER', id: '8', code: 'ENVELOPE_AUTHENTICATION_FAILED' },
      ],
    },
  });
  expect(await census(['--share', '0'], 1)).toMatchObject({ deep: { share: 0, opened: 0, findings: 1 } });
  // Nothing is known of the key that instance 7 is said to be under now.
  expect((await census([])).generations).toContainEqual({ keyDescription: 'another', wrapping: null });
  expect((await machine.run(on('census'))).stdout.toString('utf8')).toMatch(/^CUSTOMER +another +unknown key +1 /m);
}, 30_000);

test('what can not be asked for', async () => {
  expect(await machine.json(on('census', '--lu', 'customer'), { code: 1 })).toEqual(failure('LU_UNKNOWN'));
  expect(await machine.json(on('census', '--resume', 'none'), { code: 1 })).toEqual(failure('JOB_UNKNOWN'));
  for (const wrong of ['2', '101%', '-0.1', 'all', '']) expect(await machine.json(on('census', `--share=${wrong}`), { code: 2 })).toEqual(failure('INPUT_INVALID'));
  expect(await machine.json(on('census', '--resume', 'x', '--deep'), { code: 2 })).toEqual(failure('INPUT_INVALID'));
}, 30_000);

test('Ctrl+C pauses and says how to go on, which counts the rest', async () => {
  const db = await openSqlite(machine.file('mine.sqlite'));
  try {
    const sealed = new Uint8Array(256);
    for (let from = 0; from < COUNT; from += 1000) {
      await db.instances.saveMany(Array.from({ length: 1000 }, (_, i) => ({ lu: 'MANY', id: String(from + i).padStart(6, '0'), keyDescription: 'k', sealed, savedAt: 1 })));
    }
    // A deep one takes its time: its header checks all fail here, and it goes on.
    const running = machine.start(on('census', '--share', '0', '--json'));
    for (;;) {
      const [job] = await db.jobs.list(1);
      if (job?.kind === 'census' && job.state === 'running') break;
      await delay(2);
    }
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    const said = JSON.parse(stdout.toString('utf8')) as { remedy: string; details: { jobId: string } };
    expect([code, said]).toEqual([130, failure('CANCELLED')]);
    expect(said.remedy).toBe(`Go on with: fkc census --resume ${said.details.jobId}`);
    expect(await db.jobs.get(said.details.jobId)).toMatchObject({ state: 'paused' });
    expect(await census(['--resume', said.details.jobId], 1)).toMatchObject({ id: said.details.jobId, total: COUNT + 40, deep: { share: 0, checked: COUNT + 40, findings: COUNT + 1 } });
    expect(await machine.json(on('census', '--resume', said.details.jobId), { code: 1 })).toEqual(failure('JOB_UNKNOWN'));
  } finally {
    await db.close();
  }
}, 60_000);
