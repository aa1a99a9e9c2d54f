import { Client, policies } from 'cassandra-driver';
import { AppError, isAppError } from '../../errors.ts';
import type { SecretBytes } from '../../secret.ts';
import { Balancing } from './balancing.ts';
import { DriverMap } from './driver-map.ts';
import { databaseError } from './errors.ts';
import { Keyspaces } from './keyspaces.ts';
import { Login } from './login.ts';
import { probeCql, probePort } from './probe.ts';
import { replacedHosts } from './replaced-hosts.ts';
import { resolveContactPoints } from './resolve.ts';
import { CarefulRetries } from './retries.ts';
import { CassandraSession } from './session.ts';
import { DEFAULT_PORT, formatEndpoint, type CassandraSettings } from './settings.ts';
import { keepRequestsInSlots } from './stream-slots.ts';
import { tlsOptions } from './tls.ts';

/** Milliseconds for a connection to stand, and for the driver's own questions to a node. */
const CONNECT_TIMEOUT = 5_000;
const DRIVER_TIMEOUT = 3_000;

/** A statement that may be repeated is sent to another node where the first did not answer within these milliseconds. */
const SPECULATION_DELAY = 600;
const SPECULATIONS = 2;

/** Nodes that went away are tried again, first soon, then every few seconds. */
const RECONNECT_FIRST = 250;
const RECONNECT_LAST = 5_000;

/** After so many answers that did not come a connection is given up and made anew. */
const DEFUNCT_AFTER = 8;

/**
 * The newest protocol that Cassandra 3.11 to 5.0 share. With a newer one the driver first fails and falls back, and its
 * fall-back breaks where a client certificate is used over TLS 1.3.
 */
const PROTOCOL = 4;

const SCHEMA_AGREEMENT_SECONDS = 15;

/**
 * Connects to the cluster and knows its nodes and keyspaces then. `password` is taken over: it is kept for connections
 * that are made later, and zeroed when the session is closed or connecting fails.
 *
 * @throws AppError `INPUT_INVALID`, `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `DATABASE_UNREACHABLE`, `DATABASE_TIMEOUT`,
 *   `DATABASE_LOGIN_REFUSED`, `DATABASE_PASSWORD_MISSING`, `DATABASE_TLS_REFUSED`, `DATABASE_TLS_UNTRUSTED`,
 *   `DATABASE_TLS_NAME_MISMATCH`, `DATABASE_DATA_CENTER_UNKNOWN`, `DATABASE_FAILED`
 */
export async function connectCassandra(settings: CassandraSettings, password: SecretBytes | null): Promise<CassandraSession> {
  const login = loginOf(settings, password);
  let client: Client | null = null;
  try {
    const { endpoints, names } = await resolveContactPoints(settings.contactPoints);
    const sslOptions = settings.tls === null ? null : await tlsOptions(settings.tls, names);
    const addresses = endpoints.map(formatEndpoint);
    const balancing = new Balancing(
      settings.localDataCenter,
      endpoints.map(({ host, port }) => `${host}:${port}`),
    );
    keepRequestsInSlots();
    client = new Client({
      contactPoints: addresses,
      applicationName: 'Fabric Key Console',
      protocolOptions: { maxVersion: PROTOCOL, maxSchemaAgreementWaitSeconds: SCHEMA_AGREEMENT_SECONDS, port: endpoints[0]?.port ?? DEFAULT_PORT },
      policies: {
        loadBalancing: balancing,
        retry: new CarefulRetries(),
        reconnection: new policies.reconnection.ExponentialReconnectionPolicy(RECONNECT_FIRST, RECONNECT_LAST, false),
        speculativeExecution: new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(SPECULATION_DELAY, SPECULATIONS),
      },
      socketOptions: { connectTimeout: CONNECT_TIMEOUT, readTimeout: DRIVER_TIMEOUT, defunctReadTimeoutThreshold: DEFUNCT_AFTER },
      // Preparing on all nodes would wait for one that is stopped; a node that lacks a statement says so and gets it.
      prepareOnAllHosts: false,
      encoding: { useBigIntAsLong: true, map: DriverMap, set: Set },
      monitorReporting: { enabled: false },
      ...(login === null ? {} : { authProvider: login }),
      ...(sslOptions === null ? {} : { sslOptions }),
    });
    await client.connect();
    const closeReplaced = replacedHosts(client);
    const onClose = (): void => {
      closeReplaced();
      login?.dispose();
    };
    return new CassandraSession({ settings, keyspaces: new Keyspaces(settings.clusterId), client, balancing, onClose });
  } catch (error) {
    await client?.shutdown().catch(() => undefined);
    login?.dispose();
    const known = databaseError(error, 'connect', { contactPoints: [...settings.contactPoints] });
    throw settings.tls === null && isAppError(known, 'DATABASE_UNREACHABLE') ? await orTlsDemanded(known, settings) : known;
  }
}

/** A node that demands TLS only cuts off whoever speaks plain, which the driver takes for a node that is not there. */
async function orTlsDemanded(unreachable: AppError, { contactPoints }: CassandraSettings): Promise<unknown> {
  const { endpoints } = await resolveContactPoints(contactPoints).catch(() => ({ endpoints: [] }));
  for (const endpoint of endpoints) {
    try {
      await probePort(endpoint);
      await probeCql(endpoint, null);
    } catch (error) {
      if (isAppError(error, 'DATABASE_TLS_REFUSED')) return error;
    }
  }
  return unreachable;
}

function loginOf({ user }: CassandraSettings, password: SecretBytes | null): Login | null {
  if (user === null) {
    password?.dispose();
    return null;
  }
  if (password !== null) return new Login(user, password);
  throw new AppError('DATABASE_PASSWORD_MISSING', `User "${user}" of the cluster needs a password. Nothing was opened.`, 'Give the password of that user.', {
    details: { user },
  });
}
