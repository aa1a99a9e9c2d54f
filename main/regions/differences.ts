import type { Fact, KeyCopy, KeyFacts } from './facts.ts';
import { finding, listed, type RegionFinding, type RegionFindingCode } from './finding.ts';

/** One thing in which copies of a key can differ, and the places that have it alike. */
export interface Difference {
  readonly code: RegionFindingCode;
  /** Each group has the same value; at least two groups. */
  readonly groups: readonly { readonly value: string; readonly places: readonly string[] }[];
}

interface Compared {
  readonly code: RegionFindingCode;
  readonly what: string;
  readonly remedy: string;
  /** Equal texts mean equal values; null where it is not known. */
  readonly valueOf: (copy: KeyCopy) => string | null;
  /** The values are short words that a sentence can show. */
  readonly shown: boolean;
}

const COMPARED: readonly Compared[] = [
  { code: 'STATE_DIFFERS', what: 'is not in the same state everywhere', shown: true, valueOf: (copy) => copy.state, remedy: 'A KMS changes the state of one copy alone: bring each copy into the state that is meant (fkc kms enable, fkc kms disable).' },
  {
    code: 'ROTATION_DIFFERS',
    what: 'does not rotate alike everywhere',
    shown: true,
    valueOf: (copy) => mapped(copy.rotation, ({ everyDays }) => (everyDays === null ? 'no rotation' : `every ${everyDays} days`)),
    remedy: 'Rotation is set at the primary and reaches its replicas: look at the primary, and whether its last change has arrived.',
  },
  { code: 'ALIASES_DIFFER', what: 'has different aliases', shown: true, valueOf: (copy) => mapped(copy.aliases, (names) => names.toSorted().join(', ') || 'none'), remedy: 'Aliases belong to one Region: create the missing ones there, or name the key by its ID in every config.ini.' },
  { code: 'TAGS_DIFFER', what: 'has different tags', shown: false, valueOf: (copy) => mapped(copy.tags, (tags) => sorted(tags)), remedy: 'Tags are not copied to replicas: set them alike where access or costs depend on them.' },
  {
    code: 'POLICY_DIFFERS',
    what: 'has different policies',
    shown: false,
    valueOf: (copy) => mapped(copy.policy, (policy) => sorted(readPolicy(withoutPlace(policy, copy.place)))),
    remedy: 'A key policy belongs to one copy: compare the two, and put the one that is meant onto every copy, so that nodes everywhere may use the key.',
  },
  {
    code: 'GRANTS_DIFFER',
    what: 'has different grants',
    shown: false,
    valueOf: (copy) => mapped(copy.grants, (grants) => sorted(grants.map(({ grantee, operations }) => `${withoutPlace(grantee, copy.place)} ${operations.toSorted().join(' ')}`).toSorted())),
    remedy: 'Grants belong to one copy: create the missing ones there, or revoke what is not meant.',
  },
];

/** In what the copies of a key differ; what could not be learnt of a copy is no difference. */
export function differences({ copies }: KeyFacts): Difference[] {
  return COMPARED.flatMap(({ code, valueOf }) => {
    const known = copies.filter(({ exists }) => exists === 'yes').flatMap((copy) => {
      const value = valueOf(copy);
      return value === null ? [] : [{ place: copy.place, value }];
    });
    const groups = [...Map.groupBy(known, ({ value }) => value)].map(([value, same]) => ({ value, places: same.map(({ place }) => place) }));
    return groups.length < 2 ? [] : [{ code, groups }];
  });
}

/** @param inUse places where a node wraps under the key: a copy there that is off stops work */
export function differenceFindings(key: KeyFacts, inUse: readonly string[]): RegionFinding[] {
  return differences(key).flatMap(({ code, groups }) => {
    const compared = COMPARED.find((each) => each.code === code);
    if (compared === undefined) return [];
    const places = groups.map((group) => `${listed(group.places)}${compared.shown ? ` (${group.value})` : ''}`);
    const stops = code === 'STATE_DIFFERS' && groups.some((group) => group.value !== 'enabled' && group.places.some((place) => inUse.includes(place)));
    const what = `The key ${compared.what}: ${compared.shown ? listed(places) : `${places.join(' against ')}`}.`;
    return [finding(stops ? 'critical' : 'warning', code, { provider: key.provider, key: key.id, places: groups.flatMap((group) => group.places) }, what, compared.remedy)];
  });
}

function mapped<T>(fact: Fact<T>, map: (value: T) => string): string | null {
  return fact.known ? map(fact.value) : null;
}

/** A policy that names its own Region in each copy (kms:ViaService, ARNs) says the same everywhere. */
function withoutPlace(text: string, place: string): string {
  return text.replaceAll(place, '(here)');
}

function readPolicy(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** JSON with the keys of every object in order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) : inner,
  );
}
