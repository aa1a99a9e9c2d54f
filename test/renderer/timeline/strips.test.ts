import { expect, test } from 'vitest';
import { buildLanes } from '../../../renderer/features/keys/timeline/layout.ts';
import { activationDensity, protectionSpans } from '../../../renderer/features/keys/timeline/strips.ts';
import { generation, history } from '../fixtures.ts';

test('one span for each protection key and KMS key in its time, over all names', () => {
  const keystore = { kind: 'keystore', keyId: 'p2' };
  const aws = { kind: 'kms', provider: 'AWS_KMS', keyId: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab', location: 'eu-west-1' };
  const google = { kind: 'kms', provider: 'GCP_KMS', keyId: 'projects/p/locations/global/keyRings/r/cryptoKeys/fabric', location: 'global' };
  const lanes = buildLanes(
    [
      generation({ name: 'a', description: 'a1', activatedAt: 0 }),
      generation({ name: 'b', description: 'b1', activatedAt: 10 }),
      generation({ name: 'a', description: 'a2', activatedAt: 50, wrapping: keystore }),
      generation({ name: 'b', description: 'b2', activatedAt: 60, wrapping: keystore }),
      generation({ name: 'a', description: 'a3', activatedAt: 70, wrapping: aws }),
      generation({ name: 'a', description: 'a4', activatedAt: 80, wrapping: google }),
    ],
    [],
    100,
  );
  expect(protectionSpans(lanes, 100)).toEqual([
    { kind: 'internal', keyId: 'p1', name: 'internal p1', from: 0, to: 50 },
    { kind: 'keystore', keyId: 'p2', name: 'KeyStore p2', from: 50, to: 70 },
    { kind: 'kms', keyId: aws.keyId, name: 'AWS 1234abcd', from: 70, to: 80 },
    { kind: 'kms', keyId: google.keyId, name: 'Google fabric', from: 80, to: 100 },
  ]);
});

test('the density counts every activation once', () => {
  const lanes = buildLanes(history(100, 10), [], 1000);
  const density = activationDensity(lanes, { from: 0, to: 1000 }, 10);
  expect([...density]).toEqual(Array.from({ length: 10 }, () => 10));
});
