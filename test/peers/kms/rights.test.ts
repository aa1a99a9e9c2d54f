import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KmsActName } from '../../../app/contract/kms.ts';
import { openServices, type Services } from '../../../app/services.ts';
import { codeOf } from '../../conformance/kms-subject.ts';
import { createKey as createAwsKey } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { createKey as createGcpKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { type FaultProxy, startFaultProxy } from '../kmip/fault-proxy.ts';
import { createKey as createKmipKey } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer } from '../kmip/servers.ts';
import { awsSection, gcpSection, kmipSection, line, Node, setAwsVariables } from './node.ts';
import { rightsOf } from './recipe.ts';

/** The rights that the recipes name for each act, against what each act asks; and what an activation asks. */

const ACTS: readonly (readonly [row: string, act: KmsActName])[] = [
  ['Rotate now', 'rotate'],
  ['Disable', 'disable'],
  ['Enable', 'enable'],
  ['Schedule deletion', 'schedule-deletion'],
  ['Cancel the deletion', 'cancel-deletion'],
];

const aws = useAws(await installLocalStack());
const node = new Node();
let gcp: GcpPeer;
/** Never goes live: nothing but an act asks a KMS. */
let services: Services;
let awsKeys: { wraps: string; spare: string };
let google: { wraps: string; spare: string };

const sections = (): void => node.configure({ ...awsSection(awsKeys.wraps), ...gcpSection(google.wraps) });
const asked = (): string[] => aws.proxy.passed.map(({ operation }) => operation);
const askedGcp = (): string[] => gcp.asked.map(({ operation }) => operation);

beforeAll(async () => {
  setAwsVariables();
  gcp = await startGcpPeer();
  awsKeys = { wraps: await createAwsKey(aws.url), spare: await createAwsKey(aws.url) };
  google = { wraps: createGcpKey(gcp), spare: createGcpKey(gcp) };
  await node.make({ gcp: { endpoint: gcp.endpoint } });
  sections();
});

afterAll(async () => {
  await services?.close();
  await node.remove();
  await gcp?.stop();
});

beforeEach(() => {
  aws.proxy.set();
  gcp.set();
});

describe('an activation', () => {
  it('asks as the dry run says: AWS, by a process that looks the key up, and then without that', async () => {
    const live = await node.restart();
    const plan = await live.activation.plan(line('AWS_KMS'));
    expect(asked()).toEqual([]);
    await live.activation.run(line('AWS_KMS'), null);
    expect(asked()).toEqual([...(plan.kms?.lookups ?? []), ...(plan.kms?.calls.map(({ operation }) => operation) ?? [])]);
    expect(asked()).toEqual(['DescribeKey', 'GenerateDataKey', 'Decrypt']);
    expect(rightsOf('aws.md').get('Activate')?.toSorted()).toEqual(asked().map((operation) => `kms:${operation}`).toSorted());
    aws.proxy.set();
    await live.activation.run(line('AWS_KMS'), null);
    expect(asked()).toEqual(['GenerateDataKey', 'Decrypt']);
    aws.proxy.set();
    await node.restart();
    expect(asked()).toEqual(['Decrypt', 'Decrypt']);
    expect(rightsOf('aws.md').get('Go live')).toEqual(['kms:Decrypt']);
  });

  it('asks as the dry run says: Google', async () => {
    const live = await node.restart();
    const plan = await live.activation.plan(line('GCP_KMS'));
    gcp.set();
    await live.activation.run(line('GCP_KMS'), null);
    expect(askedGcp()).toEqual(plan.kms?.calls.map(({ operation }) => operation));
    expect(askedGcp()).toEqual(['Encrypt', 'Decrypt']);
    gcp.set();
    await node.restart();
    expect(askedGcp()).toEqual(['Decrypt']);
  });
});

describe('the rights that the recipe for AWS names', () => {
  const rights = rightsOf('aws.md');
  const used = (): string[] => [...new Set(asked().map((operation) => `kms:${operation}`))].toSorted();
  const named = (row: string): string[] | undefined => rights.get(row)?.toSorted();

  beforeAll(async () => {
    services = await openServices({ home: node.home, profile: 'mine' });
  });

  it.each(ACTS)('%s: exactly those are used', async (row, act) => {
    await services.kmsActs.run({ act, provider: 'AWS_KMS', keyId: awsKeys.spare }, awsKeys.spare.split('/').at(-1) ?? '');
    expect(used()).toEqual(named(row));
  });

  it('to read, to try and to audit: exactly those are used', async () => {
    await services.kmsKeys.key('AWS_KMS', awsKeys.wraps);
    expect(used()).toEqual(named('Show a key'));
    aws.proxy.set();
    await services.kmsKeys.overview(true);
    expect(used()).toEqual(named('List the keys'));
    aws.proxy.set();
    await services.kmsKeys.test('AWS_KMS');
    expect(used()).toEqual(named('Round trip'));
    aws.proxy.set();
    await services.regions.audit();
    expect(used()).toEqual(named('Audit of the regions'));
  });
});

