import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppError } from '../../main/errors.ts';
import { SecretBytes } from '../../main/secret.ts';
import { Profiles } from '../../app/profiles.ts';
import { openServices } from '../../app/services.ts';
import { importSample, makeHome, openCluster, PROFILE } from './cluster.ts';
import { foundIn, foundUnder, knownKeys } from './known-key.ts';

let home: string;
let remove: () => Promise<void>;
let temporary: string;
const before = process.env['TMPDIR'];

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'fkc-temporary-'));
  process.env['TMPDIR'] = temporary;
  ({ home, remove } = await makeHome({ keystore: true }));
});

afterAll(async () => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await remove();
  await rm(temporary, { recursive: true, force: true });
});

it('finds a key where there is one, in each form', async () => {
  const key = Buffer.alloc(32, 0xab);
  for (const text of [key.toString('hex'), key.toString('base64'), [...key].join(','), key]) {
    expect(foundIn(Buffer.concat([Buffer.from('xx'), Buffer.from(text as string)]), 'sample', [key])).not.toEqual([]);
  }
});

it('known key bytes are in no file, no event and no error text', async () => {
  const { generate, made } = knownKeys();
  const heard: string[] = [];
  const services = await openCluster(home, { generate, emit: (event) => heard.push(inspect(event, { depth: 10 }), JSON.stringify(event)) });
  for (let round = 0; round < 3; round += 1) await services.activation.run("activatekey name='masterkey_key_name'", 'known');
  await services.activation.run("activatekey name='k2_hash_key'", 'known');
  await services.keystore.rotate(PROFILE);
  await importSample(services, join(home, 'source.sqlite'));
  await services.data.verify();
  await services.keys.verify();

  // Errors of every kind that can meet a key on its way.
  const { description } = await services.cluster.ring.active();
  const { db } = services.cluster;
  const stripes = Uint8Array.from((await db.stripes.read(description)).map((stripe) => stripe.value));
  const raw = new DatabaseSync(services.cluster.profile.sqlite ?? '', { timeout: 5_000 });
  raw.prepare('DELETE FROM k2auth_stripe_key_storage WHERE key_description = ?').run(description);
  raw.close();
  heard.push(inspect(await services.keys.verify()));
  stripes[3] = (stripes[3] ?? 0) ^ 1;
  await db.stripes.write(description, stripes);
  heard.push(inspect(await services.keys.verify()));
  const stored = await db.instances.get('CUSTOMER', '1');
  if (stored === null) throw new Error('no instance');
  const sealed = Uint8Array.from(stored.sealed);
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  await db.instances.save({ lu: stored.lu, id: stored.id, keyDescription: stored.keyDescription, sealed, savedAt: 1 });
  const error: unknown = await services.cluster.instances.read('CUSTOMER', '1').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(AppError);
  heard.push(inspect(error, { depth: 10, showHidden: true }), inspect(services.cluster.ring, { depth: 10, showHidden: true }));
  using secret = SecretBytes.copyOf(made[0] ?? new Uint8Array());
  heard.push(inspect(secret, { showHidden: true }), JSON.stringify({ secret }), String(secret));

  expect(made.length).toBeGreaterThanOrEqual(5);
  expect(foundIn(Buffer.from(heard.join('\n')), 'events and errors', made)).toEqual([]);
  // Once with the write-ahead log still there, once after closing.
  expect((await readdir(home)).some((file) => file.endsWith('-wal'))).toBe(true);
  for (const when of ['open', 'closed']) {
    if (when === 'closed') await services.close();
    for (const folder of [home, temporary]) {
      const { found, files } = await foundUnder(folder, made);
      expect(found).toEqual([]);
      if (folder === home) expect(files).toBeGreaterThan(3);
    }
  }
});

it('an unforeseen error that holds a key is logged without it, and told without it', async () => {
  const { generate, made } = knownKeys();
  /** Holds a key in every form that a careless line of code, or a library, might put into a message. */
  const careless = (): SecretBytes => {
    generate().dispose();
    const key = made.at(-1) ?? Buffer.alloc(0);
    const forms = [key.toString('hex'), key.toString('hex').toUpperCase(), key.toString('base64'), key.toString('base64url'), [...key].join(','), [...key].join(', '), inspect(key)];
    throw new Error(`no key from ${forms.join(' or ')}`, { cause: new TypeError(`bad key ${forms.join(' and ')}`) });
  };
  await new Profiles(home).create({ name: 'careless', sqlite: join(home, 'careless.sqlite') });
  const heard: string[] = [];
  const services = await openServices({ home, profile: 'careless', generate: careless, emit: (event) => heard.push(inspect(event, { depth: 10 }), JSON.stringify(event)) });
  await services.start();
  const { failure } = await services.status();
  expect(failure).toMatchObject({ code: 'INTERNAL' });
  heard.push(JSON.stringify(failure));
  // The trail keeps that it failed, and not what was said.
  heard.push(JSON.stringify(await services.auditList({ limit: 50 })));
  await services.close();

  const log = await readFile(join(home, 'logs', 'console.log'), 'utf8');
  expect(log).toMatch(/ start\n {2}Error: no key from \[long\] or /);
  expect(log).toContain('TypeError: bad key');
  expect(made.length).toBeGreaterThan(0);
  expect(foundIn(Buffer.from(log), 'console.log', made)).toEqual([]);
  // As node prints a Buffer, too: two digits at a time.
  for (const key of made) expect(`${log}${heard.join('')}`).not.toContain(inspect(key).slice(8, 32));
  expect(foundIn(Buffer.from(heard.join('\n')), 'events, failure and trail', made)).toEqual([]);
  for (const folder of [home, temporary]) expect((await foundUnder(folder, made)).found).toEqual([]);
});
