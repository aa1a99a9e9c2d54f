import type { StandingCensus } from '../../main/census/standing.ts';
import { AppError } from '../../main/errors.ts';
import { fromStored } from '../../main/kms/stored.ts';
import { generationsOf } from '../../main/masterkey/generations.ts';
import { auditRegions, type RegionAudit } from '../../main/regions/audit.ts';
import type { KmsGeneration, NodeFacts, RegionFacts } from '../../main/regions/facts.ts';
import { gatherRegions } from '../../main/regions/gather.ts';
import type { OpenPlace } from '../../main/regions/place.ts';
import { stoppable } from '../../main/regions/stoppable.ts';
import { whatIf, type Supposition } from '../../main/regions/what-if.ts';
import type { OutlookView, RegionAuditView, RegionNodeView } from '../contract/regions.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import type { JobRun, Jobs, Started } from './jobs.ts';
import { placesOf, readNodes, type ReadNode } from './region-places.ts';

interface Audited {
  readonly at: number;
  readonly facts: RegionFacts;
  readonly view: RegionAuditView;
}

/** How a place is asked; a test puts its own in its place. */
export type OpenPlaces = (profile: Profile, nodes: readonly ReadNode[]) => OpenPlace;

/** The multi-region audit: which key is where, in what its copies differ, and what would be lost with a region. */
export class RegionAudits {
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #jobs: Jobs;
  readonly #profiles: Profiles;
  readonly #places: OpenPlaces;
  #last: Audited | null = null;
  #running: Started<RegionAuditView> | null = null;

  constructor(cluster: Cluster, censuses: Censuses, jobs: Jobs, profiles: Profiles, places: OpenPlaces = (profile, nodes) => placesOf(profile, nodes, process.env, cluster.credentials)) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.#jobs = jobs;
    this.#profiles = profiles;
    this.#places = places;
  }

  /** What config.ini says of every node, and the last audit of this process; asks no KMS. */
  async last(): Promise<{ nodes: RegionNodeView[]; audit: RegionAuditView | null }> {
    const nodes = await readNodes(await this.#profile());
    return { nodes: nodes.map((node) => nodeView({ ...node, uses: node.uses.map((use) => ({ ...use, keyId: null, whyNot: null })) })), audit: this.#last?.view ?? null };
  }

  /** Starts an audit as a job; one that runs is joined. Needs no plain key. */
  start(): Started<RegionAuditView> {
    if (this.#running !== null) return this.#running;
    const { id, ended } = this.#jobs.start('regions', 'Audit of the regions', (run) => this.#audit(run));
    // Who waits for it goes on after it is forgotten: the next one asks anew.
    const started = { id, ended: ended.finally(() => (this.#running = null)) };
    started.ended.catch(() => undefined);
    this.#running = started;
    return started;
  }

  /** @throws AppError `CONFIG_NODES_MISSING`, `CANCELLED`, `DATABASE_*`; that a KMS fails is part of what is found */
  audit(): Promise<RegionAuditView> {
    return this.start().ended;
  }

  /** What would no longer work, by the last audit and the census, which is renewed first where it is too old. @throws AppError `REGION_NOT_AUDITED`, `REGION_UNKNOWN`, `KMS_KEY_NOT_FOUND`, `INPUT_INVALID` */
  async whatIf(supposition: Supposition): Promise<OutlookView> {
    const last = this.#last;
    if (last === null) throw new AppError('REGION_NOT_AUDITED', 'The regions were not audited yet, so that nothing is known of what would be lost.', 'Audit them first: fkc regions audit');
    const census = await this.#censuses.renewed();
    const { nodes, generations, unreadable, partlyUnreadable, concerns, unknown } = whatIf(last.facts, supposition, instancesOf(census));
    return {
      nodes: nodes.map(({ node, now, then, inLostPlace, loses, cannotActivate }) => ({ node, now, then, inLostRegion: inLostPlace, loses: loses.length, cannotActivate })),
      generations: generations.map((generation) => ({ ...generation, elsewhere: [...generation.elsewhere] })),
      unreadable,
      partlyUnreadable,
      concerns: concerns.map(({ place, key }) => ({ region: place, key })),
      unknown,
      census: censusState(census),
      auditedAt: last.at,
    };
  }

  async #audit({ signal, progress }: JobRun): Promise<RegionAuditView> {
    const profile = await this.#profile();
    return this.#cluster.guarded('regions.audit', profile.name, {}, async (note) => {
      const nodes = await readNodes(profile);
      if (nodes.length === 0) throw nodesMissing(profile.name);
      // Counted while the KMSs are asked. A census is a job of its own, and goes on where the audit is stopped.
      const counting = this.#censuses.renewed();
      counting.catch(() => undefined);
      const facts = await gatherRegions({
        nodes: nodes.map(({ node, file, uses, lacks, whyNot }) => ({ node, file, uses, lacks, whyNot })),
        generations: await this.#generations(),
        open: this.#places(profile, nodes),
        signal,
        onProgress: ({ done, total }) => progress({ done, total, failed: 0 }),
      });
      const census = await stoppable(counting, signal);
      const at = this.#cluster.now();
      const view = auditView(auditRegions(facts, instancesOf(census)), at, census);
      this.#last = { at, facts, view };
      note({ nodes: view.nodes.length, keys: view.keys.length, regions: view.regions.map(({ region }) => region).join(' '), findings: view.findings.length, requests: view.requests, throttled: view.throttled });
      return view;
    });
  }

  /** Generations that a KMS wraps. One whose stored wrapping is not understood is told by `fkc keys verify`. */
  async #generations(): Promise<KmsGeneration[]> {
    const { keys } = this.#cluster.db;
    return generationsOf(await keys.list(), await keys.activations()).flatMap(({ name, description, state, wrapping }) => {
      if (wrapping['kind'] !== 'kms') return [];
      try {
        const { provider, keyId, keyVersion, location } = fromStored(wrapping);
        return [{ name, description, active: state === 'active', provider, keyId, version: keyVersion, place: location }];
      } catch {
        return [];
      }
    });
  }

  /** Read anew: nodes may have been added since it was opened. */
  #profile(): Promise<Profile> {
    return this.#profiles.get(this.#cluster.profile.name);
  }
}

