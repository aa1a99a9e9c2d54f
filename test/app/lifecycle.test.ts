import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsoleEvent } from '../../app/contract/events.ts';
import { passwordOf } from '../../app/password.ts';
import { openServices, type Services } from '../../app/services.ts';
import { AppError } from '../../main/errors.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { parseLuDefinition } from '../../main/lu/definition.ts';

let home: string;
const opened: Services[] = [];

async function open(profile?: string, emit?: (event: ConsoleEvent) => void): Promise<Services> {
  const services = await openServices({ home, ...(profile === undefined ? {} : { profile }), ...(emit === undefined ? {} : { emit }) });
  opened.push(services);
  return services;
}

async function openEmpty(emit?: (event: ConsoleEvent) => void): Promise<Services> {
  const maker = await open();
  await maker.createProfile({ name: 'empty', sqlite: join(home, 'empty.sqlite') }, null);
  return open('empty', emit);
}

/** Does `act` in the middle of the next import. */
function duringImport<T>(act: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    onFailPoint((name) => {
      if (name !== 'import:batch-stored') return;
      onFailPoint(null);
      act().then(resolve, reject);
    });
  });
}

const outcomes = async (services: Services, act: string): Promise<string[]> => (await services.auditList({ limit: 50, act })).records.map((record) => record.outcome);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fkc-lifecycle-'));
});

afterEach(async () => {
  vi.useRealTimers();
  onFailPoint(null);
  for (const services of opened.splice(0)) await services.close().catch(() => undefined);
  await rm(home, { recursive: true, force: true });
});

