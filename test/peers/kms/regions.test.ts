import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RegionAuditView, RegionFindingView } from '../../../app/contract/regions.ts';
import { addNode } from '../../../app/services/profile-nodes.ts';
import type { Services } from '../../../app/services.ts';
import { revoke } from '../../../main/kms/kmip/operations/revoke.ts';
import { codeOf } from '../../conformance/kms-subject.ts';
import { createKey as createGcpKey, LOCATION } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { createKey as createKmipKey, withServer } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer, startPyKmip } from '../kmip/servers.ts';
import { gcpSection, kmipSection, line, LU, Node, type Sections } from './node.ts';

/** The audit of the regions where config.ini names locations of Google and KMIP servers. */

const AWAY = 'us-east1';
const SPANNING = 'europe';

const pki = makePki();
const node = new Node();
let gcp: GcpPeer;
let python: KmipPeer;
let go: KmipPeer;
let services: Services;
/** Google's: of two generations, a version each; of the active one, in a location that spans regions; of none, elsewhere. */
let west: string;
let spanning: string;
let away: string;
/** Of one generation; of none, at another server. */
let kmip: string;
let otherKmip: string;
let described: { first: string; second: string; third: string; active: string };
let audit: RegionAuditView;

const at = ({ port }: KmipPeer): string => `127.0.0.1:${port}`;
const of = (code: string, from = audit): RegionFindingView[] => from.findings.filter((found) => found.code === code);
const codes = (from = audit): string[] => from.findings.map(({ code }) => code).toSorted();

async function addWith(name: string, sections: Sections): Promise<void> {
  const file = join(node.home, `${name}.ini`);
  writeFileSync(file, Object.entries(sections).map(([section, values]) => `[${section}]\n${Object.entries(values).map(([key, value]) => `${key}=${value}\n`).join('')}`).join('\n'), { mode: 0o600 });
  await addNode(services.profiles, 'mine', name, file);
}

async function generation(store: string, count: number, prefix: string): Promise<string> {
  const { description } = await services.activation.run(line(store), null);
  for (let id = 0; id < count; id += 1) await node.save(`${prefix}-${id}`);
  return description;
}

beforeAll(async () => {
  [gcp, python, go] = await Promise.all([startGcpPeer(), startPyKmip(pki), startGoPeer(pki)]);
  west = createGcpKey(gcp);
  spanning = createGcpKey(gcp, { labels: { team: 'fabric' } }, SPANNING);
  away = createGcpKey(gcp, {}, AWAY);
  [kmip, otherKmip] = await Promise.all([createKmipKey(pki, python.port), createKmipKey(pki, go.port)]);
  await node.make({ gcp: { endpoint: gcp.endpoint }, kmip: { ca: pki.authority.ca, cert: pki.alice.cert, key: pki.alice.key } });
  node.configure({ ...gcpSection(west), ...kmipSection(python.port, kmip) });
  services = await node.restart();
  await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  const first = await generation('GCP_KMS', 3, 'first');
  await services.kmsActs.run({ act: 'rotate', provider: 'GCP_KMS', keyId: west }, '');
  const second = await generation('GCP_KMS', 2, 'second');
  const third = await generation('KMIP_KMS', 1, 'third');
  node.configure({ ...gcpSection(spanning), ...kmipSection(python.port, kmip) });
  described = { first, second, third, active: await generation('GCP_KMS', 4, 'active') };
  await addWith('away', { ...gcpSection(away), ...kmipSection(go.port, otherKmip) });
  await addWith('west', gcpSection(west));
  await addWith('mistaken', { ...gcpSection(away.replace(/fabric$/, 'none')), ...kmipSection(python.port, kmip) });
});

