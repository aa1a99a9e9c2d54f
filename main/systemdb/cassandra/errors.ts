import { errors, types } from 'cassandra-driver';
import { AppError, type ErrorCode, type ErrorDetails } from '../../errors.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

/** What was asked of the cluster: a failure means something else for each. */
export type Purpose = 'read' | 'write' | 'conditional' | 'schema' | 'connect';

const MEANINGS = {
  unreachable: {
    code: 'DATABASE_UNREACHABLE',
    message: 'No node of the cluster could be reached. Nothing was changed.',
    remedy: 'Check the contact points, the network and that Cassandra runs, then try again.',
  },
  unavailable: {
    code: 'DATABASE_UNAVAILABLE',
    message: 'Too few of the nodes that hold this data are up. Nothing is lost; what was asked for was not done.',
    remedy: 'Bring nodes of the cluster back (nodetool status shows them) and try again.',
  },
  timeout: {
    code: 'DATABASE_TIMEOUT',
    message: 'The cluster did not answer in time. Nothing is lost.',
    remedy: 'Look whether nodes are overloaded or stopped, then try again.',
  },
  writeTimeout: {
    code: 'DATABASE_TIMEOUT',
    message: 'The cluster did not confirm a write in time. It may be stored or not; storing it again does no harm.',
    remedy: 'Look whether nodes are overloaded or stopped, then do it again.',
  },
  unknown: {
    code: 'DATABASE_OUTCOME_UNKNOWN',
    message: 'The cluster did not say whether it made a change that was asked for. It either made all of it or none.',
    remedy: 'Look at the state now before you do it again.',
  },
  login: {
    code: 'DATABASE_LOGIN_REFUSED',
    message: 'The cluster refused the user or the password. Nothing was opened.',
    remedy: 'Check the user in the profile and its password.',
  },
  loginDemanded: {
    code: 'DATABASE_LOGIN_REFUSED',
    message: 'The cluster asks for a user and a password, and the profile has none. Nothing was opened.',
    remedy: 'Give the profile a user, and its password when it is asked for.',
  },
  permission: {
    code: 'DATABASE_PERMISSION_DENIED',
    message: 'The user of the cluster may not do this. Nothing was changed.',
    remedy: 'Grant the role SELECT and MODIFY on the keyspaces of the system database, and CREATE where tables are to be made.',
  },
  tlsRefused: {
    code: 'DATABASE_TLS_REFUSED',
    message: 'The cluster and the console found no way to speak TLS to each other. Nothing was sent but the attempt.',
    remedy: 'Check that the port speaks TLS exactly if the profile does, and whether the cluster demands a client certificate (--tls-cert, --tls-key).',
  },
  untrusted: {
    code: 'DATABASE_TLS_UNTRUSTED',
    message: 'The certificate of a node is not signed by the CA of the profile, or is not valid now. No password and no data was sent.',
    remedy: 'Give the CA file that signed the nodes’ certificates, and check their dates.',
  },
  nameMismatch: {
    code: 'DATABASE_TLS_NAME_MISMATCH',
    message: 'The certificate of a node is for another name than the one it was reached by. No password and no data was sent.',
    remedy: 'Use a contact point that the certificate names, or have a certificate made that names the node.',
  },
  keyspaceMissing: {
    code: 'DATABASE_KEYSPACE_MISSING',
    message: 'Keyspaces or tables of the system database are missing on the cluster. Nothing was changed.',
    remedy: 'Open the profile once with a role that may CREATE them, and check the cluster_id in the profile.',
  },
  corrupt: {
    code: 'DATABASE_CORRUPT',
    message: 'The system database holds a value that no console wrote. Nothing was changed.',
    remedy: 'Keep the tables as they are and restore them from a backup.',
  },
  failed: {
    code: 'DATABASE_FAILED',
    message: 'The cluster could not carry out the request. Nothing of it is confirmed.',
    remedy: 'Look at the log of the node that is named, then try again.',
  },
} as const satisfies Record<string, Meaning>;

/** Of several nodes' failures the first of these is told: it says most about what to mend. */
const TELLING: readonly Meaning[] = [
  MEANINGS.login,
  MEANINGS.loginDemanded,
  MEANINGS.nameMismatch,
  MEANINGS.untrusted,
  MEANINGS.tlsRefused,
  MEANINGS.permission,
  MEANINGS.unknown,
  MEANINGS.unavailable,
  MEANINGS.writeTimeout,
  MEANINGS.timeout,
];

/** Error codes of the native protocol, section 9 of native_protocol_v4.spec. */
const SERVER = {
  brokenOff: 0x0000,
  badCredentials: 0x0100,
  unavailable: 0x1000,
  overloaded: 0x1001,
  bootstrapping: 0x1002,
  writeTimeout: 0x1100,
  readTimeout: 0x1200,
  readFailure: 0x1300,
  writeFailure: 0x1500,
  unauthorized: 0x2100,
  invalid: 0x2200,
  unprepared: 0x2500,
} as const;

