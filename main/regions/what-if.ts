import { AppError } from '../errors.ts';
import type { KmsProviderName } from '../kms/provider.ts';
import type { KeyCopy, KeyFacts, NodeFacts, RegionFacts } from './facts.ts';
import { listed } from './finding.ts';
import { stateOfVersion } from './versions.ts';

/** What is imagined: a place that does not answer, or a key that is disabled. */
export interface Supposition {
  readonly lost: string | null;
  /** {@link KeyFacts.id}, the name of one copy (then that copy alone), a key ID, or an alias. */
  readonly disabled: string | null;
}

/** How a node fares that starts then. `not`: the active generation of a name can not be unwrapped; `partly`: older ones can not. */
export type GoingLive = 'whole' | 'partly' | 'not';

export interface NodeOutlook {
  readonly node: string;
  readonly now: GoingLive;
  readonly then: GoingLive;
  /** It stands in the lost place itself. */
  readonly inLostPlace: boolean;
  /** Descriptions of the generations that it could not unwrap then, and can now. */
  readonly loses: readonly string[];
  /** Its own key to wrap new master keys under is gone then. */
  readonly cannotActivate: boolean;
}

export interface GenerationOutlook {
  readonly name: string;
  readonly description: string;
  readonly active: boolean;
  /** `all`: no node can unwrap it then. */
  readonly lostTo: 'all' | 'some';
  /** Places that still hold the key then: a node that names one as its region could unwrap it. */
  readonly elsewhere: readonly string[];
  /** Instances under it, by the census. */
  readonly instances: number;
}

export interface Outlook {
  readonly nodes: readonly NodeOutlook[];
  /** Those that a node loses. */
  readonly generations: readonly GenerationOutlook[];
  /** Instances that no node that starts then can read. */
  readonly unreadable: number;
  /** Instances that some of the nodes that start then can not read. */
  readonly partlyUnreadable: number;
  /** Copies that are imagined away, as `place key`. */
  readonly concerns: readonly { readonly place: string; readonly key: string }[];
  readonly unknown: Unknown;
}

/** What the answer had to assume. */
export interface Unknown {
  /** Nodes whose config.ini could not be read: they are left out. */
  readonly nodes: number;
  /** Copies that could not be asked: they are taken for usable, unless they are imagined away. */
  readonly copies: number;
}

/** A copy that can unwrap what a version of the key wrapped; that can wrap, where the version is null. */
type Usable = (key: KeyFacts, place: string, version: string | null) => boolean;

/**
 * What happens to nodes that start while the supposition holds. Processes that run go on with the keys that they hold. A
 * node asks its own region first where the key has a copy of the same name there, and then where the generation was
 * wrapped: no third place, whatever holds a copy.
 * @param instances by key description, from a census
 * @throws AppError `REGION_UNKNOWN`, `KMS_KEY_NOT_FOUND`; `INPUT_INVALID` where the name means several keys
 */
export function whatIf(facts: RegionFacts, { lost, disabled }: Supposition, instances: ReadonlyMap<string, number>): Outlook {
  if (lost !== null && !facts.places.some(({ place }) => place === lost) && !facts.nodes.some(({ uses }) => uses.some(({ place }) => place === lost))) throw regionUnknown(lost, facts);
  const gone = disabled === null ? [] : copiesNamed(facts, disabled);
  const now: Usable = (key, place, version) => isUsable(copyAt(key, place), version);
  const then: Usable = (key, place, version) => place !== lost && now(key, place, version) && !gone.some((one) => one.key === key && one.copy.place === place);
  const unasked = facts.keys.flatMap((key) => key.copies.filter((copy) => copy.exists === 'unknown' && then(key, copy.place, null)));

  const byId = new Map(facts.keys.map((key) => [`${key.provider} ${key.id}`, key]));
  const known: Known = { generations: facts.generations, keyOf: (provider, id) => byId.get(`${provider} ${id}`) ?? null };
  const readable = facts.nodes.filter(({ whyNot }) => whyNot === null);
  const nodes = readable.map((node) => outlookOf(node, known, now, then, lost));
  const lostBy = Map.groupBy(nodes.flatMap(({ loses }) => loses), (description) => description);
  const losses = facts.generations.flatMap((generation): GenerationOutlook[] => {
    const { name, description, active } = generation;
    if (!lostBy.has(description)) return [];
    const key = known.keyOf(generation.provider, generation.key);
    const standing = readable.filter((node) => opens(node, generation, known, then));
    const elsewhere = key === null ? [] : key.copies.filter(({ place }) => then(key, place, generation.version)).map(({ place }) => place);
    return [{ name, description, active, lostTo: standing.length === 0 ? 'all' : 'some', elsewhere, instances: instances.get(description) ?? 0 }];
  });
  const sum = (lostTo: GenerationOutlook['lostTo']): number => losses.filter((one) => one.lostTo === lostTo).reduce((total, one) => total + one.instances, 0);
  return {
    nodes,
    generations: losses,
    unreadable: sum('all'),
    partlyUnreadable: sum('some'),
    concerns: facts.keys.flatMap((key) => key.copies.filter((copy) => versionsOf(copy).some((version) => now(key, copy.place, version) && !then(key, copy.place, version))).map(({ place }) => ({ place, key: key.id }))),
    unknown: { nodes: facts.nodes.length - readable.length, copies: unasked.length },
  };
}