afterAll(async () => {
  await node.remove();
  for (const peer of [gcp, python, go]) await peer?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

beforeEach(() => gcp.set());

describe('locations of Google and KMIP servers', () => {
  beforeAll(async () => {
    gcp.set();
    audit = await services.regions.audit();
  });

  it('are all asked, and every key is found where it is', () => {
    expect(audit.regions.map(({ provider, region, whyNot }) => [provider, region, whyNot])).toEqual(expect.arrayContaining([['GCP_KMS', LOCATION, null], ['GCP_KMS', SPANNING, null], ['GCP_KMS', AWAY, null], ['KMIP_KMS', at(python), null], ['KMIP_KMS', at(go), null]]));
    expect(audit.regions.every(({ requests, medianMs }) => requests > 0 && (medianMs ?? 0) > 0)).toBe(true);
    const found = Object.fromEntries(audit.keys.map(({ key, nodes, generations, instances, regions, multiRegion }) => [key, { nodes, generations, instances, multiRegion, at: regions.map(({ region, state }) => [region, state]) }]));
    expect(found).toEqual({
      [west]: { nodes: ['west'], generations: 2, instances: 5, multiRegion: false, at: [[LOCATION, 'enabled']] },
      [spanning]: { nodes: ['node-1'], generations: 1, instances: 4, multiRegion: false, at: [[SPANNING, 'enabled']] },
      [away]: { nodes: ['away'], generations: 0, instances: 0, multiRegion: false, at: [[AWAY, 'enabled']] },
      [`kmip://${at(python)}/${kmip}`]: { nodes: ['node-1', 'mistaken'], generations: 1, instances: 1, multiRegion: false, at: [[at(python), 'enabled']] },
      [`kmip://${at(go)}/${otherKmip}`]: { nodes: ['away'], generations: 0, instances: 0, multiRegion: false, at: [[at(go), 'enabled']] },
    });
  });

  it('of what a KMS has not, nothing is told and nothing is missed', () => {
    const copyOf = (key: string) => audit.keys.find((one) => one.key === key)?.regions[0];
    expect(copyOf(`kmip://${at(python)}/${kmip}`)).toMatchObject({ rotatesEveryDays: null, aliases: null, tags: null, grants: null, deletionAt: null });
    expect(copyOf(spanning)).toMatchObject({ rotatesEveryDays: null, aliases: null, tags: { team: 'fabric' }, grants: null });
    expect(audit.keys.every(({ differs }) => differs.length === 0)).toBe(true);
    expect(of('KEY_NOT_ASKED')).toEqual([]);
  });

  it('finds what nodes name and lack', () => {
    expect(codes()).toEqual(['GENERATION_IN_ONE_REGION', 'GENERATION_IN_ONE_REGION', 'KEY_MISSING_IN_REGION', 'NODES_USE_DIFFERENT_KEYS', 'NODES_USE_DIFFERENT_KEYS', 'NODE_LACKS_SETTINGS', 'NODE_REACHES_ACROSS', 'NODE_REACHES_ACROSS', 'NODE_REACHES_ACROSS']);
    expect(of('KEY_MISSING_IN_REGION')).toMatchObject([{ severity: 'critical', where: { provider: 'GCP_KMS', regions: [AWAY], nodes: ['mistaken'] } }]);
    expect(of('NODE_LACKS_SETTINGS')).toMatchObject([{ severity: 'critical', where: { provider: 'KMIP_KMS', regions: [at(python)], nodes: ['west'] }, what: expect.stringContaining(described.third) }]);
    expect(of('NODES_USE_DIFFERENT_KEYS').map(({ where }) => [where.provider, where.nodes])).toEqual(expect.arrayContaining([['GCP_KMS', ['node-1', 'away', 'west']], ['KMIP_KMS', ['node-1', 'away', 'mistaken']]]));
  });

  it('tells a key of one place, and not one of a location that spans regions', () => {
    const single = of('GENERATION_IN_ONE_REGION');
    expect(single.map(({ where }) => where.key)).toEqual(expect.arrayContaining([west, `kmip://${at(python)}/${kmip}`]));
    const remedy = (provider: string): string => single.find(({ where }) => where.provider === provider)?.remedy ?? '';
    expect(remedy('GCP_KMS')).toContain('GCP multi-region location');
    expect(remedy('KMIP_KMS')).toContain('KMIP has no copies');
    expect(of('NODE_REACHES_ACROSS').map(({ where }) => [where.nodes, where.regions])).toEqual(expect.arrayContaining([[['away'], [AWAY, LOCATION]], [['away'], [at(go), at(python)]], [['mistaken'], [AWAY, LOCATION]]]));
  });

  it('changes nothing at the KMS', () => {
    const reading = ['GetCryptoKey', 'GetIamPolicy', 'ListCryptoKeyVersions'];
    expect([...new Set(gcp.asked.map(({ operation }) => operation))].filter((operation) => !reading.includes(operation))).toEqual([]);
  });
});

describe('what if', () => {
  const nodes = async (supposed: { lost?: string; disabled?: string }) => {
    const outlook = await services.regions.whatIf({ lost: supposed.lost ?? null, disabled: supposed.disabled ?? null });
    return { outlook, then: Object.fromEntries(outlook.nodes.map(({ node: name, now, then, cannotActivate }) => [name, cannotActivate ? `${now} ${then} can not activate` : `${now} ${then}`])) };
  };

  it('a location is lost', async () => {
    const { outlook, then } = await nodes({ lost: LOCATION });
    expect(then).toEqual({ 'node-1': 'whole partly', away: 'whole partly', west: 'partly partly can not activate', mistaken: 'whole partly' });
    expect(outlook).toMatchObject({ unreadable: 5, partlyUnreadable: 0 });
    expect(outlook.generations.map(({ description, lostTo, elsewhere }) => [description, lostTo, elsewhere])).toEqual([[described.first, 'all', []], [described.second, 'all', []]]);
  });

  it('the location of the active generation is lost', async () => {
    const { outlook, then } = await nodes({ lost: SPANNING });
    expect(then).toEqual({ 'node-1': 'whole not can not activate', away: 'whole not', west: 'partly not', mistaken: 'whole not' });
    expect(outlook).toMatchObject({ unreadable: 4 });
  });

  it('a KMIP server is lost, or the key there is off: another server does not help', async () => {
    for (const supposed of [{ lost: at(python) }, { disabled: kmip }, { disabled: `kmip://${at(python)}/${kmip}` }]) {
      const { outlook, then } = await nodes(supposed);
      expect(then).toEqual({ 'node-1': 'whole partly can not activate', away: 'whole partly', west: 'partly partly', mistaken: 'whole partly can not activate' });
      expect(outlook).toMatchObject({ unreadable: 1, generations: [{ description: described.third, lostTo: 'all', elsewhere: [] }] });
    }
    expect((await nodes({ lost: at(go) })).outlook).toMatchObject({ unreadable: 0, generations: [] });
  });

  it('a name that several keys have is not guessed, and one that none has is told', async () => {
    expect(await codeOf(nodes({ disabled: 'fabric' }))).toBe('INPUT_INVALID');
    expect(await codeOf(nodes({ disabled: 'nobody' }))).toBe('KMS_KEY_NOT_FOUND');
    expect(await codeOf(nodes({ lost: 'asia-east1' }))).toBe('REGION_UNKNOWN');
  });

  it('the command line tells it too', async () => {
    const run = (...args: string[]): Promise<{ code: number | null; stdout: string }> =>
      new Promise((resolve) => {
        const child = execFile(process.execPath, [join(import.meta.dirname, '../../../app/cli/index.ts'), '--profile', 'mine', ...args], { env: { ...process.env, FKC_HOME: node.home }, maxBuffer: 1e8 }, (_, stdout) => resolve({ code: child.exitCode, stdout }));
      });
    const { code, stdout } = await run('regions', 'audit', '--disabled', west, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ nodes: [{ node: 'node-1' }, { node: 'away' }, { node: 'west' }, { node: 'mistaken' }], whatIf: { disabled: west, unreadable: 5 } });
    expect((await run('regions', 'audit', '--lost', at(python))).stdout).toContain(`If region ${at(python)} is lost:`);
  });
});

describe('a change at the KMS', () => {
  it('Google: an older version that is off is told with its own generations alone', async () => {
    gcp.model.setState(`${west}/cryptoKeyVersions/1`, 'DISABLED');
    const found = await services.regions.audit();
    expect(of('KEY_NOT_USABLE', found)).toEqual([]);
    expect(of('VERSION_NOT_USABLE', found)).toMatchObject([{ where: { key: west }, what: expect.stringContaining(`${described.first}; 3 instances`) }]);
    gcp.model.setState(`${west}/cryptoKeyVersions/1`, 'ENABLED');
  });

  it('Google: where the newest version is off, what older ones wrapped is not counted', async () => {
    gcp.model.setState(`${west}/cryptoKeyVersions/2`, 'DISABLED');
    const found = await services.regions.audit();
    expect(of('VERSION_NOT_USABLE', found)).toEqual([]);
    expect(of('KEY_NOT_USABLE', found)).toMatchObject([{ severity: 'critical', where: { key: west, nodes: ['west'] }, what: expect.stringContaining('under it: 1 generation (2 instances by the census)') }]);
    expect(of('KEY_NOT_USABLE', found)[0]?.what).toContain('1 generation under older versions still opens');
    gcp.model.setState(`${west}/cryptoKeyVersions/2`, 'ENABLED');
  });

  it('Google: a destruction that is scheduled is told with its day, and all that it takes along', async () => {
    for (const version of [1, 2]) gcp.model.answer('DestroyCryptoKeyVersion', { name: `${west}/cryptoKeyVersions/${version}` });
    const found = await services.regions.audit();
    expect(of('KEY_PENDING_DELETION', found)).toMatchObject([{ severity: 'critical', where: { key: west }, what: expect.stringMatching(/on \d{4}-\d\d-\d\d in europe-west3; under it: 2 generations \(5 instances/) }]);
    for (const version of [1, 2]) {
      gcp.model.answer('RestoreCryptoKeyVersion', { name: `${west}/cryptoKeyVersions/${version}` });
      gcp.model.setState(`${west}/cryptoKeyVersions/${version}`, 'ENABLED');
    }
  });

  it('Google: a location that is silent, and a permission that is missing, keep no other from being audited', async () => {
    gcp.set({ location: LOCATION, fault: { kind: 'status', refusal: { code: 14, details: 'unavailable' } } });
    const silent = await services.regions.audit();
    expect(of('REGION_NOT_ASKED', silent)).toMatchObject([{ severity: 'critical', where: { provider: 'GCP_KMS', regions: [LOCATION], nodes: ['west'] } }]);
    expect(silent.keys.find(({ key }) => key === spanning)?.regions).toMatchObject([{ exists: 'yes', state: 'enabled' }]);
    gcp.set();
    gcp.model.denied.add('cloudkms.cryptoKeys.getIamPolicy');
    const denied = await services.regions.audit();
    gcp.model.denied.clear();
    expect(of('REGION_NOT_ASKED', denied)).toEqual([]);
    expect(of('KEY_NOT_ASKED', denied).map(({ where, what }) => [where.regions, what.includes('cloudkms.cryptoKeys.getIamPolicy')])).toEqual(expect.arrayContaining([[[LOCATION], true], [[SPANNING], true], [[AWAY], true]]));
  });

  it('KMIP: a key that was revoked is told, with no promise that it comes back', async () => {
    await withServer(pki, python.port, (server) => server.ask(revoke, { uniqueIdentifier: kmip, reason: 'CessationOfOperation' }, { repeatable: false }));
    const found = await services.regions.audit();
    const [revoked] = of('KEY_NOT_USABLE', found);
    expect(revoked).toMatchObject({ severity: 'critical', where: { provider: 'KMIP_KMS', key: `kmip://${at(python)}/${kmip}`, nodes: ['node-1', 'mistaken'] }, what: expect.stringContaining('1 generation (1 instance by the census)') });
    expect(revoked?.remedy).not.toContain('fkc kms enable');
    expect((await services.regions.whatIf({ lost: null, disabled: null })).nodes.map(({ node: name, now }) => [name, now])).toEqual([['node-1', 'partly'], ['away', 'partly'], ['west', 'partly'], ['mistaken', 'partly']]);
  });

  it('KMIP: a server that is away is told as not asked', async () => {
    await go.stop();
    const found = await services.regions.audit();
    expect(of('REGION_NOT_ASKED', found)).toMatchObject([{ severity: 'critical', where: { provider: 'KMIP_KMS', regions: [at(go)], nodes: ['away'] } }]);
    expect(found.keys.find(({ key }) => key === `kmip://${at(python)}/${kmip}`)?.regions).toMatchObject([{ exists: 'yes', state: 'unavailable' }]);
  });
});