function auditView({ nodes, keys, places, findings }: RegionAudit, at: number, census: StandingCensus): RegionAuditView {
  return {
    at,
    nodes: nodes.map(nodeView),
    keys: keys.map((key) => ({
      ...key,
      nodes: [...key.nodes],
      regions: key.regions.map((copy) => ({ ...copy, aliases: copy.aliases === null ? null : [...copy.aliases], tags: copy.tags === null ? null : { ...copy.tags } })),
      differs: key.differs.map(({ code, groups }) => ({ code, groups: groups.map(({ value, places: alike }) => ({ value, places: [...alike] })) })),
    })),
    regions: places.map(({ place, ...rest }) => ({ ...rest, region: place })),
    findings: findings.map(({ where, ...rest }) => ({ ...rest, where: { provider: where.provider, key: where.key, regions: [...where.places], nodes: [...where.nodes] } })),
    requests: places.reduce((sum, { requests }) => sum + requests, 0),
    throttled: places.reduce((sum, { throttled }) => sum + throttled, 0),
    census: censusState(census),
  };
}

function nodeView({ node, file, uses, whyNot }: NodeFacts): RegionNodeView {
  return { node, file, uses: uses.map(({ provider, place, key, keyId, whyNot: unknown }) => ({ provider, region: place, key, keyId, whyNot: unknown })), whyNot };
}

function instancesOf({ rows }: StandingCensus): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { keyDescription, instances } of rows) counts.set(keyDescription, (counts.get(keyDescription) ?? 0) + instances);
  return counts;
}

function nodesMissing(profile: string): AppError {
  return new AppError('CONFIG_NODES_MISSING', `Profile "${profile}" names no node, so that no config.ini is known. No KMS was asked.`, `Add each node's own: fkc profile node ${profile} add NODE --config-ini FILE`);
}
