import { describe, expect, test } from 'vitest';
import { parseLuDefinition, tableNames } from '../../main/lu/definition.ts';
import { failureOf, sampleDefinition } from './fixtures.ts';

const hop = (from: string, to: string) => ({ from, to });
const valid = {
  lu: 'CUSTOMER',
  root: { table: 'customer', key: 'id' },
  tables: [{ table: 'line', join: [hop('line.invoice_id', 'invoice.id'), hop('invoice.customer_id', 'customer.id')] }],
};
const withTables = (...tables: unknown[]) => ({ ...valid, tables });

describe('parseLuDefinition', () => {
  test('reads a valid definition, with a byte order mark too', () => {
    expect(parseLuDefinition(JSON.stringify(valid))).toEqual(valid);
    expect(parseLuDefinition(`\uFEFF${JSON.stringify(valid)}`)).toEqual(valid);
    expect(tableNames(parseLuDefinition(JSON.stringify(valid)))).toEqual(['customer', 'line']);
  });

  test('reads the samples', () => {
    expect(sampleDefinition('sakila').lu).toBe('CUSTOMER');
    expect(tableNames(sampleDefinition('sakila'))).toEqual(['customer', 'address', 'city', 'country', 'rental', 'payment']);
    expect(tableNames(sampleDefinition('chinook'))).toEqual(['Customer', 'Invoice', 'InvoiceLine', 'Track']);
  });

  test('a root alone is an LU', () => {
    expect(parseLuDefinition(JSON.stringify(withTables())).tables).toEqual([]);
  });

  test.each<[string, unknown, RegExp]>([
    ['not an object', 'x', /the definition is no object/],
    ['null', null, /the definition is no object/],
    ['no LU', { ...valid, lu: undefined }, /lu is missing/],
    ['LU name with a space', { ...valid, lu: 'A B' }, /lu is no LU name/],
    ['empty LU name', { ...valid, lu: '' }, /lu is no LU name/],
    ['no root', { ...valid, root: undefined }, /root is missing/],
    ['no key', { ...valid, root: { table: 'customer' } }, /root\.key is missing/],
    ['key is a number', { ...valid, root: { table: 'customer', key: 1 } }, /root\.key is no string/],
    ['no tables', { ...valid, tables: undefined }, /tables is missing/],
    ['unknown part', { ...valid, tabels: [] }, /unknown parts: tabels/],
    ['table name with a path', { ...valid, root: { table: '../etc/passwd', key: 'id' } }, /root\.table is no name/],
    ['table name with NUL', { ...valid, root: { table: 'a\0', key: 'id' } }, /root\.table is no name/],
    ['SQLite table name', { ...valid, root: { table: 'sqlite_schema', key: 'id' } }, /root\.table is a name that SQLite keeps/],
    ['long name', { ...valid, root: { table: 'a'.repeat(129), key: 'id' } }, /root\.table is longer/],
    ['no join', withTables({ table: 'line' }), /tables\[0\]\.join is missing/],
    ['empty join', withTables({ table: 'line', join: [] }), /tables\[0\]\.join is empty/],
    ['column without table', withTables({ table: 'line', join: [hop('id', 'customer.id')] }), /tables\[0\]\.join\[0\]\.from is not of the form/],
    ['column with two dots', withTables({ table: 'line', join: [hop('a.b.c', 'customer.id')] }), /tables\[0\]\.join\[0\]\.from is not of the form/],
    ['path starts elsewhere', withTables({ table: 'line', join: [hop('invoice.x', 'customer.id')] }), /tables\[0\]\.join\[0\]\.from must be a column of "line"/],
    ['path is broken', withTables({ table: 'line', join: [hop('line.a', 'invoice.b'), hop('line.a', 'customer.id')] }), /join\[1\]\.from must be a column of "invoice"/],
    ['path ends elsewhere', withTables({ table: 'line', join: [hop('line.a', 'invoice.b')] }), /ends at "invoice", not at the root table/],
    ['table stands twice', withTables(valid.tables[0], { ...valid.tables[0], table: 'LINE' }), /tables\[1\]\.table "LINE" stands twice/],
    ['root listed again', withTables({ table: 'Customer', join: [hop('Customer.a', 'customer.id')] }), /stands twice/],
    ['path too long', withTables({ table: 'line', join: Array.from({ length: 9 }, () => hop('line.a', 'line.b')) }), /tables\[0\]\.join has more than 8/],
    ['too many tables', withTables(...Array.from({ length: 65 }, (_, i) => ({ table: `t${i}`, join: [hop(`t${i}.a`, 'customer.id')] }))), /tables has more than 64/],
  ])('refuses: %s', async (_, definition, reason) => {
    const failure = await failureOf(() => parseLuDefinition(JSON.stringify(definition) ?? ''));
    expect(failure.code).toBe('LU_DEFINITION_INVALID');
    expect(failure.message).toMatch(reason);
  });

  test.each(['', '{', '{"lu":', 'null x', 'x'.repeat(1_000_001)])('refuses text that is not JSON', async (json) => {
    expect((await failureOf(() => parseLuDefinition(json, 'my.lu.json'))).code).toBe('LU_DEFINITION_INVALID');
  });
});
