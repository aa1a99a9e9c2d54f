import type { KmsProviderName } from '../kms/provider.ts';
import type { KeyCopy, KeyFacts, KmsGeneration, NameFacts, NodePlan, NodeUse, PlannedUse, RegionFacts } from './facts.ts';
import { awsOwner, identify, type KeyIdentity } from './identity.ts';
import { AskedPlace, isMissing, type OpenPlace } from './place.ts';
import { cancelled, stoppable } from './stoppable.ts';

export interface GatherOptions {
  readonly nodes: readonly NodePlan[];
  readonly generations: readonly KmsGeneration[];
  readonly open: OpenPlace;
  /** Keys that are asked about at once in each place; each asks several things. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Counts keys in places; the total grows when a KMS names a replica that nobody knew. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** The budgets of the providers bound the pace; this only has to keep them busy. */
const CONCURRENCY = 16;

/**
 * Asks every KMS, in every place that a node or a generation names, and where a KMS says that a replica is, about every
 * key that one of them names. A place that fails keeps no other from being asked.
 * @throws AppError `CANCELLED` alone: all else is part of what is found
 */
export async function gatherRegions(options: GatherOptions): Promise<RegionFacts> {
  const gathering = new Gathering(options);
  try {
    return await stoppable(gathering.run(), options.signal);
  } finally {
    gathering.close();
  }
}

/** What a name means in a place. */
type Meaning = (provider: KmsProviderName, place: string, name: string) => ReturnType<AskedPlace['meaning']>;

interface Sought {
  readonly key: KeyIdentity;
  readonly copies: KeyCopy[];
  primary: string | null;
  /** Replicas were asked for, or there can be none. */
  traced: boolean;
  readonly places: Set<string>;
}

class Gathering {
  readonly #options: GatherOptions;
  readonly #places = new Map<string, AskedPlace>();
  readonly #sought = new Map<string, Sought>();
  readonly #names: NameFacts[] = [];
  #done = 0;
  #total = 0;

  constructor(options: GatherOptions) {
    this.#options = options;
  }

