import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Profiles } from '../../app/profiles.ts';
import { GivenAwsCredentials } from '../../app/services/aws-credentials.ts';
import { Cluster } from '../../app/services/cluster.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fkc-seen-'));
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(home, { recursive: true, force: true });
});

it('a process without a window tells that it is there for as long as it is live', async () => {
  const profiles = new Profiles(home);
  await profiles.create({ name: 'one', sqlite: join(home, 'one.sqlite') });
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let at = 1_000_000;
  const cluster = await Cluster.open({ profile: await profiles.get('one'), credentials: await GivenAwsCredentials.open('one', join(home, 'sealed'), null), now: () => at });
  const lastSeen = async (): Promise<number | undefined> => (await cluster.db.nodes.list())[0]?.lastSeen;
  const pass = async (ms: number): Promise<void> => {
    at += ms;
    await vi.advanceTimersByTimeAsync(ms);
  };
  try {
    await cluster.unlock();
    expect(await cluster.db.nodes.list()).toMatchObject([{ lastSeen: 1_000_000, liveSince: 1_000_000, dataCenter: null }]);
    await pass(90_000);
    await expect.poll(lastSeen).toBe(1_090_000);
    await cluster.lock('asked');
    await pass(90_000);
    expect(await lastSeen()).toBe(1_090_000);
  } finally {
    await cluster.close();
  }
});
