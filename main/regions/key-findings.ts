import { differenceFindings } from './differences.ts';
import type { KeyFacts, NodeFacts, RegionFacts } from './facts.ts';
import { finding, listed, several, type RegionFinding } from './finding.ts';
import { spansRegions } from './identity.ts';
import { versionFindings } from './version-findings.ts';
import { stateOfVersion } from './versions.ts';

/** What is to be said of each key: its copies against each other, against the nodes and against the generations under it. */
export function keyFindings(facts: RegionFacts, instances: ReadonlyMap<string, number>): RegionFinding[] {
  const users = usersByKey(facts);
  const generations = Map.groupBy(facts.generations, ({ provider, key }) => `${provider} ${key}`);
  const nodePlaces = placesByProvider(facts.nodes);
  return facts.keys.flatMap((key) => {
    const id = `${key.provider} ${key.id}`;
    const used = users.get(id) ?? [];
    const under = generations.get(id) ?? [];
    const dependents = dependentsOf(under, instances);
    return [
      ...unusable(key, under, instances, used),
      ...versionFindings(key, under, instances),
      ...missing(key, dependents, used),
      ...differenceFindings(key, used.map(({ place }) => place)),
      ...(under.length === 0 ? [] : inOneRegion(key, dependents, nodePlaces.get(key.provider) ?? [])),
    ];
  });
}

interface User {
  readonly node: string;
  readonly place: string;
}

/** What needs a key, as part of a sentence; null where nothing does. */
function dependentsOf(generations: RegionFacts['generations'], instances: ReadonlyMap<string, number>): string | null {
  if (generations.length === 0) return null;
  const under = generations.reduce((sum, { description }) => sum + (instances.get(description) ?? 0), 0);
  return `${several(generations.length, 'generation')} (${several(under, 'instance')} by the census)`;
}

function unusable(key: KeyFacts, under: RegionFacts['generations'], instances: ReadonlyMap<string, number>, users: readonly User[]): RegionFinding[] {
  const off = key.copies.filter(({ exists, state }) => exists === 'yes' && state !== 'enabled');
  // An older version may go on opening what it wrapped, and then nothing of that is lost.
  const shut = under.filter(({ version }) => off.some((copy) => stateOfVersion(copy, version) !== 'enabled'));
  const dependents = dependentsOf(shut, instances);
  if (off.length === 0 || (dependents === null && users.length === 0)) return [];
  const left = key.copies.filter(({ exists, state }) => exists === 'yes' && state === 'enabled').map(({ place }) => place);
  const needed = dependents ?? `no generation, and ${listed(users.map(({ node }) => node))} would wrap under it`;
  const older = shut.length < under.length ? `; ${several(under.length - shut.length, 'generation')} under older versions still ${under.length - shut.length === 1 ? 'opens' : 'open'}` : '';
  const rest = `${left.length === 0 ? 'No copy of it is enabled anywhere' : `It is enabled in ${listed(left)}`}${older}`;
  return [...Map.groupBy(off, ({ state }) => state)].map(([state, copies]) => {
    const places = copies.map(({ place }) => place);
    const nodes = users.filter(({ place }) => places.includes(place)).map(({ node }) => node);
    const where = { provider: key.provider, key: key.id, places, nodes };
    const severity = left.length === 0 || nodes.length > 0 ? 'critical' : 'warning';
    if (state !== 'pending-deletion') {
      return finding(severity, 'KEY_NOT_USABLE', where, `The key is ${state ?? 'in an unknown state'} in ${listed(places)}; under it: ${needed}. ${rest}.`, state === 'unavailable' ? LOST : 'Enable it there (fkc kms enable), or move what is under it to another key first (fkc kms replace, then a rekey).');
    }
    const at = copies.flatMap(({ deletionAt }) => (deletionAt === null ? [] : [deletionAt]));
    const until = at.length === 0 ? '' : ` on ${new Date(Math.min(...at)).toISOString().slice(0, 10)}`;
    return finding('critical', 'KEY_PENDING_DELETION', where, `The key will be deleted${until} in ${listed(places)}; under it: ${needed}. ${rest}.`, 'Cancel the deletion now (fkc kms cancel-deletion), and enable the key again.');
  });
}

