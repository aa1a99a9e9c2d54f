import { expect, test } from 'vitest';
import { cellKey, matrixOf, shade } from '../../renderer/features/data/matrix.ts';

const census = {
  at: 0,
  total: 10,
  rows: [
    { lu: 'B', keyDescription: 'k2', instances: 4, bytes: 1 },
    { lu: 'A', keyDescription: 'k1', instances: 1, bytes: 1 },
    { lu: 'A', keyDescription: 'k2', instances: 2, bytes: 1 },
    { lu: 'A', keyDescription: 'gone', instances: 3, bytes: 1 },
  ],
};

test('rows and columns add up to the total', () => {
  const matrix = matrixOf(census, ['k1', 'k2', 'k3'], ['k3']);
  expect(matrix.lus).toEqual(['A', 'B']);
  expect(matrix.generations).toEqual(['k1', 'k2', 'k3', 'gone']);
  expect(matrix.cells.get(cellKey('A', 'k2'))).toBe(2);
  expect([...matrix.rowTotals.values()].reduce((a, b) => a + b)).toBe(10);
  expect([...matrix.columnTotals.values()].reduce((a, b) => a + b)).toBe(10);
});

test('the smallest share can be seen, and none at all is blank', () => {
  expect(shade(0, 100)).toBe(0);
  expect(shade(1, 100_000)).toBeGreaterThan(0.09);
  expect(shade(100, 100)).toBeGreaterThan(shade(50, 100));
});
