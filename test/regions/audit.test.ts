import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAppError } from '../../main/errors.ts';
import type { KmsKeyState } from '../../main/kms/acts.ts';
import { auditRegions } from '../../main/regions/audit.ts';
import { differences } from '../../main/regions/differences.ts';
import type { KeyCopy, RegionFacts } from '../../main/regions/facts.ts';
import { identify, spansRegions } from '../../main/regions/identity.ts';
import { whatIf } from '../../main/regions/what-if.ts';
import { arn, copy, facts, generation, id, key, node, none, place } from './fixtures.ts';

const [WEST, EAST, SOUTH] = ['eu-west-1', 'us-east-1', 'ap-southeast-1'] as const;
const M = id(1);
const NOBODY: ReadonlyMap<string, number> = new Map();

function codes(from: RegionFacts): string[] {
  return auditRegions(from, NOBODY).findings.map(({ code }) => code);
}

/** A node in each Region, one key with a copy in each, one active generation under it. */
function whole(changes: Partial<KeyCopy> = {}): RegionFacts {
  const multi = key(arn(WEST, M), [copy(WEST, arn(WEST, M)), copy(EAST, arn(EAST, M), changes)]);
  return facts({ nodes: [node('n1', WEST, M, multi.id), node('n2', EAST, M, multi.id)], generations: [generation('g', arn(WEST, M), WEST, true)], keys: [multi], places: [place(WEST), place(EAST)] });
}

