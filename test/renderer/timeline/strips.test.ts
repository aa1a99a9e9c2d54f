import { expect, test } from 'vitest';
import { buildLanes } from '../../../renderer/features/keys/timeline/layout.ts';
import { activationDensity, protectionSpans } from '../../../renderer/features/keys/timeline/strips.ts';
import { generation, history } from '../fixtures.ts';

test('one span for each protection key in its time, over all names', () => {
  const keystore = { kind: 'keystore', keyId: 'p2' };
  const lanes = buildLanes(
    [
      generation({ name: 'a', description: 'a1', activatedAt: 0 }),
      generation({ name: 'b', description: 'b1', activatedAt: 10 }),
      generation({ name: 'a', description: 'a2', activatedAt: 50, wrapping: keystore }),
      generation({ name: 'b', description: 'b2', activatedAt: 60, wrapping: keystore }),
    ],
    [],
    100,
  );
  expect(protectionSpans(lanes, 100)).toEqual([
    { kind: 'internal', keyId: 'p1', from: 0, to: 50 },
    { kind: 'keystore', keyId: 'p2', from: 50, to: 100 },
  ]);
});

test('the density counts every activation once', () => {
  const lanes = buildLanes(history(100, 10), [], 1000);
  const density = activationDensity(lanes, { from: 0, to: 1000 }, 10);
  expect([...density]).toEqual(Array.from({ length: 10 }, () => 10));
});
