import { readFileSync } from 'node:fs';
import type { Authority, Certificate } from './certificates.ts';

export interface NodeTls {
  readonly authority: Authority;
  readonly certificate: Certificate;
  /** The node refuses clients without a certificate of the same authority. */
  readonly mutual: boolean;
}

export interface NodeConfig {
  readonly address: string;
  readonly port: number;
  readonly storagePort: number;
  readonly seeds: readonly string[];
  readonly token: bigint;
  readonly dataCenter: string;
  readonly auth: boolean;
  readonly tls: NodeTls | null;
  /** What a node acknowledged outlives SIGKILL of all nodes at once. */
  readonly durable: boolean;
}

/** `cassandra.yaml` as JSON, which is YAML too. What is not named keeps the server's default. */
export function configFile({ address, port, storagePort, seeds, token, auth, tls, durable }: NodeConfig): string {
  const config = {
    cluster_name: 'key console tests',
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    endpoint_snitch: 'GossipingPropertyFileSnitch',
    // One token each, given: the ring is even, and nodes that start at once do not pick the same.
    num_tokens: 1,
    initial_token: String(token),
    auto_bootstrap: false,
    listen_address: address,
    rpc_address: address,
    storage_port: storagePort,
    native_transport_port: port,
    seed_provider: [{ class_name: 'org.apache.cassandra.locator.SimpleSeedProvider', parameters: [{ seeds: seeds.map((seed) => `${seed}:${storagePort}`).join(',') }] }],
    // By default a node acknowledges first and writes its commit log every ten seconds, or later where the disk is busy.
    ...(durable ? { commitlog_sync: 'batch' } : { commitlog_sync: 'periodic', commitlog_sync_period: '10000ms' }),
    auto_snapshot: false,
    // Lightweight transactions in their newer form, with more time than the default: the machine may be busy.
    paxos_variant: 'v2',
    cas_contention_timeout: '5000ms',
    memtable_heap_space: '96MiB',
    memtable_offheap_space: '32MiB',
    file_cache_size: '32MiB',
    networking_cache_size: '16MiB',
    key_cache_size: '0MiB',
    counter_cache_size: '0MiB',
    concurrent_reads: 8,
    concurrent_writes: 8,
    ...(auth ? { authenticator: 'PasswordAuthenticator', authorizer: 'CassandraAuthorizer', role_manager: 'CassandraRoleManager', permissions_validity: '0ms', roles_validity: '0ms' } : {}),
    ...(tls === null ? {} : { client_encryption_options: encryption(tls) }),
  };
  return JSON.stringify(config, null, 2);
}

function encryption({ authority, certificate, mutual }: NodeTls): object {
  return {
    enabled: true,
    optional: false,
    require_client_auth: mutual,
    ssl_context_factory: {
      class_name: 'org.apache.cassandra.security.PEMBasedSslContextFactory',
      parameters: { private_key: authority.chainOf(certificate), trusted_certificates: readFileSync(authority.ca, 'utf8') },
    },
  };
}

/** What GossipingPropertyFileSnitch reads. */
export function rackFile({ dataCenter }: NodeConfig): string {
  return `dc=${dataCenter}\nrack=rack1\n`;
}

/** Modules that Cassandra 5.0 reaches into on Java 17. */
const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.base/java.lang.ref',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'jdk.attach/sun.tools.attach',
  'jdk.compiler/com.sun.tools.javac.file',
  'jdk.unsupported/sun.misc',
];
const OPENS = [
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.util',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'jdk.compiler/com.sun.tools.javac',
  'jdk.management/com.sun.management.internal',
];

/** How the virtual machine runs a node. */
export function javaArgs(place: { folder: string; jars: string; jamm: string; logback: string; heap: string; optimized: boolean }): string[] {
  return [
    '-Djdk.attach.allowAttachSelf=true',
    ...EXPORTS.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
    ...OPENS.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    '-Dio.netty.tryReflectionSetAccessible=true',
    // As root Cassandra locks what is committed into memory: start small.
    '-Xms128m',
    `-Xmx${place.heap}`,
    '-XX:MaxDirectMemorySize=256m',
    '-XX:+UseSerialGC',
    ...(place.optimized ? [] : ['-XX:TieredStopAtLevel=1']),
    '-XX:+ExitOnOutOfMemoryError',
    // A quick start: no measuring loop, no waiting for gossip or for other nodes.
    '-Dcassandra.memtable.row_overhead_size=181',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.ring_delay_ms=2000',
    '-Dcassandra.superuser_setup_delay_ms=0',
    '-Dcassandra.test.ignore_sigar=true',
    `-javaagent:${place.jamm}`,
    `-Dcassandra.config=file://${place.folder}/cassandra.yaml`,
    `-Dcassandra-rackdc.properties=file://${place.folder}/rackdc.properties`,
    `-Dcassandra.storagedir=${place.folder}/data`,
    `-Dlogback.configurationFile=file:${place.logback}`,
    '-cp',
    `${place.jars}/*`,
    'org.apache.cassandra.service.CassandraDaemon',
  ];
}
