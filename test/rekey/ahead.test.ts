import { describe, expect, test } from 'vitest';
import { Ahead } from '../../main/rekey/ahead.ts';

const MIB = 1024 * 1024;

/** Asks for room and says when it was given. */
function asked(ahead: Ahead, bytes: number): { given: boolean } {
  const state = { given: false };
  const waits = ahead.enter(bytes);
  if (waits === undefined) state.given = true;
  else void waits.then(() => (state.given = true));
  return state;
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('room for what is sealed ahead', () => {
  test('ends with so many instances, and who waits gets what others leave, in the order of asking', async () => {
    const ahead = new Ahead();
    const first = Array.from({ length: 256 }, () => asked(ahead, 1_000));
    expect(first.every(({ given }) => given)).toBe(true);
    const [a, b] = [asked(ahead, 1_000), asked(ahead, 1_000)];
    await soon();
    expect([a.given, b.given]).toEqual([false, false]);
    ahead.leave(1_000);
    await soon();
    expect([a.given, b.given]).toEqual([true, false]);
  });

  test('ends with so many bytes: a large instance waits until it is alone, and those behind it do too', async () => {
    const ahead = new Ahead();
    expect(asked(ahead, 3 * MIB).given).toBe(true);
    const large = asked(ahead, 32 * MIB);
    const small = asked(ahead, 1);
    await soon();
    expect([large.given, small.given]).toEqual([false, false]);
    ahead.leave(3 * MIB);
    await soon();
    expect([large.given, small.given]).toEqual([true, false]);
    ahead.leave(32 * MIB);
    await soon();
    expect(small.given).toBe(true);
  });
});
