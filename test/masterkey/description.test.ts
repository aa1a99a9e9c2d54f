import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descriptionTime, newKeyDescription } from '../../main/masterkey/description.ts';

describe('key descriptions', () => {
  it('are readable: name, UTC time, random part', () => {
    const at = Date.UTC(2026, 1, 3, 4, 5, 6, 7);
    expect(newKeyDescription('masterkey_key_name', at, [])).toMatch(/^masterkey_key_name-20260203t040506\.007z-[0-9a-f]{8}$/);
  });

  it('sort in the order in which they were made, even where the clock goes back', () => {
    const times = fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(times, (clock) => {
        const made: string[] = [];
        for (const now of clock) made.push(newKeyDescription('k', now, made));
        expect([...made].sort()).toEqual(made);
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });

  it('tell their time, and only theirs', () => {
    const at = Date.UTC(2026, 10, 22, 1, 2, 3, 4);
    expect(descriptionTime(newKeyDescription('a-b_c', at, []))).toBe(at);
    expect(descriptionTime('something else')).toBeNull();
  });
});
