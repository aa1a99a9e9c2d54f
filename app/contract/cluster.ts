import { z } from 'zod';
import { channel, count, description, time } from './channel.ts';

/** A node of the database cluster, by its own list. */
export const clusterNode = z.object({
  address: z.string(),
  dataCenter: z.string(),
  rack: z.string(),
  version: z.string(),
  up: z.boolean(),
});

/** A process of the platform that went live, by `k2system.nodes`. */
export const platformNode = z.object({
  id: z.string(),
  host: z.string(),
  version: z.string(),
  /** Of the database's nodes that it asks; null where that is one file, or not known. */
  dataCenter: z.string().nullable(),
  /** Whether it told that it is there in the last three minutes; a locked one does not. */
  up: z.boolean(),
  liveSince: time,
  lastSeen: time,
  keystoreDigest: z.string().nullable(),
  notes: z.array(z.string()),
});

/** Where the bytes of one wrapped key lie. */
export const ring = z.object({
  stripes: count,
  /** In words of the database, for example "SimpleStrategy, replication_factor 1". */
  replication: z.string(),
  /** With the number of different bytes that the node holds; the most first. */
  nodes: z.array(z.object({ address: z.string(), dataCenter: z.string(), up: z.boolean(), bytes: count })),
  /** For each stripe the addresses of its replicas, the primary one first. */
  places: z.array(z.array(z.string())),
  /** Nodes that hold every byte: against whoever takes one of them the striping protects nothing. */
  holdsAll: z.array(z.string()),
  /** The smallest number of nodes whose loss loses bytes for good; null where no loss can. */
  losesWith: count.nullable(),
});

export const cluster = {
  /** null where the system database is one file. */
  'cluster.ring': channel(z.object({ description }), z.object({ ring: ring.nullable() })),
  'cluster.nodes': channel(
    /** `all`: also processes that were not seen for 30 days. */
    z.object({ all: z.boolean().optional() }),
    z.object({
      database: z.array(clusterNode).nullable(),
      replication: z.string().nullable(),
      platform: z.array(platformNode),
      /** Processes that are left out, because they were not seen for so long. */
      hidden: count,
    }),
  ),
};

export type Ring = z.infer<typeof ring>;
export type ClusterNodeView = z.infer<typeof clusterNode>;
export type PlatformNodeView = z.infer<typeof platformNode>;
