/** How a cluster is reached, and how keyspaces are made there. No secret is among it. */
export interface CassandraSettings {
  /** `host` or `host:port`; an IPv6 address with a port is written `[address]:port`. */
  readonly contactPoints: readonly string[];
  /** Whose nodes are asked; null takes that of the first contact point that is a node. */
  readonly localDataCenter: string | null;
  /** Appended to the name of each keyspace. */
  readonly clusterId: string | null;
  /**
   * Of keyspaces that are made: `{class: 'SimpleStrategy', replication_factor: '1'}` or
   * `{class: 'NetworkTopologyStrategy', dc1: '3'}`. Keyspaces that stand are never altered.
   */
  readonly replication: Readonly<Record<string, string>>;
  /** null where the cluster asks for no login. */
  readonly user: string | null;
  /** Files in PEM form; null connects without TLS. */
  readonly tls: CassandraTls | null;
}

export interface CassandraTls {
  /** The certificate authorities that are trusted, and no others. */
  readonly ca: string;
  /** The client certificate with its chain; only together with {@link key}. */
  readonly cert?: string;
  /** Its private key, not encrypted. */
  readonly key?: string;
}

export const DEFAULT_PORT = 9042;

/** A contact point in its parts. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `host`, `host:port`, `address6` or `[address6]:port`; null where it is none of them. */
export function parseContactPoint(text: string): Endpoint | null {
  const match = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/.exec(text) ?? /^([^:\s[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? (/^[0-9a-fA-F:.]+$/.test(text) && text.includes('::') ? text : undefined);
  const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

/** As the driver takes it. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
