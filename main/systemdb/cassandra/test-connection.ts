import { isAppError, toFailure, type Failure } from '../../errors.ts';
import type { SecretBytes } from '../../secret.ts';
import { connectCassandra } from './connect.ts';
import { partsLost, unreachable } from './errors.ts';
import { missingTables, SCHEMA_VERSION, schemaVersion } from './migrations/index.ts';
import { checkPermissions } from './permissions.ts';
import { probeCql, probePort } from './probe.ts';
import { resolveContactPoints, type Resolved } from './resolve.ts';
import type { CassandraSession } from './session.ts';
import { formatEndpoint, type CassandraSettings, type Endpoint } from './settings.ts';
import { tlsOptions } from './tls.ts';
import { CassandraTopology } from './topology.ts';

export type StepName = 'resolve' | 'connect' | 'tls' | 'log-in' | 'data-centre' | 'permissions' | 'tables';

/** How far a connection came. */
export interface ConnectionStep {
  readonly step: StepName;
  readonly ok: boolean;
  /** What was found, or what failed: a sentence or two. */
  readonly detail: string;
  readonly failure: Failure | null;
}

/**
 * Tries a connection step by step and stops at the first that fails. Makes and changes nothing on the cluster.
 * `password` is taken over. Never throws for what a user can meet: that is the failed step.
 */
export async function testConnection(
  settings: CassandraSettings,
  password: SecretBytes | null,
  onStep: (step: ConnectionStep) => void = () => undefined,
): Promise<ConnectionStep[]> {
  const steps: ConnectionStep[] = [];
  const tell = (step: ConnectionStep): void => {
    steps.push(step);
    onStep(step);
  };
  /** Runs one step; null ends the test. */
  const tried = async <T>(step: StepName, work: () => Promise<{ value: T; detail: string }>): Promise<T | null> => {
    try {
      const { value, detail } = await work();
      tell({ step, ok: true, detail, failure: null });
      return value;
    } catch (error) {
      tell(failed(step, error));
      return null;
    }
  };
  const loan = new Loan(password);
  try {
    const resolved = await tried('resolve', () => resolve(settings));
    const open = resolved && (await tried('connect', () => connectPorts(resolved)));
    const spoken = resolved && open && (await tried('tls', () => speak(settings, resolved, open)));
    if (spoken) await testSession(settings, loan, tell, tried);
  } finally {
    loan.return();
  }
  return steps;
}

type Tried = <T>(step: StepName, work: () => Promise<{ value: T; detail: string }>) => Promise<T | null>;

/** The steps for which somebody must be logged in. */
async function testSession(settings: CassandraSettings, loan: Loan, tell: (step: ConnectionStep) => void, tried: Tried): Promise<void> {
  const loggedIn: ConnectionStep = {
    step: 'log-in',
    ok: true,
    detail: settings.user === null ? 'Without a user: the cluster asks for none.' : `As user "${settings.user}".`,
    failure: null,
  };
  let session: CassandraSession;
  try {
    session = await connectCassandra(settings, loan.hand());
  } catch (error) {
    // Whoever was told which data centres there are had logged in.
    const isIn = isAppError(error, 'DATABASE_DATA_CENTER_UNKNOWN');
    if (isIn) tell(loggedIn);
    tell(failed(isIn ? 'data-centre' : 'log-in', error));
    return;
  }
  try {
    tell(loggedIn);
    const found = (await tried('data-centre', () => dataCenter(session))) && (await tried('permissions', () => permissions(session)));
    if (found) await tried('tables', () => tables(session));
  } finally {
    await session.close();
  }
}

async function resolve({ contactPoints }: CassandraSettings): Promise<{ value: Resolved; detail: string }> {
  const resolved = await resolveContactPoints(contactPoints);
  const lost = resolved.unknown.length === 0 ? '' : ` No address is known for ${resolved.unknown.join(', ')}.`;
  return { value: resolved, detail: `${resolved.endpoints.map(formatEndpoint).join(', ')}.${lost}` };
}

