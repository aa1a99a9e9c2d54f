import { errors } from 'cassandra-driver';
import { expect, test } from 'vitest';
import { databaseError, type Purpose } from '../../../main/systemdb/cassandra/errors.ts';

/** An error message of a node, by the codes of native_protocol_v4.spec, section 9. */
const told = (code: number, message = ''): Error => new errors.ResponseError(code, message);

test.each([
  ['read', 'DATABASE_FAILED'],
  ['write', 'DATABASE_FAILED'],
  // It may come after the vote: what became of the transaction has to be looked up.
  ['conditional', 'DATABASE_OUTCOME_UNKNOWN'],
] as const)('a node that broke off a %s in the middle (0x0000): %s', (purpose: Purpose, code) => {
  expect(databaseError(told(0x0000, 'java.lang.RuntimeException: secret-value'), purpose)).toMatchObject({
    code,
    message: expect.not.stringContaining('secret-value'),
  });
});

test.each([0x2000, 0x2200, 0x2300])('a conditional write that is refused as such (%i) changed nothing', (code) => {
  expect(databaseError(told(code), 'conditional')).toMatchObject({ code: 'DATABASE_FAILED' });
});
