import { execFile } from 'node:child_process';
import { DisableKeyRotationCommand, EnableKeyRotationCommand } from '@aws-sdk/client-kms';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RegionAuditView, RegionFindingView } from '../../../app/contract/regions.ts';
import type { Services } from '../../../app/services.ts';
import { isAppError } from '../../../main/errors.ts';
import { bareClient, CREDENTIALS } from './aws.ts';
import { configIni, EMPTY, HOME, makeWorld, REGIONS, sameAlias, setCredentials } from './region-fixture.ts';
import { installLocalStack } from './python-server.ts';
import { useAws } from './use-aws.ts';

// Before any hook: the first time it takes minutes.
const aws = useAws(await installLocalStack());
let home: string;
let services: Services;
let single: string;
let multi: string;
let old: string;
let active: string;

/** A cluster whose first generation lies under a key of one Region, and the active one under a multi-Region key. */
beforeAll(async () => {
  setCredentials();
  await sameAlias(aws.url, 'alias/mixed', REGIONS.slice(0, 2));
  home = await mkdtemp(join(tmpdir(), 'fkc-regions-'));
  ({ services, single, multi, old, active } = await makeWorld(home, aws.url, REGIONS));
});

afterAll(async () => {
  await services?.close();
  if (home !== undefined) await rm(home, { recursive: true, force: true });
});

beforeEach(() => aws.proxy.set());

function of(audit: RegionAuditView, code: string): RegionFindingView[] {
  return audit.findings.filter((finding) => finding.code === code);
}

/** The command line on the profile, in a process of its own. */
function run(...args: string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(import.meta.dirname, '../../../app/cli/index.ts'), '--profile', 'world', ...args], { env: { ...process.env, FKC_HOME: home }, maxBuffer: 1e8 }, (_, stdout) => resolve({ code: child.exitCode ?? -1, stdout }));
  });
}