const LOST = 'Look at it there: a key that was revoked or destroyed does not come back. While a node that runs still holds what is under it, move that to another key (fkc kms replace, then a rekey).';

function missing(key: KeyFacts, dependents: string | null, users: readonly User[]): RegionFinding[] {
  const absent = key.copies.filter(({ exists }) => exists === 'no').map(({ place }) => place);
  const where = { provider: key.provider, key: key.id };
  if (absent.length === key.copies.length && dependents !== null) {
    return [finding('critical', 'GENERATION_KEY_MISSING', { ...where, places: absent, nodes: users.map(({ node }) => node) }, `The key exists nowhere that was asked, and ${dependents} are under it: no node that starts now can unwrap them.`, 'If it lies in another account or region, give these credentials a way to it; if it was deleted, restore what is under it from a backup.')];
  }
  const waiting = users.filter(({ place }) => absent.includes(place));
  if (waiting.length === 0) return [];
  const places = [...new Set(waiting.map(({ place }) => place))];
  const there = key.copies.filter(({ exists }) => exists === 'yes').map(({ place }) => place);
  const remedy = key.multiRegion ? `Replicate it there${there.length === 0 ? '' : ` from ${key.primary ?? there[0] ?? ''}`}, with the policy, grants and aliases that it has elsewhere.` : 'A key of one region can not be copied: replace it by a multi-Region key (fkc kms replace), or name a key of that region.';
  return [finding('critical', 'KEY_MISSING_IN_REGION', { ...where, places, nodes: waiting.map(({ node }) => node) }, `The key that ${listed(waiting.map(({ node }) => node))} ${waiting.length === 1 ? 'names' : 'name'} does not exist in ${listed(places)}, where ${waiting.length === 1 ? 'that node is' : 'those nodes are'}.`, remedy)];
}

function inOneRegion(key: KeyFacts, dependents: string | null, nodePlaces: readonly string[]): RegionFinding[] {
  const there = key.copies.filter(({ exists }) => exists === 'yes').map(({ place }) => place);
  const [only] = there;
  const unknown = key.copies.some(({ exists }) => exists === 'unknown');
  if (only === undefined || there.length > 1 || unknown || dependents === null || spansRegions(key.provider, only)) return [];
  const others = nodePlaces.filter((place) => place !== only);
  if (others.length === 0) return [];
  return [
    finding(
      'warning',
      'GENERATION_IN_ONE_REGION',
      { provider: key.provider, key: key.id, places: [only] },
      `The key exists in ${only} alone, while nodes are also in ${listed(others)}; under it: ${dependents}. If ${only} is lost, no node that starts can unwrap them.`,
      key.multiRegion ? 'Replicate it to the other regions.' : key.provider === 'KMIP_KMS' ? SERVERS : 'Move what is under it to a key that several regions hold (an AWS multi-Region key, a GCP multi-region location): fkc kms replace, then a rekey.',
    ),
  ];
}

const SERVERS = 'KMIP has no copies of a key at other servers. Let several servers with the same keys answer to that name (a cluster of its maker), or move what is under it to a KMS that keeps a key in several regions: fkc kms replace, then a rekey.';

function usersByKey({ nodes }: RegionFacts): Map<string, User[]> {
  const users = new Map<string, User[]>();
  for (const { node, uses } of nodes) {
    for (const { provider, place, keyId } of uses) {
      if (place === null || keyId === null) continue;
      const id = `${provider} ${keyId}`;
      users.set(id, [...(users.get(id) ?? []), { node, place }]);
    }
  }
  return users;
}

function placesByProvider(nodes: readonly NodeFacts[]): Map<string, string[]> {
  const uses = nodes.flatMap((node) => node.uses);
  return new Map([...Map.groupBy(uses, ({ provider }) => provider)].map(([provider, own]) => [provider, [...new Set(own.flatMap(({ place }) => (place === null ? [] : [place])))]]));
}