const SERIAL_LEVELS: readonly unknown[] = [types.consistencies.serial, types.consistencies.localSerial];

/** Where the certificate itself is at fault (https://nodejs.org/api/tls.html, X509 certificate error codes). */
const CERTIFICATE =
  /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|CERT_(?!REJECTED)|CERT_REJECTED|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CRL_|HOSTNAME_MISMATCH|ERROR_IN_CERT)/;

const TLS = /^(EPROTO|ERR_SSL_|ERR_TLS_)/;

/**
 * The {@link AppError} for what the driver threw. The driver's text stays behind in `cause`, since it may quote values.
 * What does not come from the driver or a socket is returned as it is.
 */
export function databaseError(error: unknown, purpose: Purpose, details: ErrorDetails = {}): unknown {
  if (error instanceof AppError) return error;
  const meaning = meaningOf(error, purpose);
  if (meaning === null) return error;
  return asAppError(meaning, { ...hostOf(error), ...details }, error);
}

/**
 * Whether a prepared statement was not carried out because no node knows it any more and the driver could not prepare it
 * again (its table is gone, or another call forgot it meanwhile): asked anew, the nodes say what is the matter.
 */
export function isUnprepared(error: unknown): boolean {
  if (error instanceof errors.DriverInternalError) return error.message.startsWith('Unprepared response invalid');
  if (!(error instanceof errors.NoHostAvailableError)) return false;
  return Object.values((error.innerErrors ?? {}) as Record<string, unknown>).some((inner) => inner instanceof errors.ResponseError && inner.code === SERVER.unprepared);
}

function asAppError({ code, message, remedy }: Meaning, details: ErrorDetails, cause?: unknown): AppError {
  return new AppError(code, message, remedy, { details, ...(cause === undefined ? {} : { cause }) });
}

/** `DATABASE_CORRUPT` for a value that no program of ours wrote. */
export function corrupt(details: ErrorDetails = {}): AppError {
  return asAppError(MEANINGS.corrupt, details);
}

/** `DATABASE_UNREACHABLE` before the driver tried. */
export function unreachable(details: ErrorDetails, cause?: unknown): AppError {
  return asAppError(MEANINGS.unreachable, details, cause);
}

/** `DATABASE_TLS_REFUSED` where the driver did not see it. */
export function tlsRefused(details: ErrorDetails, cause?: unknown): AppError {
  return asAppError(MEANINGS.tlsRefused, details, cause);
}

/** `DATABASE_KEYSPACE_MISSING` */
export function keyspaceMissing(details: ErrorDetails, cause?: unknown): AppError {
  return asAppError(MEANINGS.keyspaceMissing, details, cause);
}

/** `DATABASE_KEYSPACE_MISSING` where keyspaces or tables are gone from a system database that stands. */
export function partsLost(names: readonly string[]): AppError {
  return new AppError(
    'DATABASE_KEYSPACE_MISSING',
    `The system database on the cluster lost parts of it: ${names.join(', ')}. They are not made anew, since what they held would be missing. Nothing was changed.`,
    'Restore them from the backup of the same time as the rest, and check the cluster_id in the profile.',
    { details: { missing: names } },
  );
}

/** `DATABASE_KEYSPACE_MISSING` where the keyspace that says what there is is gone, and the rest stands. */
export function systemLost(system: string, standing: readonly string[]): AppError {
  return new AppError(
    'DATABASE_KEYSPACE_MISSING',
    `The keyspace ${system} is gone or empty, and ${standing.join(' and ')} of the same system database ${standing.length === 1 ? 'stands' : 'stand'}. Made anew, it would know no LU: a census would find no instance, and keys that are still needed would pass for free. Nothing was made or changed.`,
    `Restore ${system} from the backup of the same time as the rest, and check the cluster_id in the profile. Where the old system database is given up for good, drop its other keyspaces too.`,
    { details: { missing: [system], standing } },
  );
}

/** `DATABASE_TIMEOUT` where waiting for others took too long. */
export function tookTooLong(message: string, remedy: string, details: ErrorDetails = {}): AppError {
  return new AppError('DATABASE_TIMEOUT', message, remedy, { details });
}

/** `DATABASE_DATA_CENTER_UNKNOWN` */
export function dataCenterUnknown(wanted: string, found: readonly string[]): AppError {
  return new AppError(
    'DATABASE_DATA_CENTER_UNKNOWN',
    `The cluster has no data centre "${wanted}". Nothing was opened.`,
    `Give one that it has: ${found.join(', ')}.`,
    { details: { dataCenter: wanted, dataCenters: found } },
  );
}