describe('one change of state at a time', () => {
  it('goes live once where start and two unlocks come together', async () => {
    const services = await openEmpty();
    await Promise.all([services.start(), services.unlock(null), services.unlock(null)]);
    expect(services.cluster.unlocked).toBe(true);
    expect(await outcomes(services, 'go-live')).toEqual(['done', 'started']);
  });

  it('is locked after a lock that came while it was starting', async () => {
    const services = await openEmpty();
    const starting = services.start();
    await services.lock('asked');
    await starting;
    expect(services.cluster.unlocked).toBe(false);
    expect((await services.status()).state).toBe('locked');
  });

  it('is locked, not failed, after a lock in the middle of the demo set-up, which the next unlock completes', async () => {
    const services = await open();
    const locked = duringImport(() => services.lock('asked'));
    await services.start();
    await locked;
    expect(await services.status()).toMatchObject({ state: 'locked', failure: null });
    await services.unlock(null);
    expect((await services.data.census()).total).toBe(658);
  });

  it('shows the chosen profile as live, and leaves it alone, where the one before was still starting', async () => {
    const services = await open();
    await services.createProfile({ name: 'empty', sqlite: join(home, 'empty.sqlite') }, null);
    const selected = duringImport(() => services.select('empty'));
    await services.start();
    await selected;
    expect(await services.status()).toMatchObject({ profile: { name: 'empty' }, state: 'live', failure: null });
    expect((await services.data.census()).total).toBe(0);
    expect(Math.abs((services.cluster.liveSince ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('forgets the failure of the profile before', async () => {
    const services = await openEmpty();
    await services.start();
    await services.keystore.enable(join(home, 'one.keystore'), passwordOf('long enough'), 'empty');
    await services.createProfile({ name: 'without', sqlite: join(home, 'empty.sqlite') }, null);
    await services.select('without');
    expect((await services.status()).state).toBe('failed');
    await services.select('empty');
    expect(await services.status()).toMatchObject({ state: 'locked', failure: null, unlockNeeds: 'keystore-password' });
  });
});

describe('a job', () => {
  it('that a lock paused goes on after the unlock', async () => {
    const services = await openEmpty();
    await services.start();
    const definition = parseLuDefinition(await readFile('assets/sample/sakila.lu.json', 'utf8'), 'sakila.lu.json');
    const locked = duringImport(() => services.lock('idle'));
    await expect(services.data.import(definition, 'assets/sample/sakila')).rejects.toMatchObject({ code: 'CANCELLED' });
    await locked;
    const [job] = services.jobs.list();
    expect(job?.state).toBe('paused');
    expect((await services.data.census()).total).toBeLessThan(599);
    await services.unlock(null);
    services.jobs.resume(job?.id ?? '');
    await vi.waitFor(() => expect(services.jobs.list()).toMatchObject([{ id: job?.id, state: 'done', done: 599 }]), { timeout: 10_000 });
    expect(await services.data.verify()).toMatchObject({ checked: 599, readable: 599 });
    expect(() => services.jobs.resume(job?.id ?? '')).toThrow(expect.objectContaining({ code: 'JOB_UNKNOWN' }));
  });

  it('can be cancelled while it is paused', async () => {
    const services = await openEmpty();
    const running = services.jobs.run('verify', 'long', async ({ signal }) => {
      while (!signal.aborted) await delay(1);
      throw new AppError('CANCELLED', 'It was stopped.', 'Resume it.');
    });
    const [{ id } = { id: '' }] = services.jobs.list();
    await services.jobs.stop(id, 'paused');
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    await services.jobs.stop(id, 'cancelled');
    expect(services.jobs.list()).toMatchObject([{ state: 'cancelled' }]);
    expect(() => services.jobs.resume(id)).toThrow(expect.objectContaining({ code: 'JOB_UNKNOWN' }));
  });
});

describe('an act that runs', () => {
  it('is completed before the keys go, and before another profile is opened', async () => {
    const services = await openEmpty();
    await services.createProfile({ name: 'other', sqlite: join(home, 'other.sqlite') }, null);
    await services.start();
    const activating = services.activation.run("activatekey name='masterkey_key_name'", null);
    await services.select('other');
    const { description } = await activating;
    await services.select('empty');
    expect((await services.cluster.ring.active()).description).toBe(description);
    const again = services.activation.run("activatekey name='masterkey_key_name'", null);
    await services.lock('asked');
    await expect(again).resolves.toMatchObject({ previous: description });
    expect(services.cluster.unlocked).toBe(false);
  });
});

describe('the idle clock', () => {
  it('zeroes the keys also where the lock can not be recorded, and nothing is thrown into the void', async () => {
    const events: ConsoleEvent[] = [];
    const services = await openEmpty((event) => events.push(event));
    await services.setPreferences({ theme: 'system', idleMinutes: 1 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await services.start();
    const rejections: unknown[] = [];
    const note = (error: unknown): void => void rejections.push(error);
    process.on('unhandledRejection', note);
    vi.spyOn(services.cluster.trail, 'record').mockRejectedValue(new Error('the disk is full'));
    events.length = 0;
    vi.advanceTimersByTime(61_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'status' }));
    await delay(20);
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
    expect(services.cluster.unlocked).toBe(false);
  });
});

describe('passwords', () => {
  it('are zeroed where going live fails before they are used', async () => {
    const services = await openEmpty();
    await services.close();
    const password = passwordOf('long enough');
    await expect(services.unlock(password)).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
    expect(password.disposed).toBe(true);
  });
});

describe('a profile', () => {
  it('can not take the name of the demo cluster', async () => {
    const { Profiles } = await import('../../app/profiles.ts');
    const { createProfile } = await import('../../app/services/new-profile.ts');
    await expect(createProfile(new Profiles(home), { name: 'demo', sqlite: join(home, 'mine.sqlite') }, null)).rejects.toMatchObject({ code: 'PROFILE_EXISTS' });
  });

  it('keeps whole paths, so that it means the same from every folder', async () => {
    const services = await open();
    const made = await services.createProfile({ name: 'relative', sqlite: 'here.sqlite', keystore: { file: 'here.keystore', passwordFile: 'pw' } }, null);
    expect([made.sqlite, made.keystore?.file, made.keystore?.passwordFile].every((path) => isAbsolute(path ?? ''))).toBe(true);
  });
});
