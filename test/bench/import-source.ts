import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LuDefinition } from '../../main/lu/definition.ts';

/** The LU of {@link makeSource}. */
export const SMALL_LU: LuDefinition = {
  lu: 'SMALL',
  root: { table: 'customer', key: 'id' },
  tables: [{ table: 'orders', join: [{ from: 'orders.customer_id', to: 'customer.id' }] }],
};

/** A SQLite file of `customers` small entities with up to three orders each, indexed as a real source would be. */
export function makeSource(folder: string, customers: number, name = String(customers)): string {
  const file = join(folder, `source-${name}.sqlite`);
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;
    CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT, email TEXT, since TEXT);
    CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INTEGER, item TEXT, amount REAL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${customers})
      INSERT INTO customer SELECT i, 'Customer number ' || i, 'customer' || i || '@example.org', date('2020-01-01', (i % 2000) || ' days') FROM n;
    INSERT INTO orders SELECT NULL, id, 'Item ' || (id % 977), (id % 5000) / 100.0 FROM customer WHERE id % 4 > 0;
    INSERT INTO orders SELECT NULL, id, 'Item ' || (id % 733), (id % 3000) / 100.0 FROM customer WHERE id % 4 > 1;
    INSERT INTO orders SELECT NULL, id, 'Item ' || (id % 541), (id % 9000) / 100.0 FROM customer WHERE id % 4 > 2;
    CREATE INDEX orders_customer ON orders(customer_id)`);
  db.close();
  return file;
}
