import { describe, expect, test } from 'vitest';
import { job, node, TEXTS } from './samples.ts';
import type { Subject } from './systemdb.ts';

export function operationConformance(subject: Subject): void {
  describe('jobs', () => {
    test('a job is put, put anew, and read back with every field', async () => {
      const { jobs } = subject.db;
      await jobs.put(job('j1', 5));
      const finished = job('j1', 5, { state: 'failed', done: 7, total: 9, failed: 1, cursor: '\u{1f511}', failure: '{"code":"X"}', updatedAt: 8 });
      await jobs.put(finished);
      expect(await jobs.get('j1')).toEqual(finished);
      expect(await jobs.get('j2')).toBeNull();
      expect(await (await subject.reopen()).jobs.list(10)).toEqual([finished]);
    });

    test('the list is newest first and bounded', async () => {
      for (const at of [3, 1, 4, 2, 5]) {
        await subject.db.jobs.put(job(`j${at}`, at));
      }
      expect((await subject.db.jobs.list(3)).map((one) => one.id)).toEqual(['j5', 'j4', 'j3']);
    });
  });

  describe('nodes', () => {
    test('a node is put, put anew, and listed by host, then id', async () => {
      const { nodes } = subject.db;
      await nodes.put(node('2', 'b', { keystoreDigest: 'ab', notes: ['stale copy', '\u{1f511}'] }));
      await nodes.put(node('3', 'a'));
      await nodes.put(node('1', 'b', { dataCenter: 'DC East' }));
      await nodes.put(node('3', 'a', { lastSeen: 99 }));
      expect(await nodes.list()).toEqual([
        node('3', 'a', { lastSeen: 99 }),
        node('1', 'b', { dataCenter: 'DC East' }),
        node('2', 'b', { keystoreDigest: 'ab', notes: ['stale copy', '\u{1f511}'] }),
      ]);
    });
  });

  describe('settings', () => {
    test('set overwrites, setOnce never does', async () => {
      const { settings } = subject.db;
      expect(await settings.get('a')).toBeNull();
      expect(await settings.setOnce('a', '1')).toBe('1');
      expect(await settings.setOnce('a', '2')).toBe('1');
      await settings.set('a', '3');
      expect(await settings.setOnce('a', '4')).toBe('3');
      expect(await (await subject.reopen()).settings.get('a')).toBe('3');
    });

    test('keys and values may be any text', async () => {
      for (const text of TEXTS) {
        await subject.db.settings.set(`k${text}`, text);
      }
      for (const text of TEXTS) {
        expect(await subject.db.settings.get(`k${text}`)).toBe(text);
      }
    });

    test('of setOnce at once all are told the one value that stands', async () => {
      const dbs = [subject.db, await subject.reopen()];
      const told = await Promise.all(Array.from({ length: 8 }, (_, i) => (dbs[i % 2] ?? subject.db).settings.setOnce('a', String(i))));
      expect(new Set(told)).toEqual(new Set([await subject.db.settings.get('a')]));
    });
  });
}