describe('the rights that the recipe for Google names', () => {
  const rights = rightsOf('gcp.md');
  const every = new Set([...rights.values()].flat());
  const allow = (allowed: readonly string[]): void => {
    gcp.model.denied.clear();
    for (const right of every) if (!allowed.includes(right)) gcp.model.denied.add(right);
  };
  const named = (row: string): readonly string[] => rights.get(row) ?? [];
  const run = (act: KmsActName) => services.kmsActs.run({ act, provider: 'GCP_KMS', keyId: google.spare }, 'fabric');

  afterAll(() => gcp.model.denied.clear());

  it.each(ACTS)('%s: each of them is needed, and together they are enough', async (row, act) => {
    expect(named(row).length).toBeGreaterThan(2);
    // What is done in two steps, and refused at the second, leaves a version behind: that is last.
    for (const right of named(row).toReversed()) {
      if (right === 'cloudkms.cryptoKeys.update') continue;
      allow(named(row).filter((other) => other !== right));
      expect(await codeOf(run(act)), right).not.toBeNull();
    }
    allow(named(row));
    expect(await codeOf(run(act))).toBeNull();
    if (act !== 'rotate') return;
    allow(named(row).filter((right) => right !== 'cloudkms.cryptoKeys.update'));
    expect(await codeOf(run(act))).toBe('KMS_OUTCOME_UNKNOWN');
  });

  it('to read, to try and to audit: they are enough', async () => {
    allow(named('Show a key'));
    expect(await services.kmsKeys.key('GCP_KMS', google.wraps)).toMatchObject({ whyNot: null, versionList: [{ version: '1' }], rotation: { everyDays: null } });
    allow(named('List the keys'));
    const { providers, keys } = await services.kmsKeys.overview(true);
    expect(providers.find(({ provider }) => provider === 'GCP_KMS')).toMatchObject({ answers: 'yes', failure: null, listing: null });
    expect(keys.find(({ keyId }) => keyId === google.wraps)).toMatchObject({ whyNot: null, versions: 1 });
    allow(named('Round trip'));
    expect(await services.kmsKeys.test('GCP_KMS')).toMatchObject([{ ok: true }]);
    allow(named('Audit of the regions'));
    const { findings } = await services.regions.audit();
    expect(findings.filter(({ code, where }) => code === 'KEY_NOT_ASKED' && where.provider === 'GCP_KMS')).toEqual([]);
  });

  it('to activate and to go live: they are enough', async () => {
    allow(named('Activate'));
    const live = await node.restart();
    await live.activation.run(line('GCP_KMS'), null);
    allow(named('Go live'));
    expect((await (await node.restart()).keys.verify()).unreadable).toEqual([]);
    expect(await codeOf(node.services.activation.run(line('GCP_KMS'), null))).toBe('KMS_PERMISSION_DENIED');
  });
});

describe('the operations that the recipe for KMIP names', () => {
  const pki = makePki();
  const here = new Node();
  const operations = rightsOf('kmip.md');
  let peer: KmipPeer;
  let proxy: FaultProxy;
  let key: string;
  let spare: string;

  /** As both write it: `Re-key` and `ReKey`. */
  const plain = (operation: string): string => operation.replaceAll(/[ -]/g, '').toLowerCase();
  const used = (): string[] => [...new Set(proxy.asked.map(plain))].toSorted();
  const named = (row: string): string[] | undefined => operations.get(row)?.map(plain).toSorted();

  /** What a process asks that was started for this alone, and never goes live. */
  async function usedBy(act: (started: Services) => Promise<unknown>): Promise<string[]> {
    proxy.set();
    const started = await openServices({ home: here.home, profile: 'mine' });
    try {
      await act(started);
      return used();
    } finally {
      await started.close();
    }
  }

  beforeAll(async () => {
    peer = await startGoPeer(pki);
    proxy = await startFaultProxy(pki, peer.port);
    [key, spare] = [await createKmipKey(pki, peer.port), await createKmipKey(pki, peer.port, { active: false })];
    await here.make({ kmip: { ca: pki.authority.ca, cert: pki.alice.cert, key: pki.alice.key } });
    here.configure(kmipSection(proxy.port, key));
  });

  afterAll(async () => {
    await here.remove();
    await proxy?.stop();
    await peer?.stop();
    rmSync(pki.folder, { recursive: true, force: true });
  });

  it('to activate and to go live: exactly those are used', async () => {
    const live = await here.restart();
    proxy.set();
    await live.activation.run(line('KMIP_KMS'), null);
    expect(used()).toEqual(named('Activate'));
    proxy.set();
    await here.restart();
    expect(used()).toEqual(named('Go live'));
    await here.stop();
  });

  it('to read, to try and to audit: exactly those are used', async () => {
    expect(await usedBy(({ kmsKeys }) => kmsKeys.key('KMIP_KMS', key))).toEqual(named('Show a key'));
    expect(await usedBy(({ kmsKeys }) => kmsKeys.overview(true))).toEqual(named('List the keys'));
    expect(await usedBy(({ kmsKeys }) => kmsKeys.test('KMIP_KMS'))).toEqual(named('Round trip'));
    expect(await usedBy(({ regions }) => regions.audit())).toEqual(named('Audit of the regions'));
  });

  it('to enable and to rotate: exactly those are used; the others KMIP has not', async () => {
    for (const [row, act] of [['Enable', 'enable'], ['Rotate now', 'rotate']] as const) expect(await usedBy(({ kmsActs }) => kmsActs.run({ act, provider: 'KMIP_KMS', keyId: spare }, ''))).toEqual(named(row));
    expect([...operations.keys()]).toEqual(['Go live', 'Activate', 'Round trip', 'Show a key', 'List the keys', 'Enable', 'Rotate now', 'Audit of the regions']);
  });
});
