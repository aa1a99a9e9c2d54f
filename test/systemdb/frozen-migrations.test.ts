import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Keyspaces } from '../../main/systemdb/cassandra/keyspaces.ts';
import { MIGRATIONS as CASSANDRA } from '../../main/systemdb/cassandra/migrations/index.ts';
import { MIGRATIONS as SQLITE } from '../../main/systemdb/sqlite/migrations/index.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Databases out there were made by these very words: a change of the schema is a new step, with a new line here. */
describe('the steps of the schema are frozen', () => {
  test('SQLite', () => {
    expect(SQLITE.map(({ version, sql }) => [version, sha256(sql)])).toEqual([
      [1, 'ae69508d67af1bfd27beea18e809de528dc31a708a647a675476782366fdb664'],
      [2, '187c543f0c95c18b88361d491c02bb4ca5c307814c282f9987be4cf8077a95f7'],
      [3, '86d01a6c6c474291711b9adf951115f65d9a697b0813cdba6523c4ec6eb2eaf5'],
      [4, 'bbd4aad1e3bdeb3746f63b37293ebc2992831a1575facb049174a66b52679798'],
      [5, 'ab10c3feb5730e0e4d79e9f9f5a5f60897898b3399190e57cf97a5dfcc9eaaad'],
      [6, 'a3845a34cc57e93f24c4569ff63bb84d10b1796d7fa745165a6ae25dce8f9f43'],
    ]);
  });

  test('Cassandra', () => {
    const keyspaces = new Keyspaces('frozen');
    expect(CASSANDRA.map(({ version, statements }) => [version, sha256(statements(keyspaces).join('\n;\n'))])).toEqual([
      [1, 'f5b6e78c103f78abd8398a56cedf711aa82f97e4bad3ba9d1372c1b6fa493302'],
      [2, 'a04ce62bbe6708cb8b9e87a1fd607d038903f865523e93cb6de97e834488da09'],
      [3, '5ed6010f47879de95c69ca635753f4590dca49d200024aa1dd907a16e991a59f'],
      [4, 'dd5e63e84b597d67ec86682d6ba417fdfea683d66e107319924c1394cd4be9b4'],
      [5, '1c6a6e754391988bb72099f9543b1417321e018a77b6302aa6964e2c298f0fee'],
    ]);
  });
});
