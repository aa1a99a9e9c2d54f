import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DEFINITION, failure, Machine } from './fkc.ts';
import { health, healthAddress } from './health.ts';

const CUSTOMERS = 60;
const LINE = "activatekey name='masterkey_key_name'";

interface Campaign {
  readonly id: string;
  readonly state: string;
  readonly done: number;
  readonly total: number;
}

describe('fkc rekey', () => {
  let machine: Machine;
  const json = async (args: readonly string[], code = 0): Promise<Campaign & Record<string, unknown>> => (await machine.json(['--profile', 'mine', ...args], { code })) as unknown as Campaign & Record<string, unknown>;
  const status = (id: string): Promise<Campaign> => json(['rekey', 'status', id]);
  const ends = async (id: string, state: string): Promise<Campaign> => {
    for (;;) {
      const found = await status(id);
      if (found.state === state) return found;
      await delay(100);
    }
  };

  beforeAll(async () => {
    machine = new Machine();
    machine.write('customer.lu.json', JSON.stringify(DEFINITION));
    machine.source(CUSTOMERS);
    await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite']);
    await json(['lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', 'crm.sqlite']);
  }, 60_000);
  afterAll(() => machine[Symbol.dispose]());
  // Every test has all instances under a generation that is active no more.
  beforeEach(async () => void (await json(['run', LINE])), 60_000);

  test('plans, works to the proof with --wait, and has nothing to do then', async () => {
    expect(await json(['rekey', 'plan'])).toMatchObject({ ok: true, total: CUSTOMERS, lus: ['CUSTOMER'], refusals: [], warnings: [] });
    expect(await json(['rekey', 'plan', '--lu', 'NONE'], 1)).toMatchObject({ ok: false, refusals: [{ code: 'LU_UNKNOWN' }] });
    const { stdout } = await machine.run(['--profile', 'mine', 'rekey', 'plan', '--rate', '10']);
    expect(stdout.toString()).toMatch(/^Nothing is done yet\.\n.*60 instances, [\d,]+ sealed bytes, would be re-encrypted under .*About 6 s at 10 instances a second \(as the limits allow\)/s);
    const done = await json(['rekey', 'start', '--lu', 'CUSTOMER', '--wait']);
    expect(done).toMatchObject({ state: 'done', done: CUSTOMERS, total: CUSTOMERS, failed: 0, rate: 0, outcome: { kind: 'proof', proven: true, left: [] } });
    expect(await status(done.id)).toEqual(done);
    expect((await machine.run(['--profile', 'mine', 'rekey', 'status'])).stdout.toString()).toContain('Proven by a second census of 60 instances');
    expect(await json(['rekey', 'plan'])).toMatchObject({ ok: false, refusals: [{ code: 'REKEY_NOTHING_TO_DO' }] });
    expect(await json(['rekey', 'start'], 1)).toEqual(failure('REKEY_NOTHING_TO_DO'));
    expect(await json(['rekey', 'retry', done.id])).toMatchObject({ state: 'done', retried: 0, failedAgain: 0 });
    expect(await json(['rekey', 'failures', done.id])).toEqual({ failures: [], more: false });
  }, 60_000);

  test('over fields with --wait exits with 1 where values are left under an older generation', async () => {
    const people = (args: readonly string[], options: Parameters<Machine['json']>[1] = {}) => machine.json(['--profile', 'people', ...args], options);
    await people(['profile', 'create', 'people', '--sqlite', 'people.sqlite']);
    machine.write('person.lu.json', JSON.stringify({ lu: 'PERSON', root: { table: 'person', key: 'id' }, tables: [] }));
    const { value } = await people(['field', 'encrypt', 'PERSON', '1'], { input: 'ssn of 1' });
    const source = new DatabaseSync(machine.file('person.sqlite'));
    source.exec('CREATE TABLE person (id INTEGER PRIMARY KEY, ssn TEXT)');
    for (let id = 1; id <= 10; id += 1) source.prepare('INSERT INTO person VALUES (?, ?)').run(id, id === 1 ? String(value) : null);
    source.close();
    const load = () => people(['lu', 'import', 'PERSON', '--definition', 'person.lu.json', '--source', 'person.sqlite']);
    await load();
    const { description } = await people(['run', LINE]);
    const ending = people(['rekey', 'start', '--field', 'PERSON:person.ssn', '--rate', '1', '--wait'], { code: 1 });
    // The platform saves it once more with the value that it still had at hand.
    const stored = new DatabaseSync(machine.file('people.sqlite'), { readOnly: true });
    await expect.poll(() => stored.prepare("SELECT key_description FROM k2view_entity WHERE id = '1'").get()?.['key_description'], { timeout: 30_000 }).toBe(description);
    stored.close();
    await load();
    expect(await ending).toMatchObject({ state: 'done', failed: 0, outcome: { kind: 'proof', left: [], fields: { left: 1, unread: 0 } } });
  }, 60_000);

  test('is started for others, paused, limited, resumed, cancelled', async () => {
    const { id, ...made } = await json(['rekey', 'start', '--rate', '1']);
    expect(made).toMatchObject({ state: 'running', done: 0, total: CUSTOMERS, workers: [], limits: { instancesPerSecond: 1 } });
    expect((await machine.run(['--profile', 'mine', 'rekey', 'status', id])).stdout.toString()).toContain('fkc rekey serve');
    expect(await json(['rekey', 'start'], 1)).toEqual(failure('REKEY_OVERLAPS'));
    expect(await json(['rekey', 'retry', id], 1)).toEqual(failure('REKEY_STATE'));
    expect(await json(['rekey', 'pause', id])).toMatchObject({ id, state: 'paused' });
    expect(await json(['rekey', 'limit', id, '--rate', '0', '--concurrency', '4'])).toMatchObject({ limits: { instancesPerSecond: null, concurrency: 4 } });
    // What is not named stays as it is; 0 is no limit.
    expect(await json(['rekey', 'limit', id, '--mib', '2.5'])).toMatchObject({ limits: { instancesPerSecond: null, mebibytesPerSecond: 2.5, concurrency: 4 } });
    expect((await machine.run(['--profile', 'mine', 'rekey', 'status', id])).stdout.toString()).toMatch(/^Limits +2\.5 MiB a second, 4 at once in each process$/m);
    expect(await json(['rekey', 'limit', id, '--mib', '0'])).toMatchObject({ limits: { instancesPerSecond: null, mebibytesPerSecond: null, concurrency: 4 } });
    expect(await json(['rekey', 'resume', id])).toMatchObject({ id, state: 'running' });
    expect(await json(['rekey', 'cancel', id])).toMatchObject({ id, state: 'cancelled' });
    expect(await json(['rekey', 'resume', id], 1)).toEqual(failure('REKEY_STATE'));
    expect(await json(['rekey', 'status', 'none'], 1)).toEqual(failure('REKEY_UNKNOWN'));
  }, 60_000);

  test('Ctrl+C pauses a campaign that is waited for; resume --wait ends it', async () => {
    const running = machine.start(['--profile', 'mine', 'rekey', 'start', '--wait', '--rate', '10', '--json']);
    let id = '';
    for (let done = 0; done === 0; await delay(50)) {
      const found = await machine.run(['--profile', 'mine', 'rekey', 'status', '--json']);
      const campaign = JSON.parse(found.stdout.toString()) as Campaign;
      if (campaign.state !== 'running') continue;
      ({ id, done } = campaign);
    }
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect([code, JSON.parse(stdout.toString())]).toEqual([130, failure('CANCELLED')]);
    const paused = await status(id);
    expect(paused.state).toBe('paused');
    expect(paused.done).toBeGreaterThan(0);
    expect(paused.done).toBeLessThan(CUSTOMERS);
    await json(['rekey', 'limit', id, '--rate', '0']);
    expect(await json(['rekey', 'resume', id, '--wait'])).toMatchObject({ id, state: 'done', done: CUSTOMERS });
  }, 60_000);

  test('a corrupt instance is left as it is and told; retry fails for it again, and succeeds once it is mended', async () => {
    const damaged = '7';
    const sealed = (): Buffer => {
      const db = new DatabaseSync(machine.file('mine.sqlite'));
      try {
        return Buffer.from(db.prepare('SELECT sealed FROM k2view_entity_data JOIN k2view_entity USING (place) WHERE id = ?').get(damaged)?.['sealed'] as Uint8Array);
      } finally {
        db.close();
      }
    };
    const put = (bytes: Uint8Array): void => {
      const db = new DatabaseSync(machine.file('mine.sqlite'));
      try {
        expect(db.prepare('UPDATE k2view_entity_data SET sealed = ? WHERE place = (SELECT place FROM k2view_entity WHERE id = ?)').run(bytes, damaged).changes).toBe(1);
      } finally {
        db.close();
      }
    };
    const whole = sealed();
    const corrupt = Buffer.from(whole);
    corrupt.writeUInt8(corrupt.readUInt8(corrupt.length - 1) ^ 1, corrupt.length - 1);
    put(corrupt);

    const ended = await json(['rekey', 'start', '--wait'], 1);
    expect(ended).toMatchObject({ state: 'done', done: CUSTOMERS - 1, total: CUSTOMERS, failed: 1, outcome: { kind: 'proof', proven: false, failures: 1, left: [{ lu: 'CUSTOMER', instances: 1 }] } });
    const told = { lu: 'CUSTOMER', id: damaged, code: 'ENVELOPE_AUTHENTICATION_FAILED', message: expect.stringMatching(/\S/) as string, remedy: expect.stringMatching(/\S/) as string };
    expect(await json(['rekey', 'failures', ended.id])).toMatchObject({ failures: [told], more: false });
    const { code, stdout } = await machine.run(['--profile', 'mine', 'rekey', 'failures', ended.id]);
    expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/^CUSTOMER 7 \(\S+\)\n {2}ENVELOPE_AUTHENTICATION_FAILED: /)]);

    expect(await json(['rekey', 'retry', ended.id], 1)).toMatchObject({ id: ended.id, state: 'done', failed: 1, retried: 1, rewritten: 0, failedAgain: 1 });
    expect(sealed().equals(corrupt)).toBe(true);
    put(whole);
    expect(await json(['rekey', 'retry', ended.id])).toMatchObject({ state: 'done', done: CUSTOMERS, failed: 0, retried: 1, rewritten: 1, failedAgain: 0, outcome: { kind: 'proof', proven: true, left: [] } });
    expect(await json(['rekey', 'failures', ended.id])).toEqual({ failures: [], more: false });
  }, 60_000);

  test('schedules are checked, listed with their next time, and removed', async () => {
    const added = await json(['rekey', 'schedule', 'add', '--weekly', 'sunday@02:30', '--zone', 'Europe/Berlin', '--lu', 'CUSTOMER', '--rate', '500', '--if-oldest-older', '90']);
    expect(added).toMatchObject({ ok: true, next: expect.any(Number) });
    const next = new Date(Number(added['next']));
    expect([next.getTime() > Date.now(), next.getUTCDay(), [0, 1].includes(next.getUTCHours())]).toEqual([true, 0, true]);
    expect(await json(['rekey', 'schedule', 'list'])).toMatchObject({ scheduler: null, schedules: [{ id: added.id, when: { kind: 'weekly', day: 'sunday', at: '02:30', zone: 'Europe/Berlin' }, conditions: [{ kind: 'age', of: 'oldest', days: 90 }], lus: ['CUSTOMER'], limits: { instancesPerSecond: 500 }, last: null }] });
    expect((await machine.run(['--profile', 'mine', 'rekey', 'schedule', 'list'])).stdout.toString()).toMatch(/every sunday at 02:30 \(Europe\/Berlin\), if the oldest used generation is 90 days old/);
    const limited = await json(['rekey', 'schedule', 'add', '--daily', '02:30', '--mib', '20', '--concurrency', '200']);
    const told = (await machine.run(['--profile', 'mine', 'rekey', 'schedule', 'list'])).stdout.toString();
    expect(told).toContain('in CUSTOMER, at most 500 instances a second, 128 at once in each process\n');
    expect(told).toContain('in all LUs, at most 20 MiB a second, 200 at once in each process\n');
    expect(await json(['rekey', 'schedule', 'remove', limited.id])).toEqual({ ok: true, id: limited.id });
    for (const wrong of [['--daily', '25:00'], ['--cron', '* * *'], ['--daily', '02:30', '--zone', 'Mars/Olympus'], ['--every', '60'], ['--cron', '0 0 30 2 *']]) {
      expect(await json(['rekey', 'schedule', 'add', ...wrong], 1)).toEqual(failure('SCHEDULE_INVALID'));
    }
    for (const wrong of [[], ['--daily', '02:30', '--every', '5'], ['--weekly', 'noday@02:30'], ['--every', '0']]) {
      expect(await json(['rekey', 'schedule', 'add', ...wrong], 2)).toEqual(failure('INPUT_INVALID'));
    }
    expect(await json(['rekey', 'schedule', 'remove', added.id])).toEqual({ ok: true, id: added.id });
    expect(await json(['rekey', 'schedule', 'remove', added.id], 1)).toEqual(failure('SCHEDULE_UNKNOWN'));
  }, 60_000);

  test('serve works on what runs, tells its health, and ends at SIGTERM with everything given back', async () => {
    const { id } = await json(['rekey', 'start', '--rate', '1']);
    const serving = machine.start(['--profile', 'mine', 'rekey', 'serve', '--health-port', '0', '--json']);
    const address = await healthAddress(serving);
    await expect.poll(async () => (await health(address)).body['campaigns'], { timeout: 15_000 }).toMatchObject([{ id, phase: 'working', waiting: null }]);
    const { status: code, body } = await health(address);
    expect([code, body]).toEqual([200, expect.objectContaining({ status: 'ok', profile: 'mine', failures: [] })]);
    expect((await health(address.replace('/health', '/'))).status).toBe(404);
    expect((await health(address, 'POST')).status).toBe(405);
    await expect.poll(async () => (await health(address)).body['scheduler'], { timeout: 15_000 }).toBe(true);
    expect((await json(['rekey', 'status', id]))['workers']).toMatchObject([{ worker: body['worker'] }]);

    serving.child.kill('SIGTERM');
    const ended = await serving.ended;
    expect([ended.code, JSON.parse(ended.stdout.toString())]).toEqual([0, expect.objectContaining({ ok: true, worker: body['worker'] })]);
    expect(ended.stderr).toContain('ranges and leases are given back');
    expect(await status(id)).toMatchObject({ state: 'running', workers: [] });
    expect(await json(['rekey', 'schedule', 'list'])).toMatchObject({ scheduler: null });

    // A second one goes on with it.
    await json(['rekey', 'limit', id, '--rate', '0']);
    const again = machine.start(['--profile', 'mine', 'rekey', 'serve']);
    expect(await ends(id, 'done')).toMatchObject({ done: CUSTOMERS });
    again.child.kill('SIGTERM');
    expect((await again.ended).code).toBe(0);
    const acts = (await machine.json(['--profile', 'mine', 'audit', 'list', '--act', 'rekey.work', '--limit', '4'])).records;
    expect(acts.map(({ outcome }) => outcome)).toEqual(['done', 'started', 'done', 'started']);
  }, 90_000);

  test('serve says that its port is taken', async () => {
    const first = machine.start(['--profile', 'mine', 'rekey', 'serve', '--health-port', '0']);
    const { port } = new URL(await healthAddress(first));
    const { code, stdout } = await machine.run(['--profile', 'mine', 'rekey', 'serve', '--health-port', port, '--json']);
    expect([code, JSON.parse(stdout.toString())]).toEqual([1, failure('HEALTH_PORT_UNAVAILABLE')]);
    first.child.kill('SIGINT');
    expect((await first.ended).code).toBe(0);
  }, 60_000);
});

