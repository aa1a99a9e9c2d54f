import { expect, it } from 'vitest';
import { NodePresence, SEEN_EVERY_MS } from '../../app/services/node-presence.ts';
import type { KeyRing } from '../../main/masterkey/key-ring.ts';
import type { NodeRecord, SystemDb } from '../../main/systemdb/repositories.ts';

const ring = (digest: string): KeyRing => ({ stale: new Set(), protection: { digest } }) as unknown as KeyRing;

/** A presence; after `hold` its next tell, and that one alone, waits until it is let go. */
function held() {
  const told: NodeRecord[] = [];
  let at = 0;
  let gate = Promise.resolve();
  const nodes = {
    put: async (record: NodeRecord) => {
      const own = gate;
      gate = Promise.resolve();
      await own;
      told.push(record);
    },
  };
  const presence = new NodePresence({ nodes, topology: null } as unknown as SystemDb, () => at);
  return {
    presence,
    told,
    pass: () => void (at += SEEN_EVERY_MS),
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

it('a tell that is under way while the console is locked does not make it live again', async () => {
  const { presence, told, pass, hold } = held();
  await presence.begin(ring('a'));
  pass();
  const letGo = hold();
  const telling = presence.seen();
  presence.end();
  letGo();
  await telling;
  expect(presence.since).toBeNull();
  pass();
  await presence.seen();
  expect(told).toHaveLength(2);
});

it('a tell that is under way while it goes live anew does not bring the former key ring back', async () => {
  const { presence, told, pass, hold } = held();
  await presence.begin(ring('a'));
  pass();
  const letGo = hold();
  const telling = presence.seen();
  await presence.begin(ring('b'));
  letGo();
  await telling;
  pass();
  await presence.seen();
  expect(told.at(-1)?.keystoreDigest).toBe('b');
  presence.end();
});
