import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { gcpSection, line, Node } from './node.ts';

const node = new Node();
let gcp: GcpPeer;

beforeAll(async () => {
  gcp = await startGcpPeer();
  await node.make({ gcp: { endpoint: gcp.endpoint } });
});

afterAll(async () => {
  await node.remove();
  await gcp?.stop();
});

it('an older version of a key that does not unwrap any more is seen, although the newest one does', async () => {
  const key = createKey(gcp);
  node.configure(gcpSection(key));
  const services = await node.restart();
  const { description: first } = await services.activation.run(line('GCP_KMS'), null);
  await services.kmsActs.run({ act: 'rotate', provider: 'GCP_KMS', keyId: key }, '');
  const { description: second } = await services.activation.run(line('GCP_KMS'), null);
  gcp.model.setState(`${key}/cryptoKeyVersions/1`, 'DISABLED');
  await services.kmsWatch.look();
  expect((await services.kmsWatch.keys()).filter(({ failure }) => failure !== null)).toMatchObject([{ keyId: key, generations: [first], failure: { code: 'KMS_KEY_DISABLED' } }]);
  const [finding, another] = (await services.overview.get()).findings.filter(({ id }) => id.startsWith('kms:'));
  expect(another).toBeUndefined();
  expect(finding).toMatchObject({ code: 'KMS_KEY_DISABLED', what: expect.stringContaining('version 1') });
  expect(finding?.evidence).toContain(first);
  expect(finding?.evidence).not.toContain(second);
  const audit = await services.regions.audit();
  expect(audit.findings.filter(({ code }) => code === 'VERSION_NOT_USABLE')).toMatchObject([{ severity: 'critical', where: { key }, what: expect.stringContaining(`(${first};`) }]);
  expect((await services.regions.whatIf({ lost: null, disabled: key })).nodes).toMatchObject([{ node: 'node-1', now: 'partly', then: 'not', loses: 1 }]);
  gcp.model.setState(`${key}/cryptoKeyVersions/2`, 'DISABLED');
  await services.kmsWatch.look();
  const ids = (await services.overview.get()).findings.map(({ id }) => id).filter((id) => id.startsWith('kms:'));
  expect(new Set(ids).size).toBe(2);
}, 60_000);
