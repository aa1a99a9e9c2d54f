import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RADIUS, ringGeometry, shortAddresses } from '../../renderer/features/ring/geometry.ts';
import { ringNotes } from '../../renderer/features/ring/sentence.ts';

const ring = (nodes: number, stripes: number) => ({
  nodes: Array.from({ length: nodes }, (_, i) => ({ address: `10.0.0.${i}`, dataCenter: i % 2 === 0 ? 'dc1' : 'dc2', up: true, bytes: 0 })),
  places: Array.from({ length: stripes }, (_, i) => [`10.0.0.${(i * 7) % nodes}`]),
});

test('every stripe has one dot inside the circle, at its primary node', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 130 }), (nodes, stripes) => {
      const given = ring(nodes, stripes);
      const { arcs, dots, centres } = ringGeometry(given);
      expect(dots.map((dot) => dot.stripe).sort((a, b) => a - b)).toEqual(Array.from({ length: stripes }, (_, i) => i));
      for (const dot of dots) {
        expect(given.places[dot.stripe]?.[0]).toBe(dot.address);
        expect(Math.hypot(dot.x, dot.y)).toBeLessThan(RADIUS);
      }
      expect(arcs.reduce((sum, arc) => sum + arc.primary, 0)).toBe(stripes);
      for (const arc of arcs) expect(arc.to).toBeGreaterThan(arc.from);
      // No two nodes share a part of the circle, and each data centre holds its own.
      for (const [i, arc] of arcs.entries()) expect(arc.from).toBeGreaterThanOrEqual(arcs[i - 1]?.to ?? -Infinity);
      for (const arc of arcs) expect(centres.filter((centre) => centre.from <= arc.from && arc.to <= centre.to).map(({ name }) => name)).toEqual([given.nodes.find(({ address }) => address === arc.address)?.dataCenter]);
    }),
  );
});

test('a node that the list does not name takes no dot with it', () => {
  expect(ringGeometry({ nodes: [], places: [['a']] })).toEqual({ arcs: [], dots: [], centres: [] });
});

test('no two dots lie over each other, on as many nodes and stripes as there usually are', () => {
  for (const nodes of [1, 2, 3, 6, 12, 24]) {
    const { dots } = ringGeometry(ring(nodes, 65));
    for (const [i, a] of dots.entries()) for (const b of dots.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(5.4);
  }
});

test('addresses are as short as tells them apart in their data centre', () => {
  const node = (address: string, dataCenter = 'dc1'): { address: string; dataCenter: string; up: boolean; bytes: number } => ({ address, dataCenter, up: true, bytes: 0 });
  const short = (...nodes: ReturnType<typeof node>[]): string[] => nodes.map(({ address }) => shortAddresses(nodes).get(address) ?? '');
  expect(short(node('127.0.0.1'))).toEqual(['127.0.0.1']);
  expect(short(node('127.0.0.1'), node('127.0.0.2'))).toEqual(['.1', '.2']);
  expect(short(node('10.1.0.1', 'dc1'), node('10.2.0.1', 'dc2'))).toEqual(['.1', '.1']);
  expect(short(node('10.1.0.1'), node('10.2.0.1'))).toEqual(['.1.0.1', '.2.0.1']);
  expect(short(node('fd00::1'), node('fd00::2'))).toEqual([':1', ':2']);
});

test('the sentences beside the ring say what is wrong, and what it takes to lose the key', () => {
  const nodes = ['a', 'b', 'c', 'd', 'e'].map((address) => ({ address, dataCenter: 'dc1', up: true, bytes: 13 }));
  const of = (more: Partial<Parameters<typeof ringNotes>[0]>): ReturnType<typeof ringNotes> => ringNotes({ stripes: 65, replication: '', nodes, places: [], holdsAll: [], losesWith: 2, ...more });
  expect(of({})).toEqual({ worries: [], calm: 'No node holds every byte. The key is lost only where 2 nodes that hold the same byte are lost together.' });
  expect(of({ holdsAll: ['a'], losesWith: 1 })).toEqual({
    worries: ['a holds every byte: the striping protects nothing against whoever takes it.', 'Each byte lies on one node only: losing any node that holds one loses the key.'],
    calm: null,
  });
  expect(of({ holdsAll: ['a', 'b'] }).worries).toEqual(['a and b each hold every byte: the striping protects nothing against whoever takes one of them.']);
  expect(of({ holdsAll: ['a', 'b', 'c', 'd'] }).worries[0]).toMatch(/^a, b, c and 1 more each hold/);
  expect(of({ holdsAll: ['a', 'b', 'c', 'd', 'e'] }).worries[0]).toMatch(/^Every node holds every byte/);
  expect(of({ nodes: nodes.map((node) => ({ ...node, up: node.address !== 'b' })) }).worries).toEqual(['b is down; it holds 13 of the 65 bytes.']);
  expect(of({ nodes: nodes.map((node) => ({ ...node, up: node.address > 'b' })) }).worries).toEqual(['2 nodes that hold bytes are down: a and b.']);
  expect(of({ holdsAll: ['a', 'b', 'c', 'd', 'e'], losesWith: 5 }).calm).toBe('The key is lost only where 5 nodes that hold the same byte are lost together.');
  expect(of({ losesWith: null })).toEqual({ worries: [], calm: null });
});
