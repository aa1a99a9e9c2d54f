import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCampaign } from '../../../main/rekey/run.ts';
import { isOfInstance } from '../../../main/lu/instances.ts';
import { Machine } from '../../cli/fkc.ts';
import { foundIn, foundUnder, knownKeys } from '../known-key.ts';
import { imageOf, saveUnder, sizeOf } from './content.ts';
import { activate, HOME_PROFILE, LU, startedCampaign, type ThreeNodes } from './three-nodes.ts';

const IDS = Array.from({ length: 24 }, (_, place) => `known-${place}`);
/** Stored as it is, to prove that the search finds what lies in the nodes' files. */
const DECOY = Buffer.from(Array.from({ length: 32 }, (_, place) => (place * 53 + 7) % 256));

export function knownKeySuite(at: () => ThreeNodes): void {
  describe('known key bytes', () => {
    it('are in no file of a node or of the console, no event, and nothing that a command says of a rekey', async () => {
      const { open, nodes, home, temporary } = at();
      const { generate, made } = knownKeys();
      const heard: string[] = [];
      const services = await open({ generate, emit: (event) => heard.push(inspect(event, { depth: 10 }), JSON.stringify(event)) });
      const { db, ring } = services.cluster;
      await activate(services);
      for (const id of IDS) await saveUnder({ db, keys: ring }, LU, id, imageOf(1, sizeOf(id.slice('known-'.length))));
      await activate(services);
      // One that no key opens: a failure of the campaign, kept and told.
      const broken = await db.instances.get(LU, 'known-1');
      if (broken === null) throw new Error('no instance');
      const sealed = Uint8Array.from(broken.sealed);
      sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
      await db.instances.save({ ...broken, sealed });
      const error: unknown = await services.cluster.instances.read(LU, 'known-1').catch((caught: unknown) => caught);
      expect(isOfInstance(error)).toBe(true);
      await db.settings.set('decoy', DECOY.toString('hex'));

      const { record } = await startedCampaign(services, LU);
      const state = await runCampaign({ db, keys: ring, id: record.id, worker: 'known', onProgress: (progress) => heard.push(JSON.stringify(progress), inspect(progress)) });
      expect(state).toBe('done');
      heard.push(inspect(error, { depth: 10, showHidden: true }), inspect(ring, { depth: 10, showHidden: true }), inspect(await db.campaigns.failures(record.id, { limit: 10 })));
      heard.push(inspect(await services.keys.verify()), inspect(await db.campaigns.get(record.id), { depth: 10 }));

      using machine = new Machine();
      const env = { FKC_HOME: home };
      for (const line of [
        ['keys', 'list'],
        ['keys', 'verify'],
        ['census', '--deep', '--share', '100%', '--lu', LU],
        ['rekey', 'plan', '--lu', LU],
        ['rekey', 'status'],
        ['rekey', 'status', record.id],
        ['keys', 'stripes', (await ring.active()).description],
      ]) {
        await Promise.all([machine.run([...line, '--profile', HOME_PROFILE, '--json'], { env }), machine.run([...line, '--profile', HOME_PROFILE], { env })]);
      }
      expect(machine.written).toContain((await ring.active()).description);

      expect(made).toHaveLength(2);
      expect(foundIn(Buffer.from(heard.join('\n')), 'events and errors', made)).toEqual([]);
      expect(foundIn(Buffer.from(machine.written, 'latin1'), 'output of commands', made)).toEqual([]);
      for (const id of IDS) await db.instances.remove(LU, id);
      await services.close();

      // Commit logs hold all that was written; a node that ends in order moves it to its tables.
      await nodes.kill(0, 'SIGTERM');
      expect(await foundUnder(temporary, [DECOY]).then(({ found }) => new Set(found.map((place) => place.replace(/.*\/(commitlog|node\d\/data)\/.*/, '$1'))).size)).toBeGreaterThan(0);
      const { found, files } = await foundUnder(temporary, made);
      expect(found).toEqual([]);
      expect(files).toBeGreaterThan(100);
      expect((await readFile(join(temporary, await logOf(temporary)), 'utf8')).length).toBeGreaterThan(1_000);
      await nodes.restart(0);
    });
  });
}

/** The log of the first node, so that it is known to be among what was searched. */
async function logOf(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true });
  const log = files.find((file) => /node1\/log$/.test(file));
  if (log === undefined) throw new Error(`No log of a node under ${folder}`);
  return log;
}
