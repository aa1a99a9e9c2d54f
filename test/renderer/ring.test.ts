import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RADIUS, ringGeometry } from '../../renderer/features/ring/geometry.ts';

const ring = (nodes: number, stripes: number) => ({
  nodes: Array.from({ length: nodes }, (_, i) => ({ address: `10.0.0.${i}`, dataCenter: i % 2 === 0 ? 'dc1' : 'dc2', up: true, bytes: 0 })),
  places: Array.from({ length: stripes }, (_, i) => [`10.0.0.${(i * 7) % nodes}`]),
});

test('every stripe has one dot inside the circle, at its primary node', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 130 }), (nodes, stripes) => {
      const given = ring(nodes, stripes);
      const { arcs, dots } = ringGeometry(given);
      expect(dots.map((dot) => dot.stripe).sort((a, b) => a - b)).toEqual(Array.from({ length: stripes }, (_, i) => i));
      for (const dot of dots) {
        expect(given.places[dot.stripe]?.[0]).toBe(dot.address);
        expect(Math.hypot(dot.x, dot.y)).toBeLessThan(RADIUS);
      }
      expect(arcs.reduce((sum, arc) => sum + arc.primary, 0)).toBe(stripes);
      for (const arc of arcs) expect(arc.to).toBeGreaterThan(arc.from);
    }),
  );
});

test('a node that the list does not name takes no dot with it', () => {
  expect(ringGeometry({ nodes: [], places: [['a']] })).toEqual({ arcs: [], dots: [] });
});
