import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeyStoreFile } from '../../../main/keystore/keystore-file.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { documentedVectors, type DocumentedVector } from '../../crypto/documented-vectors.ts';
import { KEYSTORE_PASSWORD, makeHome } from '../../faults/cluster.ts';
import { askPython } from './python.ts';

/** The rows of one customer as they stood in the source of the import. */
function sourceRows(home: string, id: number): Record<string, unknown[][]> {
  const db = new DatabaseSync(join(home, 'source.sqlite'), { readOnly: true });
  const rows = (sql: string): unknown[][] => db.prepare(sql).all(id).map((row) => Object.values(row));
  const found = { customer: rows('SELECT * FROM customer WHERE id = ?'), payment: rows('SELECT * FROM payment WHERE customer_id = ?') };
  db.close();
  return found;
}

/** The protection keys of all generations, by key description, in hex: what a stranger would take out with keytool. */
async function protectionKeys(home: string): Promise<Record<string, string>> {
  using password = SecretBytes.take(Buffer.from(KEYSTORE_PASSWORD));
  using store = await KeyStoreFile.open(join(home, 'fabric.keystore'), password);
  const keys: Record<string, string> = {};
  for (const { alias } of store.entries()) {
    using key = alias === null ? null : store.secretKey(alias);
    if (alias !== null && key !== null) keys[alias] = key.use((bytes) => bytes.toString('hex'));
  }
  return keys;
}

describe.each([{ kind: 'internal', keystore: false }, { kind: 'keystore', keystore: true }])('Python, from stored records and the document alone, $kind protection key:', ({ kind, keystore }) => {
  let home: string;
  let remove: () => Promise<void>;
  let task: { do: string; database: string; lu: string; instanceId: string; protectionKeys: Record<string, string> };

  beforeAll(async () => {
    ({ home, remove } = await makeHome({ keystore }));
    task = { do: 'read stored', database: join(home, 'system.sqlite'), lu: 'CUSTOMER', instanceId: '7', protectionKeys: keystore ? await protectionKeys(home) : {} };
  });
  afterAll(() => remove());

  test('stripes become the wrapped key, the master key, the instance, and its rows', () => {
    expect(askPython([task, { ...task, instanceId: '60' }])).toEqual([7, 60].map((id) => ({ ok: { stripes: 65, kind, rows: sourceRows(home, id) } })));
  });

  test.each([
    ['a changed stripe', 'UPDATE k2auth_stripe_key_storage SET value = (value + 1) % 256 WHERE idx = 40', 'stripes changed'],
    ['a changed check byte', 'UPDATE k2auth_stripe_key_storage SET value = (value + 1) % 256 WHERE idx = 64', 'stripes changed'],
    ['a lost stripe', 'DELETE FROM k2auth_stripe_key_storage WHERE idx = 3', 'stripes missing'],
    ['another name', "UPDATE k2auth_keys_descriptions SET name = name || '2'", 'not authentic'],
  ])('%s is refused', (_what, change, refused) => {
    const database = join(home, 'changed-system.sqlite');
    copyFileSync(task.database, database);
    const db = new DatabaseSync(database);
    db.exec(change);
    db.close();
    expect(askPython([{ ...task, database }])).toEqual([{ refused }]);
  });
});

test('Python makes the check bytes that the document prints', () => {
  const vector = documentedVectors().get('stored key') as DocumentedVector;
  expect(askPython([{ do: 'store key', wrapped: vector.text('wrapped') }])).toEqual([{ ok: vector.text('stored') }]);
});