describe('the systemd unit', () => {
  const unit = readFileSync(fileURLToPath(new URL('../../assets/fkc-rekey.service', import.meta.url)), 'utf8');
  const sections = new Map<string, Map<string, string[]>>();
  let section = new Map<string, string[]>();
  for (const line of unit.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const name = /^\[(\w+)\]$/.exec(line)?.[1];
    if (name !== undefined) sections.set(name, (section = new Map()));
    else {
      const at = line.indexOf('=');
      const key = line.slice(0, at);
      section.set(key, [...(section.get(key) ?? []), line.slice(at + 1)]);
    }
  }

  test('has its three sections, runs serve, and stops it in time', () => {
    expect([...sections.keys()]).toEqual(['Unit', 'Service', 'Install']);
    const service = sections.get('Service');
    expect(service?.get('ExecStart')).toEqual([expect.stringMatching(/^\/\S+\/node (--\S+ )+\/\S+\/app\/cli\/index\.ts rekey serve --health-port \d+$/)]);
    expect(service?.get('KillSignal')).toEqual(['SIGTERM']);
    expect(Number(service?.get('TimeoutStopSec')?.[0])).toBeGreaterThanOrEqual(30);
    expect(service?.get('Restart')).toEqual(['on-failure']);
    expect(service?.get('User')).not.toEqual(['root']);
  });

  test('bounds its memory as `npm run fkc` does', () => {
    const { scripts } = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8')) as { scripts: Record<string, string> };
    const flags = /(?<=\bnode )(--\S+ )+/;
    const [ofUnit] = flags.exec(String(sections.get('Service')?.get('ExecStart'))) ?? [];
    expect(ofUnit).toMatch(/semi-space/);
    expect(ofUnit).toBe(flags.exec(scripts['fkc'] ?? '')?.[0]);
    // The bench measures a worker as admins start it.
    expect(ofUnit).toBe(flags.exec(scripts['bench'] ?? '')?.[0]);
  });

  test.runIf(existsSync('/usr/bin/systemd-analyze'))('systemd understands every line of it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fkc-unit-'));
    try {
      const file = join(folder, 'fkc-rekey.service');
      // The program need not be installed here.
      writeFileSync(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
      const { status, stderr } = spawnSync('/usr/bin/systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', file], { encoding: 'utf8' });
      expect([status, stderr.split('\n').filter((line) => line.includes('fkc-rekey'))]).toEqual([0, []]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('keeps keys in memory from disks and other processes', () => {
    const service = sections.get('Service');
    for (const [key, value] of Object.entries({ LimitCORE: '0', MemorySwapMax: '0', NoNewPrivileges: 'yes', ProtectSystem: 'strict', ProtectHome: 'yes', PrivateTmp: 'yes', ProtectProc: 'invisible', CapabilityBoundingSet: '', UMask: '0077' })) {
      expect([key, service?.get(key)]).toEqual([key, [value]]);
    }
    // V8 writes the code that it runs.
    expect(service?.get('MemoryDenyWriteExecute')).toEqual(['no']);
    expect(unit).not.toMatch(/password\s*=/i);
  });
});
