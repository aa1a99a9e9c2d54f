import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../main/command/distance.ts';

describe('edit distance', () => {
  it.each([
    ['', '', 0],
    ['name', 'name', 0],
    ['nmae', 'name', 1],
    ['nam', 'name', 1],
    ['names', 'name', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('%s → %s takes %i', (a, b, edits) => {
    expect(editDistance(a, b, 10)).toBe(edits);
    expect(editDistance(b, a, 10)).toBe(edits);
  });

  it('agrees with itself under any limit, and is symmetric', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, fc.nat({ max: 8 }), (a, b, limit) => {
        const exact = editDistance(a, b, 99);
        expect(editDistance(a, b, limit)).toBe(Math.min(exact, limit + 1));
        expect(editDistance(b, a, 99)).toBe(exact);
      }),
    );
  });
});

describe('did you mean', () => {
  it.each([
    ['stripe', 'Stripe_AES'],
    ['KMIP-KMS', 'KMIP_KMS'],
    ['gpc_kms', 'GCP_KMS'],
    ['x', null],
    ['', null],
  ])('%s → %s', (word, meant) => {
    expect(nearest(word, ['Stripe_AES', 'AWS_KMS', 'GCP_KMS', 'KMIP_KMS'])).toBe(meant);
  });

  it('does not guess between two that begin alike', () => {
    expect(nearest('tenant', ['tenant-payments', 'tenant-invoices'])).toBeNull();
  });
});
