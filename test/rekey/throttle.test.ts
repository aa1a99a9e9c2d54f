import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../main/rekey/campaign.ts';
import type { Clock } from '../../main/rekey/clock.ts';
import { Throttle } from '../../main/rekey/throttle.ts';
import { Width } from '../../main/rekey/width.ts';

/** Time passes only where somebody sleeps. */
class VirtualClock implements Clock {
  ms = 0;
  readonly now = (): number => this.ms;
  readonly elapsed = (): number => this.ms;
  readonly sleep = async (ms: number): Promise<void> => {
    this.ms += ms;
  };
}

const go = new AbortController().signal;
const MIB = 1024 * 1024;

describe('a throttle', () => {
  test.each([0.5, 7, 100, 5_000])('holds %d instances a second', async (rate) => {
    const clock = new VirtualClock();
    const throttle = new Throttle({ ...DEFAULT_LIMITS, instancesPerSecond: rate }, 1, clock);
    const count = Math.ceil(rate * 20);
    for (let i = 0; i < count; i++) await throttle.pass(1_000, go);
    expect(count / (clock.ms / 1000)).toBeGreaterThan(rate * 0.9);
    expect(count / (clock.ms / 1000)).toBeLessThan(rate * 1.15);
  });

  test('holds bytes too, also of an instance larger than a second may bring', async () => {
    const clock = new VirtualClock();
    const throttle = new Throttle({ ...DEFAULT_LIMITS, mebibytesPerSecond: 2 }, 1, clock);
    for (let i = 0; i < 10; i++) await throttle.pass(10 * MIB, go);
    expect(clock.ms).toBeGreaterThan(43_000);
    expect(clock.ms).toBeLessThan(46_000);
  });

  test('is shared by workers, and changes while somebody waits', async () => {
    const clock = new VirtualClock();
    const limits = { ...DEFAULT_LIMITS, instancesPerSecond: 10 };
    const throttle = new Throttle(limits, 2, clock);
    for (let i = 0; i < 50; i++) await throttle.pass(1, go);
    expect(clock.ms).toBeGreaterThan(9_000);
    throttle.set(limits, 1);
    const at = clock.ms;
    for (let i = 0; i < 50; i++) await throttle.pass(1, go);
    expect(clock.ms - at).toBeLessThan(5_300);
    throttle.set(DEFAULT_LIMITS, 1);
    const free = clock.ms;
    for (let i = 0; i < 1_000; i++) expect(throttle.pass(MIB, go)).toBeUndefined();
    expect(clock.ms).toBe(free);
  });

  test('lets go where it is to stop', async () => {
    const clock = new VirtualClock();
    const throttle = new Throttle({ ...DEFAULT_LIMITS, instancesPerSecond: 0.001 }, 1, clock);
    const stop = new AbortController();
    await throttle.pass(1, stop.signal);
    const waiting = throttle.pass(1, stop.signal);
    stop.abort();
    await waiting;
    expect(clock.ms).toBeLessThan(1_000_000);
  });
});

describe('the width', () => {
  const answers = (width: Width, count: number, ms: number): void => {
    for (let i = 0; i < count; i++) width.answered(ms, 1024);
  };

  test('grows to what is allowed while the cluster keeps its pace', () => {
    const width = new Width(64);
    answers(width, 4_000, 20);
    expect(width.now).toBe(64);
    width.setMost(5);
    expect(width.now).toBe(5);
  });

  test('grows with each answer at first, and slowly after the cluster slowed once', () => {
    const width = new Width(256);
    answers(width, 100, 20);
    expect(width.now).toBe(108);
    width.troubled();
    expect(width.now).toBe(54);
    // Those that were under way when it shrank tell of before.
    answers(width, 16, 20);
    answers(width, 54, 20);
    expect(width.now).toBe(55);
  });

  test('shrinks where the cluster slows or does not answer, and comes back', () => {
    const width = new Width(32);
    answers(width, 1_000, 20);
    answers(width, 200, 400);
    expect(width.now).toBeLessThan(8);
    answers(width, 2_000, 20);
    expect(width.now).toBe(32);
    for (let i = 0; i < 200; i++) width.troubled();
    expect(width.now).toBe(1);
    answers(width, 2_000, 20);
    expect(width.now).toBe(32);
  });

  test('stays where all that was under way came late once, as when a node collects its garbage', async () => {
    const width = new Width(32);
    answers(width, 1_000, 5);
    for (let pause = 0; pause < 20; pause++) {
      for (let i = 0; i < 32; i++) await width.enter();
      answers(width, 32, 120);
      for (let i = 0; i < 32; i++) width.leave();
      answers(width, 300, 5);
      expect(width.now).toBe(32);
    }
    // What is late twice tells of a cluster that slows.
    answers(width, 16, 120);
    answers(width, 64, 120);
    expect(width.now).toBeLessThan(32);
  });

  test('takes large instances for no slowdown', () => {
    const width = new Width(32);
    answers(width, 1_000, 20);
    for (let i = 0; i < 200; i++) width.answered(800, 32 * MIB);
    expect(width.now).toBe(32);
  });

  test('never lets more in than it is wide', async () => {
    const width = new Width(3);
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        await width.enter();
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        width.leave();
      }),
    );
    expect(most).toBe(3);
  });
});
