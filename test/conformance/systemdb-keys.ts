import { describe, expect, test } from 'vitest';
import { byCodePoints, generation, TEXTS } from './samples.ts';
import type { Subject } from './systemdb.ts';

export function keyConformance(subject: Subject): void {
  describe('keys', () => {
    test('a generation comes back with every field, also through another connection', async () => {
      const written = generation('a', 'a-1', { wrapping: { kind: 'keystore', keyId: '\u{1f511}"\\' }, reason: "it's due\n" });
      await subject.db.keys.insert(written);
      expect(await subject.db.keys.get('a-1')).toEqual(written);
      expect(await (await subject.reopen()).keys.get('a-1')).toEqual(written);
      expect(await subject.db.keys.get('A-1')).toBeNull();
    });

    test('a key description is written once, whatever the name', async () => {
      const first = generation('a', 'same');
      await subject.db.keys.insert(first);
      await expect(subject.db.keys.insert(generation('b', 'same'))).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_EXISTS' });
      expect(await subject.db.keys.list()).toEqual([first]);
    });

    test('of inserts at once under one description one wins', async () => {
      const other = await subject.reopen();
      const outcomes = await Promise.allSettled([subject.db, other, subject.db, other].map((db, i) => db.keys.insert(generation(`n${i}`, 'same'))));
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    });

    test('the list is ordered by name, then description, by code points', async () => {
      for (const text of TEXTS.toReversed()) {
        await subject.db.keys.insert(generation('b', `b-${text}`));
      }
      await subject.db.keys.insert(generation('a', 'z'));
      const list = await subject.db.keys.list();
      expect(list.map((one) => one.description)).toEqual(['z', ...TEXTS.map((text) => `b-${text}`).sort(byCodePoints)]);
    });

    test('activations count from 1 without gaps for each name', async () => {
      const { keys } = subject.db;
      for (const [name, description] of [['a', 'a-1'], ['a', 'a-2'], ['b', 'b-1']] as const) {
        await keys.insert(generation(name, description));
      }
      expect(await keys.active('a')).toBeNull();
      expect(await keys.activate({ name: 'a', revision: 2, description: 'a-1', activatedAt: 1 })).toBe(false);
      expect(await keys.activate({ name: 'a', revision: 0, description: 'a-1', activatedAt: 1 })).toBe(false);
      expect(await keys.activate({ name: 'b', revision: 1, description: 'b-1', activatedAt: 9 })).toBe(true);
      expect(await keys.activate({ name: 'a', revision: 1, description: 'a-1', activatedAt: 5 })).toBe(true);
      expect(await keys.activate({ name: 'a', revision: 1, description: 'a-2', activatedAt: 6 })).toBe(false);
      expect(await keys.activate({ name: 'a', revision: 3, description: 'a-2', activatedAt: 6 })).toBe(false);
      expect(await keys.active('a')).toEqual({ name: 'a', revision: 1, description: 'a-1', activatedAt: 5 });
      // The clock may go back: the revision decides, not the time.
      expect(await keys.activate({ name: 'a', revision: 2, description: 'a-2', activatedAt: 4 })).toBe(true);
      expect((await keys.active('a'))?.description).toBe('a-2');
      expect((await keys.activations()).map(({ name, revision }) => [name, revision])).toEqual([['a', 1], ['a', 2], ['b', 1]]);
    });

    test('what is not a generation of the name can not be activated', async () => {
      await subject.db.keys.insert(generation('a', 'a-1'));
      const activated = { revision: 1, activatedAt: 1 };
      await expect(subject.db.keys.activate({ name: 'a', description: 'a-2', ...activated })).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_UNKNOWN' });
      await expect(subject.db.keys.activate({ name: 'b', description: 'a-1', ...activated })).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_UNKNOWN' });
      expect(await subject.db.keys.activations()).toEqual([]);
    });

    test('of many activations at once exactly one wins each revision', async () => {
      const dbs = [subject.db, await subject.reopen(), await subject.reopen()];
      for (let i = 0; i < 6; i += 1) {
        await subject.db.keys.insert(generation('a', `a-${i}`));
      }
      for (let revision = 1; revision <= 5; revision += 1) {
        const won = await Promise.all(
          Array.from({ length: 6 }, (_, i) =>
            (dbs[i % 3] ?? subject.db).keys.activate({ name: 'a', revision, description: `a-${i}`, activatedAt: i }),
          ),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await subject.db.keys.active('a'))?.description).toBe(`a-${won.indexOf(true)}`);
      }
      expect(await subject.db.keys.activations()).toHaveLength(5);
    });

    test('only an orphan can be removed', async () => {
      const { keys } = subject.db;
      await keys.insert(generation('a', 'a-1'));
      await keys.insert(generation('a', 'a-2'));
      await keys.insert(generation('a', 'a-3'));
      await keys.activate({ name: 'a', revision: 1, description: 'a-1', activatedAt: 1 });
      await keys.activate({ name: 'a', revision: 2, description: 'a-2', activatedAt: 2 });
      expect(await keys.removeOrphan('a-1')).toBe(false);
      expect(await keys.removeOrphan('a-2')).toBe(false);
      expect(await keys.removeOrphan('a-3')).toBe(true);
      expect(await keys.removeOrphan('a-3')).toBe(false);
      expect((await keys.list()).map((one) => one.description)).toEqual(['a-1', 'a-2']);
    });
  });

  describe('stripes', () => {
    const wrapped = Uint8Array.from({ length: 100 }, (_, i) => (i * 37 + 250) & 0xff);

    test('each byte is a record, ordered by its place, durable as reported', async () => {
      const other = await subject.reopen();
      const reported: number[] = [];
      await subject.db.stripes.write('a-1', wrapped, (stored) => reported.push(stored));
      expect(await other.stripes.read('a-1')).toEqual(Array.from(wrapped, (value, idx) => ({ idx, value })));
      expect(reported.at(-1)).toBe(wrapped.length);
      expect(reported).toEqual(reported.toSorted((a, b) => a - b));
    });

    test('what was reported as stored is there for another process at once', async () => {
      const other = await subject.reopen();
      const checks: Promise<boolean>[] = [];
      await subject.db.stripes.write('a-1', wrapped, (stored) => {
        checks.push(other.stripes.read('a-1').then((found) => found.length >= stored));
      });
      expect(checks.length).toBeGreaterThan(0);
      expect(await Promise.all(checks)).not.toContain(false);
    });

    test('stripes are never overwritten', async () => {
      await subject.db.stripes.write('a-1', wrapped);
      await expect(subject.db.stripes.write('a-1', wrapped.toReversed())).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_EXISTS' });
      expect((await subject.db.stripes.read('a-1')).map((stripe) => stripe.value)).toEqual([...wrapped]);
    });

    test('removal concerns one description; descriptions are told apart exactly', async () => {
      const { stripes } = subject.db;
      expect(await stripes.read('a-1')).toEqual([]);
      for (const text of TEXTS) {
        await stripes.write(`k${text}`, Uint8Array.of(text.length & 0xff));
      }
      expect(await stripes.descriptions()).toEqual(TEXTS.map((text) => `k${text}`));
      expect(await stripes.removeOrphan('k\u00e9')).toBe(true);
      expect(await stripes.removeOrphan('k\u00e9')).toBe(false);
      expect(await stripes.descriptions()).toEqual(TEXTS.filter((text) => text !== '\u00e9').map((text) => `k${text}`));
    });
  });

  describe('stripes and facts', () => {
    test('stripes stay while facts name them', async () => {
      await subject.db.stripes.write('a-1', Uint8Array.of(1, 2));
      await subject.db.keys.insert(generation('a', 'a-1'));
      expect(await (await subject.reopen()).stripes.removeOrphan('a-1')).toBe(false);
      expect(await subject.db.stripes.read('a-1')).toHaveLength(2);
      await subject.db.keys.removeOrphan('a-1');
      expect(await subject.db.stripes.removeOrphan('a-1')).toBe(true);
      expect(await subject.db.stripes.read('a-1')).toEqual([]);
    });
  });

  describe('internal protection keys', () => {
    test('are kept whole, once, and the newest is the current one', async () => {
      const { internalKeys } = subject.db;
      const key = Uint8Array.from({ length: 32 }, (_, i) => i);
      expect(await internalKeys.current()).toBeNull();
      expect(await internalKeys.insert('p1', key, 1)).toBe(true);
      expect(await internalKeys.insert('p2', key.toReversed(), 2)).toBe(true);
      expect(await internalKeys.insert('p1', new Uint8Array(32), 3)).toBe(false);
      expect(Array.from((await internalKeys.get('p1')) ?? [])).toEqual([...key]);
      expect(await internalKeys.get('p3')).toBeNull();
      const current = await (await subject.reopen()).internalKeys.current();
      expect(current?.id).toBe('p2');
      expect(Array.from(current?.key ?? [])).toEqual([...key].toReversed());
    });
  });
}
