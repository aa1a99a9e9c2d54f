/** Plans a campaign from what a census says. Pure: reads and writes nothing. */
import type { ErrorCode } from '../errors.ts';
import type { CensusRow } from '../systemdb/repositories.ts';
import type { CampaignLimits, CampaignParams } from './campaign.ts';
import type { FieldRef } from './field-ref.ts';

/** What a plan must know of a generation of the LUI key. */
export interface GenerationFacts {
  readonly keyDescription: string;
  /** Whether it was ever activated; one that was not may become the active one at any time. */
  readonly activated: boolean;
  /** null where it can be used here; else why not. */
  readonly unreadable: { readonly code: ErrorCode; readonly message: string; readonly remedy: string } | null;
}

/** What to re-encrypt; without `lus` all, without `from` everything that is not under the active generation. */
export interface RekeyRequest {
  readonly lus?: readonly string[];
  readonly from?: readonly string[];
  /** A campaign over field values instead; its LUs are those of the fields. */
  readonly fields?: readonly FieldRef[];
}

export interface PlanInput {
  readonly census: readonly CensusRow[];
  readonly generations: readonly GenerationFacts[];
  /** Key description of the active generation. */
  readonly active: string;
  readonly request: RekeyRequest;
  /** Instances a second that an earlier campaign reached on this cluster; unknown if not given. */
  readonly measuredRate?: number;
  readonly limits?: Pick<CampaignLimits, 'instancesPerSecond' | 'mebibytesPerSecond'>;
}

export interface PlanRow extends CensusRow {
  readonly readable: boolean;
}

/** Something that keeps a plan, or a part of it, from being done. */
export interface PlanProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  /** The LU, key description or column that it is about; null for the whole. */
  readonly object: string | null;
}

export interface Estimate {
  readonly seconds: number;
  readonly instancesPerSecond: number;
  /** Where the rate comes from: an earlier campaign, experience with other clusters, or the limits that were given. */
  readonly basis: 'measured' | 'assumed' | 'limits';
}

export interface RekeyPlan {
  readonly target: string;
  readonly lus: readonly string[];
  readonly from: readonly string[];
  readonly fields: readonly FieldRef[] | null;
  readonly requestedAs: string;
  /** What was asked for, also what can not be done; ordered as the census. */
  readonly rows: readonly PlanRow[];
  /** Instances that the campaign will work on, and their sealed bytes. */
  readonly total: number;
  readonly bytes: number;
  /** Any of these, and nothing is started. */
  readonly refusals: readonly PlanProblem[];
  /** What is left out, while the rest goes on. */
  readonly warnings: readonly PlanProblem[];
  readonly estimate: Estimate;
}

/** Instances of about 1 KiB that a worker brings through a small cluster in a second. */
const ASSUMED_RATE = 2_000;
const MEBIBYTE = 1024 * 1024;

/** @returns the whole plan, also where it can not be done: `refusals` says why (`LU_UNKNOWN`, `KEY_DESCRIPTION_UNKNOWN`, `REKEY_GENERATION_UNREADABLE`, `REKEY_NOTHING_TO_DO`). */
export function planRekey(input: PlanInput): RekeyPlan {
  const { census, active, request } = input;
  const refusals = [...unknownLus(input), ...unknownGenerations(input)];
  const lus = request.fields === undefined ? request.lus : request.fields.map(({ lu }) => lu);
  const asked = request.fields === undefined ? askedGenerations(input) : null;
  const unreadable = new Map(input.generations.flatMap((facts) => (facts.unreadable === null ? [] : [[facts.keyDescription, facts.unreadable]])));
  const known = new Set(input.generations.map(({ keyDescription }) => keyDescription));
  const readable = (description: string): boolean => known.has(description) && !unreadable.has(description);

  const rows = census
    .filter((row) => row.instances > 0 && (lus === undefined || lus.includes(row.lu)) && (asked === null || asked.has(row.keyDescription)))
    .map((row) => ({ ...row, readable: readable(row.keyDescription) }));
  const doable = rows.filter((row) => row.readable);
  const total = doable.reduce((sum, row) => sum + row.instances, 0);
  const bytes = doable.reduce((sum, row) => sum + row.bytes, 0);

  const left = [...new Set(rows.filter((row) => !row.readable).map((row) => row.keyDescription))];
  const problems = left.map((description): PlanProblem => cannotRead(description, rows, unreadable.get(description)));
  if (refusals.length === 0 && total === 0) {
    if (problems.length > 0) refusals.push(...problems);
    else refusals.push(nothingToDo(active, asked));
  }
  return {
    target: active,
    lus: [...new Set(doable.map((row) => row.lu))],
    from: asked === null ? [] : [...asked].filter(readable).sort(),
    fields: request.fields ?? null,
    requestedAs: inWords(request),
    rows,
    total,
    bytes,
    refusals,
    warnings: total === 0 ? [] : problems,
    estimate: estimate(total, bytes, input),
  };
}