interface Known extends Pick<RegionFacts, 'generations'> {
  readonly keyOf: (provider: KmsProviderName, id: string) => KeyFacts | null;
}

function outlookOf(node: NodeFacts, { generations, keyOf }: Known, now: Usable, then: Usable, lost: string | null): NodeOutlook {
  const opened = (usable: Usable): Set<string> => new Set(generations.filter((generation) => opens(node, generation, { generations, keyOf }, usable)).map(({ description }) => description));
  const [before, after] = [opened(now), opened(then)];
  const live = (open: ReadonlySet<string>): GoingLive => {
    const missing = generations.filter(({ description }) => !open.has(description));
    return missing.length === 0 ? 'whole' : missing.some(({ active }) => active) ? 'not' : 'partly';
  };
  const wraps = (usable: Usable): boolean =>
    node.uses.every((use) => {
      const key = use.keyId === null ? null : keyOf(use.provider, use.keyId);
      return key === null || use.place === null || usable(key, ownPlace(key, use.place), null);
    });
  return {
    node: node.node,
    now: live(before),
    then: live(after),
    inLostPlace: lost !== null && node.uses.some(({ place }) => place === lost),
    loses: [...before].filter((description) => !after.has(description)),
    cannotActivate: wraps(now) && !wraps(then),
  };
}

function opens(node: NodeFacts, generation: RegionFacts['generations'][number], { keyOf }: Known, usable: Usable): boolean {
  const key = keyOf(generation.provider, generation.key);
  if (key === null || node.lacks.includes(generation.provider)) return false;
  const own = node.uses.find(({ provider }) => provider === generation.provider)?.place ?? null;
  const places = key.multiRegion && own !== null ? [own, generation.place] : [generation.place];
  return places.some((place) => usable(key, place, generation.version));
}

/** Where a node asks for its own key: a key of one place stays there. */
function ownPlace(key: KeyFacts, place: string): string {
  return key.multiRegion ? place : (key.copies[0]?.place ?? place);
}

/** What could not be asked is taken for usable, and counted in {@link Outlook.unknown}. */
function isUsable(copy: KeyCopy | undefined, version: string | null): boolean {
  if (copy === undefined || copy.exists === 'no') return false;
  return copy.exists === 'unknown' || stateOfVersion(copy, version) === 'enabled';
}

/** What can be asked of a copy: to wrap (null), and to unwrap what each version wrapped. */
function versionsOf({ versions }: KeyCopy): readonly (string | null)[] {
  return [null, ...(versions.known ? versions.value.map(({ version }) => version) : [])];
}

function copyAt(key: KeyFacts, place: string): KeyCopy | undefined {
  return key.copies.find((copy) => copy.place === place);
}

/** @throws AppError `KMS_KEY_NOT_FOUND`, `INPUT_INVALID` */
function copiesNamed({ keys }: RegionFacts, name: string): { key: KeyFacts; copy: KeyCopy }[] {
  const all = keys.flatMap((key) => key.copies.map((copy) => ({ key, copy })));
  const one = all.filter(({ key, copy }) => copy.keyId === name && key.copies.some((other) => other.keyId !== name));
  if (one.length > 0) return one;
  const found = all.filter(({ key, copy }) => key.id === name || copy.keyId === name || key.id.endsWith(`/${name}`) || (copy.aliases.known && copy.aliases.value.includes(name)));
  const meant = [...new Set(found.map(({ key }) => key.id))];
  if (meant.length > 1) {
    throw new AppError('INPUT_INVALID', `"${name.slice(0, 200)}" means ${meant.length} keys: ${listed(meant)}. Disabling one of them is not disabling the other.`, 'Name it as the audit does (fkc regions audit), or by its ARN or resource name.', { details: { keys: meant } });
  }
  if (found.length > 0) return found;
  throw new AppError('KMS_KEY_NOT_FOUND', `No node and no generation needs a KMS key "${name.slice(0, 200)}": disabling it changes nothing here.`, 'Take a key from the audit (fkc regions audit): its ID, ARN or alias.', { details: { keyId: name.slice(0, 200) } });
}

function regionUnknown(lost: string, { places }: RegionFacts): AppError {
  return new AppError('REGION_UNKNOWN', `No node and no KMS key is in "${lost.slice(0, 80)}": losing it changes nothing here.`, `Take one of these: ${places.map(({ place }) => place).join(', ') || 'none is known yet'}.`, { details: { region: lost.slice(0, 80) } });
}
