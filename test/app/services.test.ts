import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsoleEvent } from '../../app/contract/events.ts';
import { passwordOf } from '../../app/password.ts';
import { openServices, type Services } from '../../app/services.ts';
import { onFailPoint } from '../../main/fail-point.ts';

let home: string;
const opened: Services[] = [];

async function open(profile?: string, emit?: (event: ConsoleEvent) => void): Promise<Services> {
  const services = await openServices({ home, ...(profile === undefined ? {} : { profile }), ...(emit === undefined ? {} : { emit }) });
  opened.push(services);
  return services;
}

async function openEmpty(): Promise<Services> {
  const maker = await open();
  await maker.createProfile({ name: 'empty', sqlite: join(home, 'empty.sqlite') }, null);
  return open('empty');
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fkc-services-'));
});

afterEach(async () => {
  vi.useRealTimers();
  onFailPoint(null);
  for (const services of opened.splice(0)) await services.close().catch(() => undefined);
  await rm(home, { recursive: true, force: true });
});

describe('the embedded demo cluster', () => {
  it('imports both samples under three generations, and reads all of it back', async () => {
    const events: ConsoleEvent[] = [];
    const services = await open(undefined, (event) => events.push(event));
    await services.start();
    expect((await services.status()).state).toBe('live');
    const census = await services.data.census();
    expect(census.total).toBe(599 + 59);
    const luiKeys = (await services.keys.list()).keys.filter((key) => key.name === 'masterkey_key_name');
    expect(luiKeys).toHaveLength(3);
    for (const key of luiKeys) expect(key.instances).toBeGreaterThan(0);
    expect(luiKeys.slice(1).every((key) => key.reason?.startsWith('demo history'))).toBe(true);
    expect(events.some((event) => event.type === 'job' && event.job.done > 0 && event.job.total === 599)).toBe(true);
    expect(await services.data.verify()).toMatchObject({ checked: 658, readable: 658, unreadable: [] });
    expect((await services.verifyAudit()).intact).toBe(true);
  });

  it('goes on after set-up was cut off in the middle', async () => {
    const first = await open();
    let batches = 0;
    onFailPoint((name) => {
      if (name === 'import:batch-stored' && ++batches === 2) throw new Error('the power went');
    });
    await first.start();
    expect((await first.status()).state).toBe('failed');
    onFailPoint(null);
    await first.close();
    const second = await open();
    await second.start();
    expect((await second.status()).state).toBe('live');
    expect((await second.data.census()).total).toBe(658);
    expect((await second.keys.list()).keys.filter((key) => key.name === 'masterkey_key_name')).toHaveLength(3);
  });
});

describe('locking', () => {
  it('zeroes the keys on demand, and comes back', async () => {
    const services = await openEmpty();
    await services.start();
    const { key } = await services.cluster.ring.active();
    await services.lock('asked');
    expect(key.disposed).toBe(true);
    expect((await services.status()).state).toBe('locked');
    await expect(services.data.verify()).rejects.toMatchObject({ code: 'LOCKED' });
    await services.unlock(null);
    expect((await services.status()).state).toBe('live');
  });

  it('locks after idle minutes without a touch', async () => {
    const services = await openEmpty();
    await services.setPreferences({ theme: 'system', idleMinutes: 1 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await services.start();
    vi.advanceTimersByTime(50_000);
    services.touch();
    vi.advanceTimersByTime(50_000);
    expect(services.cluster.unlocked).toBe(true);
    vi.advanceTimersByTime(11_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(services.cluster.unlocked).toBe(false));
  });
});

describe('turning the KeyStore on', () => {
  it('asks for the typed name, and changes nothing without it', async () => {
    const services = await openEmpty();
    await services.start();
    const file = join(home, 'new.keystore');
    await expect(services.keystore.enable(file, passwordOf('long enough'), 'wrong')).rejects.toMatchObject({ code: 'CONFIRMATION_MISMATCH' });
    await expect(stat(file)).rejects.toThrow();
    expect((await services.status()).protection.kind).toBe('internal');
    const { records } = await services.auditList({ limit: 5, act: 'keystore.enable' });
    expect(records[0]?.outcome).toBe('refused');
  });

  it('regenerates the keys under it; the next start asks for the password; it can not be turned off', async () => {
    const services = await openEmpty();
    await services.start();
    const before = (await services.keys.list()).keys.length;
    const file = join(home, 'new.keystore');
    await services.keystore.enable(file, passwordOf('long enough'), 'empty');
    expect((await services.keys.list()).keys.length).toBe(before + 2);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await services.close();

    const again = await open('empty');
    await again.start();
    expect(await again.status()).toMatchObject({ state: 'locked', unlockNeeds: 'keystore-password' });
    await expect(again.unlock(passwordOf('wrong one'))).rejects.toMatchObject({ code: 'KEYSTORE_PASSWORD_WRONG' });
    await again.unlock(passwordOf('long enough'));
    expect(await again.keys.verify()).toMatchObject({ unreadable: [] });

    await again.createProfile({ name: 'without', sqlite: join(home, 'empty.sqlite') }, null);
    const without = await open('without');
    await without.start();
    expect(await without.status()).toMatchObject({ state: 'failed', failure: { code: 'KEYSTORE_CANNOT_TURN_OFF' } });
  });

  it('is completed by the next start when the process died in the middle', async () => {
    const services = await openEmpty();
    await services.start();
    onFailPoint((name) => {
      if (name === 'activate:stored') throw new Error('the power went');
    });
    const file = join(home, 'new.keystore');
    await expect(services.keystore.enable(file, passwordOf('long enough'), 'empty')).rejects.toThrow('the power went');
    onFailPoint(null);
    await services.close();
    const again = await open('empty');
    await again.unlock(passwordOf('long enough'));
    const { keys } = await again.keys.list();
    expect(keys.filter((key) => key.state === 'active').map((key) => key.wrapping['kind'])).toEqual(['keystore', 'keystore']);
    expect(await again.keys.verify()).toMatchObject({ unreadable: [] });
  });

  it('takes the password from a file, never from the profile', async () => {
    const services = await open();
    await writeFile(join(home, 'password'), 'from a file\nsecond line\n', { mode: 0o600 });
    await services.createProfile(
      { name: 'filed', sqlite: join(home, 'filed.sqlite'), keystore: { file: join(home, 'filed.keystore'), passwordFile: join(home, 'password') } },
      null,
    );
    const filed = await open('filed');
    await filed.start();
    expect((await filed.status()).state).toBe('live');
    expect(await readFile(join(home, 'profiles', 'filed.json'), 'utf8')).not.toContain('from a file');
  });
});

it('tells nothing of a lost region before the regions were audited', async () => {
  const services = await openEmpty();
  await expect(services.regions.whatIf({ lost: 'eu-west-1', disabled: null })).rejects.toMatchObject({ code: 'REGION_NOT_AUDITED' });
});

describe('another process', () => {
  it('is noticed: the window is told that something changed', async () => {
    const events: ConsoleEvent[] = [];
    const here = await openEmpty();
    const watching = await open('empty', (event) => events.push(event));
    await watching.start();
    await here.start();
    events.length = 0;
    await here.activation.run("activatekey name='masterkey_key_name'", null);
    await vi.waitFor(() => expect(events.some((event) => event.type === 'changed')).toBe(true), { timeout: 8_000 });
    expect((await watching.cluster.ring.active()).description).toBe((await here.cluster.ring.active()).description);
  });
});
