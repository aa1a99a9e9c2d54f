import { AppError } from '../../../main/errors.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';

/** What becomes of one conditional write. */
export type Fate =
  | 'told'
  /** It is carried out, and its answer is lost. */
  | 'answer lost'
  /** It never reaches the cluster, and nobody is told that. */
  | 'request lost'
  /** The process ends before it is sent. */
  | 'crash';

/** A process that ended in the middle. */
export class Crash extends Error {}

/** Gives the session's next conditional writes these fates, in order; those after them are told. */
export function fated(session: CassandraSession, fates: readonly Fate[]): CassandraSession {
  const send = session.conditional.bind(session);
  const left = [...fates];
  session.conditional = async (work, reach) => {
    const fate = left.shift() ?? 'told';
    if (fate === 'crash') throw new Crash();
    if (fate === 'request lost') throw unknown();
    const outcome = await send(work, reach);
    if (fate === 'answer lost') throw unknown();
    return outcome;
  };
  return session;
}

/** Lets the process end at its n-th plain write (from 0). */
export function crashAtWrite(session: CassandraSession, at: number): CassandraSession {
  const send = session.write.bind(session);
  let written = 0;
  session.write = async (cql, params, options) => {
    if (written >= at) throw new Crash();
    written += 1;
    return send(cql, params, options);
  };
  return session;
}

/** Runs `meanwhile` before the n-th conditional write (from 0): what another process does in between. */
export function interposed(session: CassandraSession, at: number, meanwhile: () => Promise<unknown>): CassandraSession {
  const send = session.conditional.bind(session);
  let sent = 0;
  session.conditional = async (work, reach) => {
    if (sent === at) await meanwhile();
    sent += 1;
    return send(work, reach);
  };
  return session;
}

function unknown(): AppError {
  return new AppError('DATABASE_OUTCOME_UNKNOWN', 'The answer is lost.', 'Look.');
}
