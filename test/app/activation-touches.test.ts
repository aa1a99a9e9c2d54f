import { expect, test } from 'vitest';
import { planText } from '../../app/cli/commands/run.ts';
import { activationTouches } from '../../app/services/activation-touches.ts';
import type { ReadNode } from '../../app/services/region-places.ts';
import { toStored } from '../../main/kms/stored.ts';
import type { Generation } from '../../main/masterkey/generations.ts';

const generation = (description: string, wrapping: Generation['wrapping']) => ({ name: 'masterkey_key_name', description, wrapping }) as Generation;
const OLDER = [
  generation('internal', { kind: 'internal', keyId: 'p' }),
  generation('google', toStored({ provider: 'GCP_KMS', keyId: 'projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k', keyVersion: '1', location: 'europe-west3', parameters: {} })),
];
const row = (lu: string, keyDescription: string, instances: number) => ({ lu, keyDescription, instances, bytes: 10 * instances });
const ROWS = [row('CUSTOMER', 'internal', 1), row('CUSTOMER', 'google', 2), row('ORDERS', 'google', 4), row('ORDERS', 'of another name', 8)];
const node = (name: string, uses: ReadNode['uses']): ReadNode => ({ node: name, file: name, uses, lacks: [], whyNot: null, entries: [] });
const NODES = [
  node('n1', [{ provider: 'AWS_KMS', place: 'eu-west-1', key: 'k' }]),
  node('n2', [{ provider: 'AWS_KMS', place: null, key: 'k' }, { provider: 'KMIP_KMS', place: 'hsm:5696', key: '1' }]),
  node('n3', [{ provider: 'KMIP_KMS', place: 'hsm:5696', key: '1' }]),
];
const TOUCHED = activationTouches('AWS_KMS', OLDER, { rows: ROWS }, NODES);

test('an activation under a KMS touches the instances of its own name, the nodes that name the KMS, and the Regions of both', () => {
  expect(TOUCHED).toEqual({
    byLu: [{ lu: 'CUSTOMER', instances: 3, bytes: 30 }, { lu: 'ORDERS', instances: 4, bytes: 40 }],
    nodes: ['n1', 'n2'],
    regions: ['eu-west-1', 'europe-west3'],
  });
  expect(activationTouches('GCP_KMS', [], { rows: ROWS }, NODES)).toEqual({ byLu: [], nodes: [], regions: [] });
});

test('the command says it under a KMS alone', () => {
  const plan = {
    command: '', name: 'masterkey_key_name', generator: 'AWS_KMS', store: 'AWS_KMS', previous: null, protection: null, steps: [], staysReadable: [], instancesUnderOlder: 7,
    ring: null, census: { at: 1, live: true, complete: true }, warnings: [], ...TOUCHED,
  };
  expect(planText({ ...plan, kms: { provider: 'AWS_KMS', keyId: 'k', location: 'eu-west-1', calls: [], lookups: [] } })).toContain('   CUSTOMER: 3 instances\n   ORDERS: 4 instances\nNodes that name AWS_KMS: n1, n2\nRegions: eu-west-1, europe-west3\n');
  expect(planText({ ...plan, kms: null, ring: { stripes: 65, replication: 'SimpleStrategy, replication_factor 2', nodes: [{ address: '10.0.0.1', dataCenter: 'dc1', up: true, bytes: 44 }], places: [], holdsAll: [], losesWith: 2 } })).toMatch(
    /Its bytes would lie about so \(exactly once its description is drawn\): 65 stripes, SimpleStrategy, replication_factor 2\.\n[\s\S]*10\.0\.0\.1 +dc1 +up +44\n[\s\S]*lost where 2 nodes/,
  );
  expect(planText({ ...plan, kms: null })).not.toMatch(/CUSTOMER|No node names|Regions/);
});