describe('five Regions', () => {
  let audit: RegionAuditView;
  beforeAll(async () => {
    aws.proxy.set();
    audit = await services.regions.audit();
  });

  it('finds where each key is, and in which state', () => {
    const key = audit.keys.find((one) => one.key.endsWith(multi));
    expect(key).toMatchObject({ key: `arn:aws:kms:*:${CREDENTIALS.accessKeyId}:key/${multi}`, multiRegion: true, primary: HOME, nodes: ['n1', 'n2', 'n3', 'n4', 'n5'], generations: 1, instances: 5 });
    const there = Object.fromEntries((key?.regions ?? []).map(({ region, exists, state }) => [region, exists === 'yes' ? state : exists]));
    expect(there).toEqual({ 'eu-west-1': 'enabled', 'eu-central-1': 'enabled', 'us-east-1': 'enabled', 'us-west-2': 'disabled', 'ap-southeast-1': 'no' });
    expect(audit.keys.find((one) => one.key === single)).toMatchObject({ multiRegion: false, generations: 1, instances: 7, regions: [{ region: HOME, state: 'enabled' }] });
    expect(audit.regions.map(({ region }) => region).toSorted()).toEqual(REGIONS.toSorted());
    expect(audit.regions.every(({ medianMs, whyNot, region }) => whyNot === null && (region === EMPTY || (medianMs ?? 0) > 0))).toBe(true);
  });

  it.each([
    ['STATE_DIFFERS', 'critical', 'us-west-2'],
    ['ALIASES_DIFFER', 'warning', 'eu-west-1'],
    ['TAGS_DIFFER', 'warning', 'us-east-1'],
    ['POLICY_DIFFERS', 'warning', 'us-west-2'],
    ['GRANTS_DIFFER', 'warning', 'eu-central-1'],
  ])('finds %s', (code, severity, odd) => {
    expect(of(audit, code)).toMatchObject([{ severity }]);
    const groups = audit.keys.find((one) => one.key.endsWith(multi))?.differs.find((each) => each.code === code)?.groups;
    expect(groups).toHaveLength(2);
    expect(groups?.some(({ places }) => places.join() === odd)).toBe(true);
  });

  it('finds what nodes and generations lack', () => {
    expect(of(audit, 'KEY_MISSING_IN_REGION')).toMatchObject([{ severity: 'critical', where: { regions: [EMPTY], nodes: ['n5'] } }]);
    expect(of(audit, 'KEY_NOT_USABLE')).toMatchObject([{ severity: 'critical', where: { regions: ['us-west-2'], nodes: ['n4'] } }]);
    expect(of(audit, 'GENERATION_IN_ONE_REGION')).toMatchObject([{ where: { key: single, regions: [HOME] } }]);
    const across = of(audit, 'NODE_REACHES_ACROSS');
    expect(across.map(({ where }) => where.nodes[0])).toEqual(['n2', 'n3', 'n4', 'n5']);
    expect(across[0]?.what).toMatch(/takes [\d.]+ ms/);
    expect(of(audit, 'REGION_NOT_ASKED')).toEqual([]);
    expect(of(audit, 'KEY_NOT_ASKED')).toEqual([]);
  });

  it('tells what is lost with a Region', async () => {
    const outlook = await services.regions.whatIf({ lost: HOME, disabled: null });
    expect(outlook.nodes.map(({ node, then }) => [node, then])).toEqual([['n1', 'not'], ['n2', 'partly'], ['n3', 'partly'], ['n4', 'not'], ['n5', 'not']]);
    expect(outlook.generations).toMatchObject([
      { description: old, lostTo: 'all', elsewhere: [], instances: 7 },
      { description: active, lostTo: 'some', elsewhere: ['eu-central-1', 'us-east-1'], instances: 5 },
    ].toSorted((a, b) => outlook.generations.findIndex(({ description }) => description === a.description) - outlook.generations.findIndex(({ description }) => description === b.description)));
    expect(outlook).toMatchObject({ unreadable: 7, partlyUnreadable: 5, census: { live: true } });
  });

  it('tells what is lost with a key, by any of its names', async () => {
    const all = await services.regions.whatIf({ lost: null, disabled: multi });
    expect(all).toMatchObject({ unreadable: 5, partlyUnreadable: 0, generations: [{ description: active, lostTo: 'all' }] });
    expect(await services.regions.whatIf({ lost: null, disabled: 'alias/fabric-primary' })).toMatchObject({ concerns: [{ region: HOME }] });
    const one = await services.regions.whatIf({ lost: null, disabled: `arn:aws:kms:eu-central-1:${CREDENTIALS.accessKeyId}:key/${multi}` });
    expect(one.concerns).toHaveLength(1);
    expect(one).toMatchObject({ unreadable: 0, generations: [] });
    expect(one.nodes.find(({ node }) => node === 'n2')).toMatchObject({ then: 'whole', cannotActivate: true });
    expect(await services.regions.whatIf({ lost: null, disabled: 'alias/none' }).catch((error: unknown) => isAppError(error) && error.code)).toBe('KMS_KEY_NOT_FOUND');
    expect(await services.regions.whatIf({ lost: 'sa-east-1', disabled: null }).catch((error: unknown) => isAppError(error) && error.code)).toBe('REGION_UNKNOWN');
  });

  it('is told by the audit trail, with its figures and no secret', async () => {
    const { records } = await services.auditList({ act: 'regions.audit', limit: 10 });
    expect(records.map(({ outcome }) => outcome)).toEqual(['done', 'started']);
    expect(JSON.parse(records[0]?.context ?? '')).toMatchObject({ nodes: 5, keys: 2, throttled: 0 });
    expect(JSON.stringify([records, audit])).not.toContain(CREDENTIALS.secretAccessKey);
  });

  it('changes nothing at the KMS', async () => {
    aws.proxy.set();
    await services.regions.audit();
    expect([...new Set(aws.proxy.passed.map(({ operation }) => operation))].toSorted()).toEqual(['DescribeKey', 'GetKeyPolicy', 'GetKeyRotationStatus', 'ListAliases', 'ListGrants', 'ListResourceTags']);
  });
});

describe('the command line', () => {
  it('writes the document of the audit and what is lost, and exits 1 where something has to be mended', async () => {
    const { code, stdout } = await run('regions', 'audit', '--lost', HOME, '--json');
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(code).toBe(1);
    expect(Object.keys(document)).toEqual(expect.arrayContaining(['nodes', 'keys', 'findings', 'regions', 'whatIf']));
    expect(document['findings']).toEqual(expect.arrayContaining([{ severity: 'critical', code: 'KEY_MISSING_IN_REGION', what: expect.any(String), where: expect.objectContaining({ nodes: ['n5'] }), remedy: expect.any(String) }]));
    expect(document['whatIf']).toMatchObject({ lost: HOME, unreadable: 7 });
    const people = await run('regions', 'audit', '--disabled', multi);
    expect(people.stdout).toMatch(/If the key .* is disabled:[^]*5 instances could be read by no node/);
    expect(stdout + people.stdout).not.toContain(CREDENTIALS.secretAccessKey);
  });
});

