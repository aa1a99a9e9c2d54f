import { expect, test } from 'vitest';
import { IDENTICON_SIDE, identicon } from '../../renderer/ui/identicon.ts';

test('the same fingerprint is the same picture, on every screen and in every version', () => {
  const { cells, hue } = identicon('9f2c4e1177aa03bd');
  expect(identicon('9f2c4e1177aa03bd')).toEqual({ cells, hue });
  expect(cells.map((filled) => (filled ? '#' : '.')).join('')).toBe('#.#.##...#.....#...#.###.');
  expect(hue).toBe(300);
});

test('it is symmetrical', () => {
  for (const text of ['', 'a', '00', '9f2c4e1177aa03bd']) {
    const { cells } = identicon(text);
    for (let row = 0; row < IDENTICON_SIDE; row += 1) {
      const line = cells.slice(row * IDENTICON_SIDE, (row + 1) * IDENTICON_SIDE);
      expect(line).toEqual([...line].reverse());
    }
  }
});

test('fingerprints that differ by one character have different pictures', () => {
  const seen = new Set<string>();
  for (let index = 0; index < 1000; index += 1) {
    const { cells, hue } = identicon(`9f2c4e1177aa0${index.toString(16).padStart(3, '0')}`);
    seen.add(`${cells.map(Number).join('')} ${hue}`);
  }
  expect(seen.size).toBeGreaterThan(995);
});
