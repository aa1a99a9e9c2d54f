import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
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

describe('a node whose KeyStore copy is older but holds the same protection key', () => {
  it('goes live, reads all, and is told that its copy is stale, until a newer one is put in its place', async () => {
    const file = join(home, 'first.keystore');
    const copy = join(home, 'copy.keystore');
    const first = await open('shared');
    await first.unlock(null);
    await first.keystore.enable(file, passwordOf('long enough'), 'shared');
    await copyFile(file, copy);
    await first.activation.run("activatekey name='masterkey_key_name'", null);
    await first.createProfile({ name: 'node', sqlite: join(home, 'shared.sqlite'), keystore: { file: copy } }, null);

    const node = await open('node');
    await node.unlock(passwordOf('long enough'));
    expect(await node.keys.verify()).toMatchObject({ unreadable: [] });
    expect((await node.status()).notes.join()).toContain('stale');
    expect((await node.cluster.db.nodes.list()).flatMap(({ notes }) => notes).join()).toContain('stale');

    await copyFile(file, copy);
    await node.lock('asked');
    await node.unlock(passwordOf('long enough'));
    expect((await node.status()).notes).toEqual([]);
  });
});

describe('several key names', () => {
  it('have generations of their own, all usable side by side', async () => {
    await (await open()).createProfile({ name: 'tenants', sqlite: join(home, 'shared.sqlite'), keyNames: ['tenant_a', 'tenant_b'] }, null);
    const services = await open('tenants');
    await services.unlock(null);
    for (const name of ['tenant_a', 'tenant_b', 'tenant_a', 'masterkey_key_name']) await services.activation.run(`activatekey name='${name}'`, null);
    const again = await open('tenants');
    await again.unlock(null);
    const { keys } = await again.keys.list();
    expect(keys.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'k2_hash_key active',
      'masterkey_key_name deactivated',
      'masterkey_key_name active',
      'tenant_a deactivated',
      'tenant_a active',
      'tenant_b active',
    ]);
    expect(new Set(keys.map(({ fingerprint }) => fingerprint)).size).toBe(6);
    for (const { description } of keys) expect((await again.cluster.ring.get(description)).length).toBe(32);
  });
});