describe('rotation', () => {
  it('that one copy alone has is found', async () => {
    const client = bareClient(aws.url, HOME);
    await client.send(new EnableKeyRotationCommand({ KeyId: multi, RotationPeriodInDays: 180 }));
    try {
      const audit = await services.regions.audit();
      expect(of(audit, 'ROTATION_DIFFERS')).toMatchObject([{ severity: 'warning', what: expect.stringMatching(/every 180 days/) }]);
      const groups = audit.keys.find((one) => one.key.endsWith(multi))?.differs.find(({ code }) => code === 'ROTATION_DIFFERS')?.groups;
      expect(groups?.find(({ value }) => value === 'every 180 days')?.places).toEqual([HOME]);
    } finally {
      await client.send(new DisableKeyRotationCommand({ KeyId: multi }));
      client.destroy();
    }
    expect(of(await services.regions.audit(), 'ROTATION_DIFFERS')).toEqual([]);
  });
});

describe('one alias', () => {
  it('that means two keys', async () => {
    await writeFile(join(home, 'n1.ini'), configIni(HOME, 'alias/mixed'));
    await writeFile(join(home, 'n2.ini'), configIni('eu-central-1', 'alias/mixed'));
    try {
      const audit = await services.regions.audit();
      expect(of(audit, 'ALIAS_MEANS_ANOTHER_KEY')).toMatchObject([{ severity: 'critical', where: { key: 'alias/mixed', regions: ['eu-west-1', 'eu-central-1'], nodes: ['n1', 'n2'] } }]);
      expect(of(audit, 'NODES_USE_DIFFERENT_KEYS')).toHaveLength(1);
    } finally {
      for (const [index, region] of REGIONS.slice(0, 2).entries()) await writeFile(join(home, `n${index + 1}.ini`), configIni(region, multi));
    }
  });
});

describe('a Region that fails', () => {
  it('from the start keeps no other from being audited', async () => {
    aws.proxy.set({ region: 'us-east-1', fault: { kind: 'cut', after: null } });
    const audit = await services.regions.audit();
    expect(of(audit, 'REGION_NOT_ASKED')).toMatchObject([{ severity: 'critical', where: { regions: ['us-east-1'], nodes: ['n3'] }, what: expect.stringContaining('KMS_') }]);
    expect(audit.keys.find((one) => one.key.endsWith(multi))?.regions.find(({ region }) => region === 'us-east-1')).toMatchObject({ exists: 'unknown' });
    expect(of(audit, 'STATE_DIFFERS')).toHaveLength(1);
    expect(of(audit, 'TAGS_DIFFER')).toEqual([]);
  });

  it('counts as there under "what if", where a node that can not be read is left out: both are said', async () => {
    aws.proxy.set({ region: 'us-east-1', fault: { kind: 'cut', after: null } });
    await rm(join(home, 'n2.ini'));
    try {
      const { stdout } = await run('regions', 'audit', '--lost', HOME);
      expect(stdout).toContain('1 node could not be read, and is left out of this.\n1 copy of a KMS key could not be asked, and counts as usable.\n');
    } finally {
      await writeFile(join(home, 'n2.ini'), configIni('eu-central-1', multi));
    }
  });

  it('in the middle keeps what was learnt before', async () => {
    aws.proxy.set({ region: 'us-east-1', operation: 'GetKeyPolicy', fault: { kind: 'error', status: 400, type: 'ExpiredTokenException' } });
    const audit = await services.regions.audit();
    expect(of(audit, 'REGION_NOT_ASKED')).toMatchObject([{ where: { regions: ['us-east-1'] }, what: expect.stringContaining('KMS_CREDENTIALS_EXPIRED') }]);
    expect(audit.keys.find((one) => one.key.endsWith(multi))?.regions.find(({ region }) => region === 'us-east-1')).toMatchObject({ exists: 'yes', state: 'enabled' });
  });

  it('with one permission is told with the permission', async () => {
    aws.proxy.set({ operation: 'ListGrants', fault: { kind: 'error', status: 400, type: 'AccessDeniedException' } });
    const audit = await services.regions.audit();
    expect(of(audit, 'REGION_NOT_ASKED')).toEqual([]);
    expect(of(audit, 'GRANTS_DIFFER')).toEqual([]);
    expect(of(audit, 'KEY_NOT_ASKED')).toHaveLength(4);
    expect(of(audit, 'KEY_NOT_ASKED')[0]?.what).toContain('kms:ListGrants');
  });

  it('and one that is silent can be left by cancelling', async () => {
    aws.proxy.set({ fault: { kind: 'slow', ms: 60_000 } });
    const { id, ended } = services.regions.start();
    ended.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = performance.now();
    await services.jobs.stop(id, 'cancelled');
    expect(await ended.catch((error: unknown) => isAppError(error) && error.code)).toBe('CANCELLED');
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(services.jobs.list().find((job) => job.id === id)).toMatchObject({ kind: 'regions', state: 'cancelled' });
  });
});
