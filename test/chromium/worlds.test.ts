import { expect, test } from 'vitest';
import { isolatedWorldSource, mainWorldSource, pack, unpack } from '../../app/chromium/worlds.ts';

test('values survive the way, undefined too', () => {
  const values = [undefined, null, 0, 'text', { a: [1, { b: null }] }, [undefined]];
  expect(unpack(pack(values))).toEqual([undefined, null, 0, 'text', { a: [1, { b: null }] }, [null]]);
});

test('functions cross only by number', () => {
  const kept: unknown[] = [];
  const text = pack(['a', () => 1], (fn) => kept.push(fn) + 6);
  expect(kept).toHaveLength(1);
  expect(unpack(text, (id) => `function ${id}`)).toEqual(['a', 'function 7']);
  expect(() => pack([() => 1])).toThrow(TypeError);
});

test('the programs of both worlds are whole: they parse, and name nothing of the host', () => {
  for (const source of [mainWorldSource('start'), isolatedWorldSource('start', 'void require("electron");')]) {
    expect(() => new Function(source)).not.toThrow();
    expect(source).not.toMatch(/__vite|__name|import\b/);
  }
});
