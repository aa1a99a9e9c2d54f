import { expect, test } from 'vitest';
import { entriesFor, isCommand } from '../../renderer/features/palette/entries.ts';
import { generation } from './fixtures.ts';

test.each(["activatekey name='a'", 'ACTIVATEKEY', ' acti', 'activatek'])('%j is the command line', (text) => expect(isCommand(text)).toBe(true));
test.each(['', 'act', 'audit', 'activ x'])('%j is not', (text) => expect(isCommand(text)).toBe(false));

test('everything that holds all the words is offered, newest keys first', () => {
  const keys = [generation({ description: 'masterkey-1-aa', activatedAt: 1 }), generation({ description: 'masterkey-2-bb', activatedAt: 2 })];
  expect(entriesFor('masterkey', keys).filter((entry) => entry.group === 'Keys').map((entry) => entry.label)).toEqual(['masterkey-2-bb', 'masterkey-1-aa']);
  expect(entriesFor('key -1-aa', keys).map((entry) => entry.label)).toEqual(['masterkey-1-aa']);
  expect(entriesFor('dark', keys).map((entry) => entry.label)).toEqual(['Theme: dark']);
  expect(entriesFor('no such thing', keys)).toEqual([]);
});

test('a key has its address', () => {
  const [entry] = entriesFor('odd', [generation({ description: 'odd/name-1', activatedAt: 1 })]);
  expect(entry?.target).toEqual({ kind: 'go', to: '/keys/odd%2Fname-1' });
});