describe('the audit', () => {
  it('has nothing to say where all is alike', () => {
    expect(auditRegions(whole(), NOBODY).findings).toEqual([]);
  });

  it.each<[string, Partial<KeyCopy>]>([
    ['STATE_DIFFERS', { state: 'disabled' }],
    ['ROTATION_DIFFERS', { rotation: { known: true, value: { everyDays: null, nextAt: null } } }],
    ['ALIASES_DIFFER', { aliases: { known: true, value: ['alias/x'] } }],
    ['TAGS_DIFFER', { tags: { known: true, value: { a: '1' } } }],
    ['POLICY_DIFFERS', { policy: { known: true, value: '{"a":1}' } }],
    ['GRANTS_DIFFER', { grants: { known: true, value: [{ id: '1', grantee: 'x', operations: ['Decrypt'] }] } }],
  ])('finds %s', (code, changes) => {
    expect(codes(whole(changes))).toContain(code);
  });

  it('takes for alike what differs in form alone', () => {
    const one = copy(WEST, arn(WEST, M), {
      policy: { known: true, value: `{"a":1,"b":["kms.${WEST}.amazonaws.com"]}` },
      grants: { known: true, value: [{ id: '1', grantee: 'x', operations: ['Decrypt', 'Encrypt'] }] },
      aliases: { known: true, value: ['alias/a', 'alias/b'] },
      tags: { known: true, value: { a: '1', b: '2' } },
    });
    const other = copy(EAST, arn(EAST, M), {
      policy: { known: true, value: `{ "b": ["kms.${EAST}.amazonaws.com"], "a": 1 }` },
      grants: { known: true, value: [{ id: '2', grantee: 'x', operations: ['Encrypt', 'Decrypt'] }] },
      aliases: { known: true, value: ['alias/b', 'alias/a'] },
      tags: { known: true, value: { b: '2', a: '1' } },
    });
    expect(differences(key(arn(WEST, M), [one, other]))).toEqual([]);
  });

  it('never compares with what is not known', () => {
    const unknown = { known: false, whyNot: { code: 'KMS_PERMISSION_DENIED', message: 'no', remedy: 'allow' } } as const;
    expect(codes(whole({ tags: unknown }))).toEqual(['KEY_NOT_ASKED']);
  });

  it('tells a key that waits for its deletion, with its day and what is under it', () => {
    const [found] = auditRegions(whole({ state: 'pending-deletion', deletionAt: Date.UTC(2027, 0, 5) }), new Map([['g', 1234]])).findings.filter(({ code }) => code === 'KEY_PENDING_DELETION');
    expect(found).toMatchObject({ severity: 'critical', where: { places: [EAST], nodes: ['n2'] } });
    expect(found?.what).toMatch(/2027-01-05.*1 generation \(1,234 instances/);
  });

  it('tells nodes that name different keys, keys of another account and of another Region', () => {
    const single = arn(WEST, id(2, false), '444455556666');
    const from = facts({
      nodes: [node('n1', WEST, M, identify('AWS_KMS', arn(WEST, M)).id), node('n2', WEST, M, identify('AWS_KMS', arn(WEST, M)).id), node('n3', EAST, single, single)],
      keys: [key(arn(WEST, M), [copy(WEST, arn(WEST, M)), copy(EAST, arn(EAST, M))]), key(single, [copy(WEST, single)])],
      places: [place(WEST), place(EAST)],
    });
    expect(codes(from).toSorted()).toEqual(['KEY_OF_ANOTHER_ACCOUNT', 'KEY_OF_ANOTHER_REGION', 'NODES_USE_DIFFERENT_KEYS']);
  });

  it('tells a generation whose key is gone', () => {
    const gone = arn(WEST, id(3, false));
    const from = facts({ nodes: [], generations: [generation('g', gone, WEST, true)], keys: [key(gone, [none(WEST, gone)])], places: [place(WEST)] });
    expect(codes(from)).toEqual(['GENERATION_KEY_MISSING']);
  });

  it('tells a node without a Region, and one whose config.ini is not there', () => {
    const whyNot = { code: 'FILE_NOT_FOUND', message: 'gone', remedy: 'mount it' };
    expect(codes(facts({ nodes: [node('n1', null, M, null), { node: 'n2', file: 'x', uses: [], lacks: [], whyNot }] })).toSorted()).toEqual(['NODE_NOT_READ', 'NODE_REGION_UNKNOWN']);
  });

  it('tells a silent Region once, whatever the number of keys', () => {
    const whyNot = { code: 'KMS_UNREACHABLE', message: 'silence', remedy: 'network' };
    const keys = Array.from({ length: 50 }, (_, index) => key(arn(WEST, id(index)), [copy(WEST, arn(WEST, id(index))), { ...none(EAST, arn(EAST, id(index))), exists: 'unknown' as const, whyNot }]));
    const found = auditRegions(facts({ keys, places: [place(WEST), place(EAST, { whyNot })] }), NOBODY).findings;
    expect(found).toMatchObject([{ code: 'REGION_NOT_ASKED', where: { places: [EAST] } }]);
    expect(found[0]?.what).toContain('50 keys');
  });

  it('knows where Google keeps a location in several regions', () => {
    expect(['global', 'europe', 'eur4', 'us'].map((each) => spansRegions('GCP_KMS', each))).toEqual([true, true, true, true]);
    expect([spansRegions('GCP_KMS', 'europe-west3'), spansRegions('AWS_KMS', 'eu-west-1')]).toEqual([false, false]);
  });
});

describe('what if', () => {
  it('a Region is lost, whose keys no other holds', () => {
    const single = arn(WEST, id(2, false));
    const multi = identify('AWS_KMS', arn(WEST, M)).id;
    const from = facts({
      nodes: [node('n1', WEST, M, multi), node('n2', EAST, M, multi)],
      generations: [generation('old', single, WEST), generation('new', arn(WEST, M), WEST, true)],
      keys: [key(arn(WEST, M), [copy(WEST, arn(WEST, M)), copy(EAST, arn(EAST, M))]), key(single, [copy(WEST, single)])],
      places: [place(WEST), place(EAST)],
    });
    const outlook = whatIf(from, { lost: WEST, disabled: null }, new Map([['old', 7], ['new', 5]]));
    expect(outlook.nodes).toMatchObject([{ node: 'n1', then: 'not', inLostPlace: true }, { node: 'n2', then: 'partly', loses: ['old'] }]);
    expect(outlook).toMatchObject({ unreadable: 7, partlyUnreadable: 5 });
  });

  it('a third Region holds a copy that no node asks', () => {
    const from = facts({ ...whole(), keys: [key(arn(WEST, M), [copy(WEST, arn(WEST, M)), none(EAST, arn(EAST, M)), copy(SOUTH, arn(SOUTH, M))])] });
    expect(whatIf(from, { lost: WEST, disabled: null }, NOBODY).generations).toMatchObject([{ lostTo: 'all', elsewhere: [SOUTH] }]);
  });

  it('and counts what it had to assume: nodes that could not be read, and copies that could not be asked where they are not imagined away', () => {
    const whyNot = { code: 'KMS_UNREACHABLE', message: 'silence', remedy: 'network' };
    const from = whole({ exists: 'unknown', state: null, whyNot });
    const unread = { node: 'n3', file: 'x', uses: [], lacks: [], whyNot };
    const supposed = (lost: string | null, disabled: string | null, nodes = [...from.nodes, unread]) => whatIf({ ...from, nodes }, { lost, disabled }, new Map([['g', 7]]));
    expect(supposed(WEST, null)).toMatchObject({ nodes: [{ node: 'n1', then: 'not' }, { node: 'n2', then: 'whole' }], unreadable: 0, unknown: { nodes: 1, copies: 1 } });
    expect(supposed(EAST, null).unknown).toEqual({ nodes: 1, copies: 0 });
    expect(supposed(null, M).unknown).toEqual({ nodes: 1, copies: 0 });
    expect(supposed(WEST, null, [unread])).toMatchObject({ nodes: [], unreadable: 0, unknown: { nodes: 1, copies: 1 } });
    expect(whatIf(whole(), { lost: null, disabled: null }, NOBODY).unknown).toEqual({ nodes: 0, copies: 0 });
  });

  it('a name that means several keys is not guessed', () => {
    const ids = [1, 2].map((number) => `projects/p/locations/europe-west3/keyRings/r${number}/cryptoKeys/fabric`);
    const from = facts({ keys: ids.map((each) => ({ provider: 'GCP_KMS', id: each, multiRegion: false, primary: null, copies: [copy('europe-west3', each)] })) });
    const failed = (disabled: string): unknown => {
      try {
        return whatIf(from, { lost: null, disabled }, NOBODY).concerns.length;
      } catch (error) {
        return isAppError(error) && [error.code, error.details?.['keys']];
      }
    };
    expect(failed('fabric')).toEqual(['INPUT_INVALID', ids]);
    expect(failed(ids[0] ?? '')).toBe(1);
  });
});

describe('a Google key of several versions', () => {
  const KEY = 'projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k';
  const LOCATION = 'europe-west3';
  const WRAPPED = new Map([['old', 7], ['new', 5]]);

  /** One node, one generation under each of two versions, the newest enabled. */
  function versioned(older: KmsKeyState, newest: KmsKeyState = 'enabled', ...without: string[]): RegionFacts {
    const made = { createdAt: null, cause: null };
    const versions = [{ ...made, version: '2', current: true, state: newest }, { ...made, version: '1', current: false, state: older }].filter(({ version }) => !without.includes(version));
    const under = (description: string, version: string, active: boolean) => ({ name: 'masterkey_key_name', description, active, provider: 'GCP_KMS' as const, keyId: KEY, version, place: LOCATION, key: KEY });
    return facts({
      nodes: [{ node: 'n1', file: 'x', whyNot: null, lacks: [], uses: [{ provider: 'GCP_KMS', place: LOCATION, key: KEY, keyId: KEY, whyNot: null }] }],
      generations: [under('old', '1', false), under('new', '2', true)],
      keys: [{ provider: 'GCP_KMS', id: KEY, multiRegion: false, primary: null, copies: [copy(LOCATION, KEY, { state: newest, versions: { known: true, value: versions } })] }],
      places: [place(LOCATION, { provider: 'GCP_KMS' })],
    });
  }

  it('has nothing to say of versions that are enabled', () => {
    expect(codes(versioned('enabled'))).toEqual([]);
    expect(whatIf(versioned('enabled'), { lost: null, disabled: null }, WRAPPED).nodes).toMatchObject([{ now: 'whole' }]);
  });

  it.each(['disabled', 'pending-deletion', 'unavailable'] as const)('names the generations under an older one that is %s', (state) => {
    const [found, another] = auditRegions(versioned(state), WRAPPED).findings;
    expect(another).toBeUndefined();
    expect(found).toMatchObject({ severity: 'critical', code: 'VERSION_NOT_USABLE', where: { provider: 'GCP_KMS', key: KEY, places: [LOCATION] } });
    expect(found?.what).toMatch(/Version 1 .*1 generation .*\(old; 7 instances/);
    expect(whatIf(versioned(state), { lost: null, disabled: null }, WRAPPED).nodes).toMatchObject([{ now: 'partly', then: 'partly' }]);
  });

  it('takes a version that is not there for gone', () => {
    expect(codes(versioned('enabled', 'enabled', '1'))).toEqual(['VERSION_NOT_USABLE']);
  });

  it('counts as lost only what opened before', () => {
    const outlook = whatIf(versioned('disabled'), { lost: null, disabled: KEY }, WRAPPED);
    expect(outlook).toMatchObject({ nodes: [{ now: 'partly', then: 'not', loses: ['new'], cannotActivate: true }], unreadable: 5 });
  });

  it('names everything that does not open where all versions are off', () => {
    const found = auditRegions(versioned('pending-deletion', 'pending-deletion'), WRAPPED).findings;
    expect(found.map(({ code }) => code)).toEqual(['KEY_PENDING_DELETION', 'VERSION_NOT_USABLE']);
    expect(found[0]?.what).toContain('under it: 2 generations (12 instances by the census). No copy of it is enabled anywhere.');
  });

  it('whose newest version is off loses nothing while no generation is under that', () => {
    const from = versioned('enabled', 'disabled');
    const older = { ...from, generations: from.generations.filter(({ version }) => version === '1') };
    expect(auditRegions(older, WRAPPED).findings).toMatchObject([{ code: 'KEY_NOT_USABLE', what: expect.stringContaining('no generation, and n1 would wrap under it') }]);
    expect(codes({ ...older, nodes: [] })).toEqual([]);
  });

  it('opens old generations where only the newest version is off', () => {
    const from = versioned('enabled', 'disabled');
    expect(codes(from)).toEqual(['KEY_NOT_USABLE']);
    const { what } = auditRegions(from, WRAPPED).findings[0] ?? { what: '' };
    expect(what).toContain('under it: 1 generation (5 instances by the census)');
    expect(what).toContain('1 generation under older versions still opens');
    const outlook = whatIf(from, { lost: null, disabled: KEY }, WRAPPED);
    expect(outlook).toMatchObject({ nodes: [{ now: 'not', then: 'not', loses: ['old'] }], unreadable: 7, concerns: [{ place: LOCATION, key: KEY }] });
  });
});

it('a node without settings for a KMS that wraps can not open what is under it', () => {
  const from = whole();
  const nodes = [...from.nodes, { node: 'bare', file: 'x', uses: [], lacks: ['AWS_KMS' as const], whyNot: null }];
  expect(auditRegions({ ...from, nodes }, NOBODY).findings).toMatchObject([{ severity: 'critical', code: 'NODE_LACKS_SETTINGS', where: { provider: 'AWS_KMS', nodes: ['bare'] } }]);
  expect(whatIf({ ...from, nodes }, { lost: null, disabled: null }, NOBODY).nodes.map(({ node: name, now }) => [name, now])).toEqual([...from.nodes.map(({ node: name }) => [name, 'whole']), ['bare', 'not']]);
});

const REGIONS = [WEST, EAST, SOUTH] as const;
const anyFacts = fc.record({
  keys: fc.array(fc.record({ multi: fc.boolean(), copies: fc.tuple(...REGIONS.map(() => fc.constantFrom('enabled', 'disabled', 'pending-deletion', 'no', 'unknown'))) }), { minLength: 1, maxLength: 5 }),
  nodes: fc.array(fc.record({ region: fc.constantFrom(...REGIONS), key: fc.nat() }), { maxLength: 5 }),
  generations: fc.array(fc.record({ region: fc.constantFrom(...REGIONS), key: fc.nat(), active: fc.boolean() }), { maxLength: 8 }),
}).map(({ keys, nodes, generations }): RegionFacts => {
  const made = keys.map(({ multi, copies }, index) => {
    const at = multi ? REGIONS : REGIONS.slice(0, 1);
    const name = (region: string): string => arn(region, id(index, multi));
    return key(
      name(WEST),
      at.map((region, place_) => {
        const state = copies[place_] ?? 'no';
        if (state === 'no') return none(region, name(region));
        if (state === 'unknown') return { ...none(region, name(region)), exists: 'unknown' as const };
        return copy(region, name(region), { state: state as 'enabled' });
      }),
    );
  });
  const chosen = (number: number) => made[number % made.length] as (typeof made)[number];
  return facts({
    keys: made,
    nodes: nodes.map(({ region, key: number }, index) => node(`n${index}`, region, chosen(number).id, chosen(number).id)),
    generations: generations.map(({ region, key: number, active }, index) => {
      const under = chosen(number);
      const at = under.multiRegion ? region : WEST;
      return { ...generation(`g${index}`, under.copies.find((each) => each.place === at)?.keyId ?? '', at, active), key: under.id };
    }),
    places: REGIONS.map((region) => place(region)),
  });
});
const counts = new Map(Array.from({ length: 8 }, (_, index) => [`g${index}`, 2 ** index]));

describe('whatever the facts are', () => {
  it('an audit tells of every key and node, and depends on no order', () => {
    fc.assert(
      fc.property(anyFacts, (from) => {
        const audit = auditRegions(from, counts);
        expect(audit.keys).toHaveLength(from.keys.length);
        expect(audit.nodes).toHaveLength(from.nodes.length);
        const turned = auditRegions({ ...from, keys: from.keys.toReversed(), places: from.places.toReversed() }, counts);
        const told = (findings: typeof audit.findings): string[] => findings.map((each) => JSON.stringify(each)).toSorted();
        expect(told(turned.findings)).toEqual(told(audit.findings));
      }),
      { numRuns: 200 },
    );
  });

  it('a loss never mends anything, and more of it never less', () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(...REGIONS), fc.nat(), (from, lost, number) => {
        const disabled = from.keys[number % from.keys.length]?.id ?? '';
        const one = whatIf(from, { lost, disabled: null }, counts);
        const both = whatIf(from, { lost, disabled }, counts);
        const rank = { whole: 0, partly: 1, not: 2 };
        for (const [index, { now, then, node: name }] of one.nodes.entries()) {
          expect(rank[then]).toBeGreaterThanOrEqual(rank[now]);
          expect(rank[both.nodes[index]?.then ?? 'whole']).toBeGreaterThanOrEqual(rank[then]);
          expect(both.nodes[index]?.node).toBe(name);
        }
        expect(both.unreadable).toBeGreaterThanOrEqual(one.unreadable);
        expect(both.unreadable + both.partlyUnreadable).toBeGreaterThanOrEqual(one.unreadable + one.partlyUnreadable);
        const none_ = whatIf(from, { lost: null, disabled: null }, counts);
        expect(none_).toMatchObject({ generations: [], unreadable: 0, partlyUnreadable: 0, concerns: [] });
      }),
      { numRuns: 300 },
    );
  });
});
