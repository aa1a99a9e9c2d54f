import { types, type Host } from 'cassandra-driver';
import type { ClusterNode, TopologyRepository } from '../repositories.ts';
import { keyspaceMissing } from './errors.ts';
import type { CassandraSession } from './session.ts';
import { asText } from './values.ts';

/** How long a node may take to say that it is there, in milliseconds. A stopped one keeps its connections and says nothing. */
const PATIENCE = 1_500;

/** What the cluster says about its nodes, and the driver's token map about who holds what. */
export class CassandraTopology implements TopologyRepository {
  readonly #session: CassandraSession;

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  get localDataCenter(): string {
    return this.#session.localDataCenter;
  }

  async nodes(): Promise<ClusterNode[]> {
    const nodes = await Promise.all(
      this.#session.client.hosts.values().map(async (host) => ({
        address: nodeAddress(host),
        dataCenter: host.datacenter,
        rack: host.rack,
        version: host.cassandraVersion,
        up: host.isUp() && (await this.#answers(host)),
      })),
    );
    return nodes.sort((a, b) => compare(a.dataCenter, b.dataCenter) || compare(a.address, b.address));
  }

  async stripePlaces(description: string, stripes: number): Promise<string[][]> {
    const { client, keyspaces } = this.#session;
    const replicasOf = (idx: number): Host[] | null => client.getReplicas(keyspaces.auth.name, stripePartition(description, idx)) as Host[] | null;
    // Not among the driver's keyspaces where another console made it a moment ago.
    if (replicasOf(0) === null) await client.metadata.refreshKeyspace(keyspaces.auth.name);
    return Array.from({ length: stripes }, (_, idx) => (replicasOf(idx) ?? []).map(nodeAddress));
  }

  async replication(): Promise<Readonly<Record<string, string>>> {
    const { keyspaces } = this.#session;
    const row = await this.#session.readOne('SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?', [keyspaces.auth.name]);
    if (row === null) throw keyspaceMissing({ keyspaces: [keyspaces.auth.name] });
    const entries = row['replication'] instanceof Map ? [...(row['replication'] as Map<unknown, unknown>)] : [];
    return Object.fromEntries(entries.map(([name, value]) => [asText(name), name === 'class' ? asText(value).replace(/^.*\./, '') : asText(value)]));
  }

  /** Nodes of other data centres have no connection of ours: of them the driver's word counts. */
  async #answers(host: Host): Promise<boolean> {
    const { client, localDataCenter } = this.#session;
    if (host.datacenter !== localDataCenter) return true;
    try {
      await client.execute('SELECT key FROM system.local', [], { host, readTimeout: PATIENCE, isIdempotent: false, consistency: types.consistencies.one });
      return true;
    } catch {
      return false;
    }
  }
}

/** A node's address without the port. */
export function nodeAddress({ address }: Host): string {
  return address.replace(/:\d+$/, '');
}

/**
 * The partition key of a stripe as Cassandra hashes it: each component with its length (16 bits) before and a zero byte
 * after it (CompositeType), `idx` in 32 bits, big-endian.
 */
export function stripePartition(description: string, idx: number): Buffer {
  const text = Buffer.from(description, 'utf8');
  const key = Buffer.alloc(2 + text.length + 1 + 2 + 4 + 1);
  key.writeUInt16BE(text.length, 0);
  key.set(text, 2);
  key.writeUInt16BE(4, text.length + 3);
  key.writeInt32BE(idx, text.length + 5);
  return key;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
