import { expect, test } from 'vitest';
import { findRingRisks } from '../../main/masterkey/ring-risks.ts';

test('a node that holds every stripe is named, and so is how few nodes can lose the key', () => {
  expect(findRingRisks([['a', 'b'], ['b', 'c'], ['b', 'a']])).toEqual({ holdsAll: ['b'], losesWith: 2 });
  expect(findRingRisks([['a'], ['b']])).toEqual({ holdsAll: [], losesWith: 1 });
  expect(findRingRisks([['b', 'a'], ['a', 'b']])).toEqual({ holdsAll: ['a', 'b'], losesWith: 2 });
  expect(findRingRisks([])).toEqual({ holdsAll: [], losesWith: null });
});