/** The parameters that a plan's campaign keeps. */
export function paramsOf(plan: RekeyPlan): CampaignParams {
  const leftOut = plan.fields === null ? [] : [...new Set(plan.rows.filter((row) => !row.readable).map((row) => row.keyDescription))];
  return {
    lus: [...plan.lus],
    from: [...plan.from],
    target: plan.target,
    ...(plan.fields === null ? {} : { fields: [...plan.fields] }),
    ...(leftOut.length === 0 ? {} : { leftOut }),
    requestedAs: plan.requestedAs,
    planned: {
      instances: plan.total,
      bytes: plan.bytes,
      rows: plan.rows.filter((row) => row.readable).map(({ lu, keyDescription, instances, bytes }) => ({ lu, keyDescription, instances, bytes })),
    },
  };
}

/**
 * A generation that never was activated stays out: it may become the active one while the campaign runs. One without
 * instances is in: a node that missed the activation may still save under it.
 */
function askedGenerations({ census, generations, active, request }: PlanInput): Set<string> {
  if (request.from !== undefined) return new Set(request.from.filter((description) => description !== active));
  const used = census.filter((row) => row.instances > 0).map((row) => row.keyDescription);
  const activated = generations.filter((facts) => facts.activated).map((facts) => facts.keyDescription);
  return new Set([...used, ...activated].filter((description) => description !== active));
}

function unknownLus({ census, request }: PlanInput): PlanProblem[] {
  const known = new Set(census.map(({ lu }) => lu));
  const asked = new Set([...(request.lus ?? []), ...(request.fields ?? []).map(({ lu }) => lu)]);
  return [...asked]
    .filter((lu) => !known.has(lu))
    .map((lu) => ({ code: 'LU_UNKNOWN', message: `There is no LU ${lu} with instances in this system database. Nothing was started.`, remedy: 'Check its name (case counts); the census lists the LUs.', object: lu }));
}

function unknownGenerations({ census, generations, request }: PlanInput): PlanProblem[] {
  const known = new Set([...generations.map(({ keyDescription }) => keyDescription), ...census.map((row) => row.keyDescription)]);
  return [...new Set(request.from ?? [])]
    .filter((description) => !known.has(description))
    .map((description) => ({
      code: 'KEY_DESCRIPTION_UNKNOWN',
      message: `The system database knows no key "${description}", and no instance names it. Nothing was started.`,
      remedy: 'Check the key description; list the keys to see those that there are.',
      object: description,
    }));
}

function cannotRead(description: string, rows: readonly PlanRow[], why: GenerationFacts['unreadable'] | undefined): PlanProblem {
  const instances = rows.filter((row) => row.keyDescription === description).reduce((sum, row) => sum + row.instances, 0);
  return {
    code: 'REKEY_GENERATION_UNREADABLE',
    message: `Generation "${description}" can not be used here, so ${instances === 1 ? 'its instance' : `its ${instances} instances`} can not be opened and stay as they are. ${why?.message ?? 'The system database has no facts of this key.'}`,
    remedy: why?.remedy ?? 'Restore the facts and stripes of this key description from a backup of the system database.',
    object: description,
  };
}

function nothingToDo(active: string, asked: ReadonlySet<string> | null): PlanProblem {
  return {
    code: 'REKEY_NOTHING_TO_DO',
    message: asked?.size === 0 ? `No other generation than the active one, "${active}", was asked for.` : `No instance that was asked for is under another generation than the active one, "${active}".`,
    remedy: 'There is nothing to re-encrypt. Take a census to see which generations are in use.',
    object: null,
  };
}

function estimate(total: number, bytes: number, { measuredRate, limits }: PlanInput): Estimate {
  const own = measuredRate !== undefined && measuredRate > 0 ? measuredRate : ASSUMED_RATE;
  const allowed = limits?.instancesPerSecond ?? Infinity;
  const allowedByBytes = limits?.mebibytesPerSecond == null || bytes === 0 ? Infinity : (limits.mebibytesPerSecond * MEBIBYTE * total) / bytes;
  const rate = Math.min(own, allowed, allowedByBytes);
  const basis = rate < own ? 'limits' : own === measuredRate ? 'measured' : 'assumed';
  return { seconds: Math.ceil(total / rate), instancesPerSecond: rate, basis };
}

function inWords({ lus, from, fields }: RekeyRequest): string {
  const where = lus === undefined ? 'all LUs' : lus.join(', ');
  if (fields !== undefined) return `field values ${fields.map(({ lu, table, column }) => `${lu}: ${table}.${column}`).join(', ')}`;
  return from === undefined ? `everything that is not under the active generation, in ${where}` : `what is under ${from.join(', ')}, in ${where}`;
}
