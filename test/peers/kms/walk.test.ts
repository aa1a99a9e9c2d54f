import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Machine } from '../../cli/fkc.ts';
import { passwordOf } from '../../../app/password.ts';
import type { KmsProviderName } from '../../../main/kms/provider.ts';
import { createKey as createAwsKey, CREDENTIALS } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { createKey as createGcpKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { createKey as createKmipKey } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer } from '../kmip/servers.ts';
import { awsSection, gcpSection, kmipSection, line, LU, Node, setAwsVariables } from './node.ts';

const aws = useAws(await installLocalStack());
const pki = makePki();
const node = new Node();
let gcp: GcpPeer;
let kmip: KmipPeer;

beforeAll(async () => {
  setAwsVariables();
  gcp = await startGcpPeer();
  kmip = await startGoPeer(pki);
  await node.make({ gcp: { endpoint: gcp.endpoint }, kmip: { ca: pki.authority.ca, cert: pki.alice.cert, key: pki.alice.key } });
});

afterAll(async () => {
  await node.remove();
  await gcp?.stop();
  await kmip?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

it('walks internal, KeyStore, AWS, GCP, KMIP, internal, and reads at every stop what was saved at all of them', async () => {
  const keys = { aws: await createAwsKey(aws.url), gcp: createGcpKey(gcp), kmip: await createKmipKey(pki, kmip.port) };
  const saved = new Map<string, string>();
  const save = async (id: string): Promise<void> => void saved.set(id, await node.save(id));
  const all = async (): Promise<void> => {
    for (const [id, description] of saved) {
      const { info } = await node.services.cluster.instances.read(LU, id);
      expect([id, info.keyDescription]).toEqual([id, description]);
    }
    expect((await node.services.keys.verify()).unreadable).toEqual([]);
  };
  const activate = async (store: string): Promise<void> => {
    await node.services.activation.run(line(store), `to ${store}`);
    await node.services.activation.run(line(store, 'k2_hash_key'), null);
    await save(store.toLowerCase());
    await all();
  };
  const rotate = async (name: KmsProviderName, keyId: string): Promise<void> => {
    const { rotateNow } = (await node.services.cluster.kms.registry.provider(name)).acts;
    if (rotateNow === undefined) throw new Error(`${name} does not rotate.`);
    await rotateNow(keyId);
    await save(`after rotation at ${name}`);
    await all();
    // A generation of the very same KMS key, under its new version.
    await activate(name);
  };

  await node.restart();
  await node.services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  await save('internal');
  await node.restart();
  await all();

  const passwordFile = join(node.home, 'password.txt');
  writeFileSync(passwordFile, 'correct horse 8\n', { mode: 0o600 });
  await node.services.keystore.enable(join(node.home, 'fabric.keystore'), passwordOf('correct horse 8'), 'mine', { passwordFile });
  await save('keystore');

  node.configure(awsSection(keys.aws));
  for (const [store, keyId, configured] of [
    ['AWS_KMS', keys.aws, awsSection(keys.aws)],
    ['GCP_KMS', keys.gcp, gcpSection(keys.gcp)],
    ['KMIP_KMS', keys.kmip, kmipSection(kmip.port, keys.kmip)],
  ] as const) {
    // The credentials of the KMSs before stay: their keys are still needed.
    node.configure({ ...awsSection(keys.aws), ...gcpSection(keys.gcp), ...kmipSection(kmip.port, keys.kmip), ...configured });
    await activate(store);
    await node.restart();
    await all();
    await rotate(store, keyId);
    await node.restart();
    await all();
  }

  await activate('Stripe_AES');
  await node.services.keystore.rotate('mine');
  await save('after the protection key was rotated');
  const marked = (await node.services.keys.list()).keys;
  expect(new Set(marked.map(({ store }) => store))).toEqual(new Set(['Stripe_AES', 'AWS_KMS', 'GCP_KMS', 'KMIP_KMS']));
  expect(marked.filter(({ readable }) => !readable)).toEqual([]);

  // Whatever config.ini names later: each generation is asked for at its own key.
  node.configure({ ...awsSection(await createAwsKey(aws.url)), ...gcpSection(createGcpKey(gcp)), ...kmipSection(kmip.port, await createKmipKey(pki, kmip.port)) });
  aws.proxy.set();
  await node.restart();
  await all();
  const wrapped = marked.filter(({ store }) => store === 'AWS_KMS').length;
  // Once each at going live, and once each for the verification above.
  expect(aws.proxy.passed.filter(({ operation }) => operation === 'Decrypt')).toHaveLength(2 * wrapped);
  expect(aws.proxy.passed.map(({ operation }) => operation).filter((operation) => operation !== 'Decrypt')).toEqual([]);
  expect(JSON.stringify(marked)).not.toContain(CREDENTIALS.secretAccessKey);

  // A process that never ran before: nothing of it was in memory.
  await node.stop();
  using machine = new Machine();
  const fkc = (...args: string[]) => machine.json(['--profile', 'mine', ...args], { env: { FKC_HOME: node.home } });
  aws.proxy.set();
  expect(await fkc('keys', 'verify')).toMatchObject({ unreadable: [] });
  expect(aws.proxy.passed.some(({ operation }) => operation === 'Decrypt')).toBe(true);
  expect(await fkc('lu', 'verify')).toMatchObject({ checked: saved.size, readable: saved.size });
});