/** `DATABASE_DATA_CENTER_UNKNOWN` to the replication. */
export function noCopyIn(local: string, replicated: readonly string[]): AppError {
  return new AppError(
    'DATABASE_DATA_CENTER_UNKNOWN',
    `The replication of the profile keeps no copy in the data centre "${local}", whose nodes are asked. Nothing was made.`,
    `Give "${local}" a factor in the replication, or ask the nodes of a data centre that has one: ${replicated.join(', ')}.`,
    { details: { dataCenter: local, dataCenters: replicated } },
  );
}

function meaningOf(error: unknown, purpose: Purpose): Meaning | null {
  if (error instanceof errors.NoHostAvailableError) return ofAllHosts(error, purpose);
  if (error instanceof errors.AuthenticationError) {
    return /requires authentication/.test(error.message) ? MEANINGS.loginDemanded : MEANINGS.login;
  }
  if (error instanceof errors.ResponseError) return ofServer(error, purpose);
  if (error instanceof errors.OperationTimedOutError) return late(purpose);
  if (error instanceof errors.BusyConnectionError) return MEANINGS.timeout;
  return ofSocket(error, purpose);
}

/** Nothing was sent to a host that is only named here as down; a socket that broke while connecting carried nothing. */
function ofAllHosts({ innerErrors }: errors.NoHostAvailableError, purpose: Purpose): Meaning {
  const inner: unknown[] = Object.values((innerErrors ?? {}) as Record<string, unknown>);
  const meanings = inner.map((error) => meaningOf(error, purpose));
  return TELLING.find((meaning) => meanings.includes(meaning)) ?? MEANINGS.unreachable;
}

function ofServer(error: errors.ResponseError, purpose: Purpose): Meaning {
  switch (error.code) {
    case SERVER.badCredentials:
      return MEANINGS.login;
    case SERVER.unauthorized:
      return MEANINGS.permission;
    case SERVER.unavailable:
      return purpose === 'conditional' && !refusedBeforeProposal(error) ? MEANINGS.unknown : MEANINGS.unavailable;
    // A node that ran into a fault of its own does not say how far it came.
    case SERVER.brokenOff:
      return purpose === 'conditional' ? MEANINGS.unknown : MEANINGS.failed;
    case SERVER.overloaded:
    case SERVER.bootstrapping:
      return purpose === 'conditional' ? MEANINGS.unknown : MEANINGS.timeout;
    case SERVER.readTimeout:
    case SERVER.writeTimeout:
    case SERVER.readFailure:
    case SERVER.writeFailure:
      return late(purpose);
    case SERVER.invalid:
      return /(?:keyspace|table|columnfamily)\b.*(?:does not exist|not found)|unconfigured table/i.test(error.message) ? MEANINGS.keyspaceMissing : MEANINGS.failed;
    default:
      return MEANINGS.failed;
  }
}

/** A lightweight transaction asks first whether enough replicas can vote; later it may be missing replicas to commit. */
function refusedBeforeProposal(error: errors.ResponseError): boolean {
  return 'consistencies' in error && SERIAL_LEVELS.includes(error.consistencies);
}

function late(purpose: Purpose): Meaning {
  switch (purpose) {
    case 'conditional':
      return MEANINGS.unknown;
    case 'write':
    case 'schema':
      return MEANINGS.writeTimeout;
    default:
      return MEANINGS.timeout;
  }
}

function ofSocket(error: unknown, purpose: Purpose): Meaning | null {
  if (!(error instanceof Error)) return null;
  const code = codeOf(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return MEANINGS.nameMismatch;
  if (CERTIFICATE.test(code)) return MEANINGS.untrusted;
  if (TLS.test(code)) return MEANINGS.tlsRefused;
  if ('isSocketError' in error) {
    const inner = 'innerError' in error ? ofSocket(error.innerError, purpose) : null;
    if (purpose === 'connect') return inner ?? MEANINGS.unreachable;
    return late(purpose);
  }
  if (['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'EADDRNOTAVAIL'].includes(code)) {
    return MEANINGS.unreachable;
  }
  return error instanceof errors.DriverError || 'info' in error ? (/timeout/i.test(error.message) ? MEANINGS.unreachable : MEANINGS.failed) : null;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The node that answered, or those that were tried. */
function hostOf(error: unknown): ErrorDetails {
  if (error instanceof errors.NoHostAvailableError) {
    return { hosts: Object.keys((error.innerErrors ?? {}) as Record<string, unknown>) };
  }
  if (error instanceof Error && 'coordinator' in error && typeof error.coordinator === 'string') return { host: error.coordinator };
  return {};
}
