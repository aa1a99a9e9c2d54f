import fc from 'fast-check';
import { expect, test } from 'vitest';
import { between, fit, keepInSight, MAX_SPAN, MIN_SPAN, pan, span, timeAt, upperBound, xOf, zoom, type View } from '../../../renderer/features/keys/timeline/scale.ts';

const view = fc
  .record({ from: fc.integer({ min: 0, max: 4e12 }), length: fc.integer({ min: MIN_SPAN, max: 1e12 }) })
  .map(({ from, length }): View => ({ from, to: from + length }));

test('a pixel is the pixel of its time', () => {
  fc.assert(
    fc.property(view, fc.integer({ min: 1, max: 4000 }), fc.double({ min: 0, max: 1, noNaN: true }), (shown, width, share) => {
      const x = share * width;
      expect(xOf(shown, width, timeAt(shown, width, x))).toBeCloseTo(x, 3);
    }),
  );
});

test('zooming keeps the time under the pointer where it is, within the nearest and farthest sight', () => {
  fc.assert(
    fc.property(view, fc.double({ min: 0.01, max: 100, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (shown, factor, share) => {
      const anchor = shown.from + share * span(shown);
      const zoomed = zoom(shown, factor, anchor);
      expect(xOf(zoomed, 1000, anchor)).toBeCloseTo(share * 1000, 2);
      expect(span(zoomed)).toBeGreaterThanOrEqual(MIN_SPAN * 0.999);
      expect(span(zoomed)).toBeLessThanOrEqual(MAX_SPAN * 1.001);
    }),
  );
});

test('panning never loses everything from sight', () => {
  const extent = { from: 1e12, to: 2e12 };
  for (const far of [-1e14, 1e14]) {
    const kept = keepInSight(pan({ from: 1e12, to: 1.1e12 }, far), extent);
    expect(kept.to).toBeGreaterThan(extent.from);
    expect(kept.from).toBeLessThan(extent.to);
    expect(span(kept)).toBeCloseTo(1e11, 0);
  }
});

test('fitting shows the whole extent', () => {
  const fitted = fit({ from: 5e11, to: 9e11 });
  expect(fitted.from).toBeLessThan(5e11);
  expect(fitted.to).toBeGreaterThan(9e11);
});

test('a jump begins at the one view and ends at the other', () => {
  const a = { from: 0, to: 1e12 };
  const b = { from: 4e11, to: 4e11 + 1e8 };
  expect(between(a, b, 0)).toEqual(a);
  expect(between(a, b, 1).from).toBeCloseTo(b.from, -1);
  expect(span(between(a, b, 1))).toBeCloseTo(span(b), 0);
  expect(span(between(a, b, 0.5))).toBeCloseTo(Math.sqrt(1e12 * 1e8), -3);
});

test('the upper bound is the first greater index', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: -1, max: 51 }), (values, wanted) => {
      const sorted = Float64Array.from([...values].sort((a, b) => a - b));
      const found = upperBound(sorted, wanted);
      expect(sorted.slice(0, found).every((value) => value <= wanted)).toBe(true);
      expect(sorted.slice(found).every((value) => value > wanted)).toBe(true);
    }),
  );
});
