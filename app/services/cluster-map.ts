import { findRingRisks } from '../../main/masterkey/ring-risks.ts';
import { AppError } from '../../main/errors.ts';
import type { ClusterNode } from '../../main/systemdb/repositories.ts';
import type { Output } from '../contract/index.ts';
import type { Ring } from '../contract/cluster.ts';
import type { Cluster } from './cluster.ts';
import { SEEN_EVERY_MS } from './node-presence.ts';

/** A process that was not seen for so long is no node any more, in milliseconds. */
const FORGOTTEN_MS = 30 * 24 * 60 * 60_000;
/** A process that did not tell three times that it is there ended, is locked, or can not reach the database. */
const DOWN_MS = 3 * SEEN_EVERY_MS;

/** Which node holds what: the stripes of a key on the ring, and the nodes of database and platform. */
export class ClusterMap {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * Where the bytes of a generation lie; null where the system database is one file.
   * @throws AppError `KEY_DESCRIPTION_UNKNOWN`, `DATABASE_*`
   */
  async ring(description: string): Promise<Ring | null> {
    const { db } = this.#cluster;
    const facts = await db.keys.get(description);
    if (facts === null) {
      throw new AppError('KEY_DESCRIPTION_UNKNOWN', `The system database knows no key "${description}".`, 'Copy the key description from the list of master keys.', {
        details: { description },
      });
    }
    return this.ringOf(description, facts.stripes);
  }

  /** As {@link ring}, also of a key that is yet to be stored. */
  async ringOf(description: string, stripes: number): Promise<Ring | null> {
    const { topology } = this.#cluster.db;
    if (topology === null) return null;
    const [places, nodes, replication] = await Promise.all([topology.stripePlaces(description, stripes), topology.nodes(), topology.replication()]);
    return { stripes, replication: inWords(replication), nodes: withBytes(nodes, places), places: places.map((replicas) => [...replicas]), ...findRingRisks(places) };
  }

  /**
   * The nodes of the database, by its own list, and those of the platform, by `k2system.nodes`. That list only grows, as
   * every process is an entry of its own: those not seen for {@link FORGOTTEN_MS} are counted, and told only with `all`.
   */
  async nodes(all = false): Promise<Output<'cluster.nodes'>> {
    const { nodes, topology } = this.#cluster.db;
    const now = this.#cluster.now();
    const known = (await nodes.list()).map((node) => ({ ...node, up: now - node.lastSeen <= DOWN_MS, notes: [...node.notes] }));
    const since = now - FORGOTTEN_MS;
    const platform = all ? known : known.filter(({ lastSeen }) => lastSeen >= since);
    const hidden = known.length - platform.length;
    if (topology === null) return { database: null, replication: null, platform, hidden };
    return { database: (await topology.nodes()).map((node) => ({ ...node })), replication: inWords(await topology.replication()), platform, hidden };
  }
}

/** A way in which the stripes of a key lie badly. */
export interface RingRisk {
  /** What it comes to, before the names of the keys that it concerns. */
  readonly means: string;
  readonly evidence: string;
  readonly remedy: string;
}

/** What is wrong with where the stripes lie; none where nothing is. */
export function ringRisks({ holdsAll, losesWith, replication, nodes }: Ring): RingRisk[] {
  const found: RingRisk[] = [];
  if (holdsAll.length > 0) {
    const all = holdsAll.length === nodes.length ? (nodes.length === 1 ? 'The only node holds' : 'Every node holds') : `${holdsAll.join(', ')} ${holdsAll.length === 1 ? 'holds' : 'hold'}`;
    found.push({
      means: 'Whoever takes one node has every byte of the wrapped key of',
      evidence: `${all} every byte of the wrapped key (${replication}): the striping protects nothing against whoever takes such a node.`,
      remedy: 'Have more nodes than replicas: add nodes, or lower the replication factor of the k2auth keyspace, and repair it (nodetool repair).',
    });
  }
  if (losesWith === 1) {
    found.push({
      means: 'Losing one node loses the key of',
      evidence: `Each byte lies on one node only (${replication}): losing any one node that holds some loses the key, and all data under it.`,
      remedy: 'Raise the replication factor of the k2auth keyspace to 2 or more, and repair it (nodetool repair).',
    });
  }
  return found;
}

/** The same in one sentence each. */
export function ringWarnings(ring: Ring): string[] {
  return ringRisks(ring).map(({ evidence }) => evidence);
}

/** Every node of the cluster with the number of stripes that it holds, the most first. */
function withBytes(nodes: readonly ClusterNode[], places: readonly (readonly string[])[]): Ring['nodes'] {
  const bytes = new Map<string, number>();
  for (const address of places.flat()) bytes.set(address, (bytes.get(address) ?? 0) + 1);
  return nodes
    .map(({ address, dataCenter, up }) => ({ address, dataCenter, up, bytes: bytes.get(address) ?? 0 }))
    .sort((a, b) => b.bytes - a.bytes || (a.address < b.address ? -1 : 1));
}

function inWords({ class: strategy = '', ...factors }: Readonly<Record<string, string>>): string {
  return [strategy.split('.').at(-1), ...Object.entries(factors).map(([key, value]) => `${key} ${value}`)].join(', ');
}