async function connectPorts({ endpoints }: Resolved): Promise<{ value: readonly Endpoint[]; detail: string }> {
  const { done, lost } = await firstFailureUnlessOne(endpoints, probePort);
  return { value: done.map(([endpoint]) => endpoint), detail: `${listed(done.map(([endpoint]) => endpoint))} took the connection.${notes(lost, 'did not')}` };
}

async function speak({ tls }: CassandraSettings, { names }: Resolved, endpoints: readonly Endpoint[]): Promise<{ value: true; detail: string }> {
  const options = tls === null ? null : await tlsOptions(tls, names);
  const { done, lost } = await firstFailureUnlessOne(endpoints, (endpoint) => probeCql(endpoint, options));
  if (options === null) return { value: true, detail: `Not used: the password and all data cross the network as they are.${notes(lost, 'did not answer')}` };
  const version = done[0]?.[1] ?? '';
  return { value: true, detail: `${version}: ${listed(done.map(([endpoint]) => endpoint))} proved to be the node, by the CA of the profile.${notes(lost, 'did not')}` };
}

async function dataCenter(session: CassandraSession): Promise<{ value: true; detail: string }> {
  const { localDataCenter } = session;
  const nodes = (await new CassandraTopology(session).nodes()).filter((node) => node.dataCenter === localDataCenter);
  const up = nodes.filter((node) => node.up);
  const versions = [...new Set(nodes.map(({ version }) => version))].join(', ');
  return { value: true, detail: `${localDataCenter}: ${up.length} of ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'} up, Cassandra ${versions}.` };
}

async function permissions(session: CassandraSession): Promise<{ value: true; detail: string }> {
  return { value: true, detail: await checkPermissions(session) };
}

async function tables(session: CassandraSession): Promise<{ value: true; detail: string }> {
  const version = await schemaVersion(session);
  const names = session.keyspaces.fixed.map(({ name }) => name).join(', ');
  if (version === 0) return { value: true, detail: `${names} are not there yet: they are made when the profile is opened.` };
  const missing = await missingTables(session, version);
  if (missing.length > 0) throw partsLost(missing);
  const rest = version === SCHEMA_VERSION ? 'as this program knows them' : `brought to schema ${SCHEMA_VERSION} when the profile is opened`;
  return { value: true, detail: `${names} with schema ${version}, ${rest}.` };
}

/** Tries all; throws the first failure only where all failed. */
async function firstFailureUnlessOne<T>(
  endpoints: readonly Endpoint[],
  attempt: (endpoint: Endpoint) => Promise<T>,
): Promise<{ done: readonly (readonly [Endpoint, T])[]; lost: readonly (readonly [Endpoint, unknown])[] }> {
  const settled = await Promise.allSettled(endpoints.map(attempt));
  const done: [Endpoint, T][] = [];
  const lost: [Endpoint, unknown][] = [];
  for (const [place, outcome] of settled.entries()) {
    const endpoint = endpoints[place];
    if (endpoint === undefined) continue;
    if (outcome.status === 'fulfilled') done.push([endpoint, outcome.value]);
    else lost.push([endpoint, outcome.reason]);
  }
  const first = lost[0]?.[1];
  if (done.length === 0) throw first instanceof Error ? first : unreachable({ hosts: endpoints.map(formatEndpoint) });
  return { done, lost };
}

function listed(endpoints: readonly Endpoint[]): string {
  return endpoints.map(formatEndpoint).join(', ');
}

function notes(lost: readonly (readonly [Endpoint, unknown])[], verb: string): string {
  return lost.length === 0 ? '' : ` ${listed(lost.map(([endpoint]) => endpoint))} ${verb}.`;
}

function failed(step: StepName, error: unknown): ConnectionStep {
  const failure = toFailure(error, 'connection test');
  return { step, ok: false, detail: failure.message, failure };
}

/** A password that one borrower takes over, or nobody. */
class Loan {
  #password: SecretBytes | null;

  constructor(password: SecretBytes | null) {
    this.#password = password;
  }

  hand(): SecretBytes | null {
    const password = this.#password;
    this.#password = null;
    return password;
  }

  return(): void {
    this.#password?.dispose();
    this.#password = null;
  }
}