  async run(): Promise<RegionFacts> {
    const { nodes, generations } = this.#options;
    for (const { provider, place } of generations) this.#place(provider, place);
    for (const { provider, place } of nodes.flatMap(({ uses }) => uses)) if (place !== null) this.#place(provider, place);
    const resolved = await this.#resolve();
    const known = generations.map((generation) => ({ ...generation, key: this.#seek(identify(generation.provider, generation.keyId, generation.place), generation.place).key.id }));
    await this.#askAll();
    return {
      nodes: nodes.map((node) => ({ ...node, uses: node.uses.map((use) => resolved.get(use) ?? { ...use, keyId: null, whyNot: null }) })),
      generations: known,
      places: [...this.#places.values()].map(({ facts }) => facts),
      keys: [...this.#sought.values()].map(factsOf),
      names: this.#names,
    };
  }

  close(): void {
    for (const place of this.#places.values()) place.close();
  }

  /** What each node's name means where the node is, and an alias also where the other nodes are. */
  async #resolve(): Promise<Map<PlannedUse, NodeUse>> {
    const uses = this.#options.nodes.flatMap((node) => node.uses);
    const asked = new Map<string, ReturnType<Meaning>>();
    const meaning: Meaning = (provider, place, name) => {
      const id = JSON.stringify([provider, place, name]);
      const known = asked.get(id);
      if (known !== undefined) return known;
      const asking = this.#place(provider, place).meaning(name);
      asked.set(id, asking);
      return asking;
    };
    const resolved = new Map<PlannedUse, NodeUse>();
    for (const use of uses) {
      const place = use.place ?? awsOwner(use.key)?.place ?? null;
      if (place === null) continue;
      this.#stopIfAsked();
      // A key's ARN needs nobody to say what it means, even where its Region is silent.
      const named = identify(use.provider, use.key);
      if (use.provider === 'AWS_KMS' && named.home !== null) {
        resolved.set(use, { ...use, keyId: this.#seek(named, place).key.id, whyNot: null });
        continue;
      }
      const said = await meaning(use.provider, place, use.key);
      const keyId = said.known ? this.#seek(identify(use.provider, said.value, place), place).key.id : null;
      resolved.set(use, { ...use, keyId, whyNot: said.known ? null : said.whyNot });
    }
    for (const [use, found] of resolved) if (found.keyId === null) resolved.set(use, { ...found, keyId: this.#bySameName(found) });
    await this.#meaningsElsewhere(uses, meaning);
    return resolved;
  }

  /** A multi-Region key's ID says which key it is also where it is missing. */
  #bySameName({ provider, key }: NodeUse): string | null {
    if (!key.startsWith('mrk-')) return null;
    const same = [...this.#sought.values()].filter((sought) => sought.key.provider === provider && sought.key.id.endsWith(`/${key}`));
    return same.length === 1 ? (same[0]?.key.id ?? null) : null;
  }

  async #meaningsElsewhere(uses: readonly PlannedUse[], meaning: Meaning): Promise<void> {
    const aliases = new Set(uses.filter(({ provider, key }) => provider === 'AWS_KMS' && key.startsWith('alias/')).map(({ key }) => key));
    const places = new Set(uses.flatMap(({ provider, place }) => (provider === 'AWS_KMS' && place !== null ? [place] : [])));
    for (const name of aliases) {
      for (const place of places) {
        this.#stopIfAsked();
        const said = await meaning('AWS_KMS', place, name);
        if (said.known) this.#names.push({ provider: 'AWS_KMS', place, name, keyId: this.#seek(identify('AWS_KMS', said.value), place).key.id });
        else if (isMissing(said)) this.#names.push({ provider: 'AWS_KMS', place, name, keyId: null });
      }
    }
  }

  /** A key of several Regions is looked for in every place that is asked at all, another where it is said to be. */
  #seek(key: KeyIdentity, place: string): Sought {
    const known = this.#sought.get(`${key.provider} ${key.id}`);
    const sought = known ?? { key, copies: [], primary: null, traced: !key.multiRegion, places: new Set<string>() };
    if (known === undefined) this.#sought.set(`${key.provider} ${key.id}`, sought);
    sought.places.add(key.multiRegion ? place : (key.home ?? place));
    this.#place(key.provider, key.home ?? place);
    return sought;
  }

  async #askAll(): Promise<void> {
    for (const sought of this.#sought.values()) {
      if (!sought.key.multiRegion) continue;
      for (const { provider, place } of this.#places.values()) if (provider === sought.key.provider) sought.places.add(place);
    }
    for (let left = this.#unasked(); left.length > 0; left = this.#unasked()) {
      this.#total += left.length;
      this.#tell();
      const byPlace = Map.groupBy(left, ({ place }) => place);
      await Promise.all([...byPlace].map(([place, units]) => this.#askPlace(place, units.map(({ sought }) => sought))));
    }
  }

  #unasked(): { readonly place: AskedPlace; readonly sought: Sought }[] {
    return [...this.#sought.values()].flatMap((sought) =>
      [...sought.places].filter((place) => !sought.copies.some((copy) => copy.place === place)).map((place) => ({ place: this.#place(sought.key.provider, place), sought })),
    );
  }

  async #askPlace(place: AskedPlace, keys: readonly Sought[]): Promise<void> {
    const queue = keys.values();
    const worker = async (): Promise<void> => {
      for (const sought of queue) {
        this.#stopIfAsked();
        const copy = await place.copy(sought.key);
        sought.copies.push(copy);
        if (copy.exists === 'yes' && !sought.traced) await this.#trace(place, sought);
        this.#done += 1;
        this.#tell();
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#options.concurrency ?? CONCURRENCY, keys.length) }, worker));
  }

  async #trace(place: AskedPlace, sought: Sought): Promise<void> {
    sought.traced = true;
    const told = await place.replicas(sought.key);
    if (told === null) return;
    sought.primary = told.primary.location;
    for (const { location } of [told.primary, ...told.replicas]) sought.places.add(location);
  }

  #place(provider: KmsProviderName, place: string): AskedPlace {
    const id = `${provider} ${place}`;
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const made = new AskedPlace(provider, place, this.#options.open);
    this.#places.set(id, made);
    return made;
  }

  #tell(): void {
    this.#options.onProgress?.({ done: this.#done, total: this.#total });
  }

  #stopIfAsked(): void {
    if (this.#options.signal?.aborted === true) throw cancelled();
  }
}

function factsOf({ key, copies, primary }: Sought): KeyFacts {
  return { provider: key.provider, id: key.id, multiRegion: key.multiRegion, primary, copies: copies.toSorted((a, b) => (a.place < b.place ? -1 : 1)) };
}
