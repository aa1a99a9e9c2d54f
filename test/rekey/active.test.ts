import { expect, test } from 'vitest';
import { AppError } from '../../main/errors.ts';
import { ActiveNow } from '../../main/rekey/active.ts';
import { systemClock } from '../../main/rekey/clock.ts';
import { Patience } from '../../main/rekey/patience.ts';
import { failureOf, TestKeys } from '../lu/fixtures.ts';

test('who asks beside one that stops goes on asking, where the database is away for a moment', async () => {
  const keys = new TestKeys();
  const known = await keys.active();
  let isAway = true;
  const asked = Promise.withResolvers<void>();
  keys.active = async () => {
    asked.resolve();
    if (isAway) throw new AppError('DATABASE_TIMEOUT', 'Away.', 'Wait.');
    return known;
  };
  const active = new ActiveNow(keys, systemClock, new Patience(systemClock, () => undefined));
  const stop = new AbortController();
  const stopped = failureOf(() => active.ask(stop.signal));
  const other = active.ask(new AbortController().signal);
  await asked.promise;
  stop.abort();
  expect((await stopped).code).toBe('DATABASE_TIMEOUT');
  isAway = false;
  expect(await other).toEqual(known);
});
