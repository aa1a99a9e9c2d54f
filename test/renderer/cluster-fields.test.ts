import { expect, test } from 'vitest';
import { clusterInput, EMPTY_CLUSTER, replicationMistake } from '../../renderer/features/settings/cluster-fields.ts';

test('the connect form means what a profile needs, and nothing while it is incomplete', () => {
  expect(clusterInput(EMPTY_CLUSTER)).toBeNull();
  expect(clusterInput({ ...EMPTY_CLUSTER, contactPoints: ' 10.0.0.1, 10.0.0.2:9043,' })).toEqual({
    contactPoints: ['10.0.0.1', '10.0.0.2:9043'],
    localDataCenter: null,
    clusterId: null,
    replication: { class: 'SimpleStrategy', replication_factor: '1' },
    user: null,
    tls: null,
  });
  const full = { ...EMPTY_CLUSTER, contactPoints: 'a', localDataCenter: 'dc1', clusterId: 'x', replication: 'dc1:3, dc2 : 2', user: 'u', passwordFile: 'p', ca: 'ca.pem', cert: 'c.pem', key: 'k.pem' };
  expect(clusterInput(full)).toMatchObject({ replication: { class: 'NetworkTopologyStrategy', dc1: '3', dc2: '2' }, passwordFile: 'p', tls: { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem' } });
  expect(clusterInput({ ...full, key: '' })).toBeNull();
  expect(clusterInput({ ...full, ca: '' })).toBeNull();
});

test.each(['', '0', '3x', 'dc1', 'dc1:0', 'dc1:3,', '{}'])('replication %j is not understood', (text) => {
  expect(replicationMistake(text)).toContain('Type a factor');
});
