import type { CassandraProfile, Profile } from '../profiles.ts';

/** The options of `fkc profile create` that tell how a Cassandra cluster is reached. */
export interface ClusterOptions {
  readonly sqlite?: string;
  readonly contactPoints?: string;
  readonly localDc?: string;
  readonly suffix?: string;
  readonly replication?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** What is wrong with them as a command line; null where nothing is. */
export function clusterMistake(options: ClusterOptions): string | null {
  const { sqlite, contactPoints, user, passwordFile, tlsCa, tlsCert, tlsKey } = options;
  if ((sqlite === undefined) === (contactPoints === undefined)) return 'give either --sqlite <file> or --contact-points <hosts>';
  if (passwordFile !== undefined && user === undefined) return '--password-file needs --user <name>';
  if ((tlsCert === undefined) !== (tlsKey === undefined)) return '--tls-cert and --tls-key go together';
  if (tlsCert !== undefined && tlsCa === undefined) return '--tls-cert needs --tls-ca <file>: an unverified server is never trusted';
  if (replicationOf(options.replication) === null) return '--replication is no JSON object with texts or numbers';
  const cluster = [options.localDc, options.suffix, options.replication, user, tlsCa];
  if (sqlite !== undefined && cluster.some((given) => given !== undefined)) return 'options of a cluster need --contact-points <hosts>';
  return null;
}

/** The cluster of a profile, as the options give it; null for a SQLite file. */
export function clusterOf(options: ClusterOptions): CassandraProfile | null {
  const { contactPoints, tlsCa, tlsCert, tlsKey, passwordFile } = options;
  if (contactPoints === undefined) return null;
  const client = tlsCert === undefined || tlsKey === undefined ? {} : { cert: tlsCert, key: tlsKey };
  return {
    contactPoints: contactPoints.split(',').map((host) => host.trim()).filter((host) => host !== ''),
    localDataCenter: options.localDc ?? null,
    clusterId: options.suffix ?? null,
    replication: replicationOf(options.replication) ?? {},
    user: options.user ?? null,
    ...(passwordFile === undefined ? {} : { passwordFile }),
    tls: tlsCa === undefined ? null : { ca: tlsCa, ...client },
  };
}

/** Where a profile's system database lies, in a line. */
export function databaseOf({ sqlite, cassandra }: Profile): string {
  return cassandra === null ? (sqlite ?? '') : `Cassandra ${cassandra.contactPoints.join(', ')}`;
}

/** How the cluster is reached, for a person. */
export function clusterFacts({ localDataCenter, clusterId, replication, user, passwordFile, tls }: CassandraProfile): (readonly [string, string])[] {
  return [
    ['Data centre', localDataCenter === null ? 'that of the contact point: fkc profile test tells it' : `${localDataCenter}, as given`],
    ['cluster_id', clusterId ?? '–'],
    ['Replication', Object.entries(replication).map(([key, value]) => `${key} ${value}`).join(', ')],
    ['User', user ?? 'none: the cluster asks for no password'],
    ...(user === null ? [] : [['Its password', passwordFile === undefined ? 'from $FKC_DATABASE_PASSWORD, else asked for' : `first line of ${passwordFile}`] as const]),
    ['TLS', tls === null ? 'off' : `servers checked against ${tls.ca}${tls.cert === undefined ? '' : `, client certificate ${tls.cert}`}`],
  ];
}

/** Replication options as text; a single copy where none are given; null where it is no such JSON. */
function replicationOf(json: string | undefined): Record<string, string> | null {
  if (json === undefined) return { class: 'SimpleStrategy', replication_factor: '1' };
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
    const entries = Object.entries(parsed);
    if (!entries.every(([, value]) => typeof value === 'string' || typeof value === 'number')) return null;
    return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
  } catch {
    return null;
  }
}
