import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { passwordOf } from '../../app/password.ts';
import { openServices, type Services } from '../../app/services.ts';

let home: string;
const opened: Services[] = [];

async function open(profile?: string): Promise<Services> {
  const services = await openServices({ home, ...(profile === undefined ? {} : { profile }) });
  opened.push(services);
  return services;
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fkc-keystore-processes-'));
  await (await open()).createProfile({ name: 'shared', sqlite: join(home, 'shared.sqlite') }, null);
});

afterEach(async () => {
  for (const services of opened.splice(0)) await services.close().catch(() => undefined);
  await rm(home, { recursive: true, force: true });
});

describe('a process that was opened before another turned the KeyStore on', () => {
  it('can not turn a second KeyStore on, nor activate under the internal key', async () => {
    const here = await open('shared');
    const there = await open('shared');
    await here.unlock(null);
    await there.unlock(null);
    const first = join(home, 'first.keystore');
    const second = join(home, 'second.keystore');
    const { description } = await there.keystore.enable(first, passwordOf('long enough'), 'shared');

    await expect(here.keystore.enable(second, passwordOf('long enough'), 'shared')).rejects.toMatchObject({ code: 'KEYSTORE_ALREADY_ENABLED' });
    await expect(stat(second)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(here.activation.run("activatekey name='masterkey_key_name'", null)).rejects.toMatchObject({ code: 'KEYSTORE_CANNOT_TURN_OFF' });
    expect((await here.status()).state).toBe('live');

    const again = await open('shared');
    await again.unlock(passwordOf('long enough'));
    expect((await again.profiles.get('shared')).keystore?.file).toBe(first);
    expect((await again.cluster.ring.active()).description).toBe(description);
    expect(await again.keys.verify()).toMatchObject({ unreadable: [] });
  });
});
