import { expect, test } from 'vitest';
import { fitting, leastWidth } from '../../renderer/ui/columns.ts';

const COLUMNS = [
  { id: 'key', width: 'minmax(200px, 3fr)' },
  { id: 'size', width: '80px', yields: 1 },
  { id: 'by', width: 'minmax(100px, 1fr)', yields: 2 },
  { id: 'when', width: '100px' },
];
const ids = (width: number): string => fitting(COLUMNS, width).map((column) => column.id).join(' ');

test('a track’s least width is its first figure', () => {
  expect(leastWidth('120px')).toBe(120);
  expect(leastWidth('minmax(160px, 2fr)')).toBe(160);
  expect(leastWidth('1fr')).toBe(0);
});

test('columns are left out in the order in which they yield, until the others fit', () => {
  // 200 + 80 + 100 + 100, three gaps of 16, 10 at both ends.
  expect(ids(548)).toBe('key size by when');
  expect(ids(547)).toBe('key by when');
  expect(ids(452)).toBe('key by when');
  expect(ids(451)).toBe('key when');
});

test('what does not yield stays, however narrow it gets', () => {
  expect(ids(10)).toBe('key when');
});
