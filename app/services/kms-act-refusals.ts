import type { StandingCensus } from '../../main/census/standing.ts';
import { AppError } from '../../main/errors.ts';
import { DELETION_DAYS, type KmsKeyFacts } from '../../main/kms/acts.ts';
import type { KmsActName } from '../contract/kms.ts';
import type { Dependents } from './kms-dependents.ts';
import type { KmsInquiry } from './kms-inquiry.ts';
import { ACTS, actsOfKey } from './kms-act-names.ts';
import type { KmsKeyInUse } from './kms-keys.ts';

/** Acts after which something can not be read. */
export const DANGEROUS: readonly KmsActName[] = ['disable', 'schedule-deletion'];

type Used = Omit<KmsKeyInUse, 'inquiry'> & { readonly inquiry: Pick<KmsInquiry, 'names'> };
type Counted = Pick<StandingCensus, 'complete' | 'notCovered'>;

/** Why an act would not be done; null where it would. */
export function refusalOf({ act, days, used, dependents, silent, census }: { act: KmsActName; days: number | undefined; used: Used; dependents: Dependents; silent: readonly string[]; census: Counted }): AppError | null {
  const { facts, whyNot } = used.asked;
  if (used.kms.acts[ACTS[act]] === undefined && facts !== null) return unsupported(act, used);
  if (facts === null) {
    return new AppError('KMS_KEY_UNAVAILABLE', `${used.kms.name} does not say in which state the key is (${whyNot?.code ?? 'it has no such answer'}). Nothing was changed.`, whyNot?.remedy ?? 'Look at the key at its KMS.', { details: { keyId: used.asked.keyId } });
  }
  if (!actsOfKey(used.kms.acts, facts.acts).includes(act)) return notNow(act, used, facts);
  if (act !== 'schedule-deletion') return null;
  if (days !== undefined && days < DELETION_DAYS.least && used.kms.name === 'AWS_KMS') return new AppError('INPUT_INVALID', `A deletion can be scheduled ${DELETION_DAYS.least} to ${DELETION_DAYS.most} days ahead, and not ${days}. Nothing was changed.`, 'Leave --days out: the longest window is the safest.');
  return stillNeeded(used, dependents, census) ?? (silent.length === 0 ? null : notAllThere(used, silent));
}

/** A data centre that is cut off may go on saving under a generation that was replaced elsewhere. */
function notAllThere({ asked }: Used, silent: readonly string[]): AppError {
  return new AppError(
    'KMS_CENSUS_INCOMPLETE',
    `Nodes of the database are down (${silent.slice(0, 3).join(', ')}): what was saved at them meanwhile is in no census, so that nobody knows whether instances need this key. Nothing was changed.`,
    'Bring every node back (fkc census then counts what they hold), and try again.',
    { details: { keyId: asked.keyId, nodes: [...silent] } },
  );
}

/** Null where nothing depends on the key, and that is known for sure. */
function stillNeeded({ asked, inquiry, wrapped, unreadNodes, kms }: Used, { generations, instances, unknown: lost, nodes }: Dependents, census: Counted): AppError | null {
  const active = generations.filter(({ state }) => state === 'active');
  const coming = generations.filter(({ state }) => state === 'pre-active');
  const unknown = inquiry.names.filter(({ provider, key }) => provider === kms.name && key === null).map(({ node }) => node);
  const needs = [
    instances === 0 ? '' : `${instances.toLocaleString('en-US')} ${instances === 1 ? 'instance needs' : 'instances need'} it, under ${generations.filter((one) => one.instances > 0).length} of the ${generations.length} generation${generations.length === 1 ? '' : 's'} that it wraps`,
    active.length === 0 ? '' : `it wraps the active generation of ${active.map(({ name }) => name).join(', ')}`,
    coming.length === 0 ? '' : `${coming.map(({ description }) => description).join(', ')} may be on the way to become active under it (what a crash left goes by: fkc keys remove-orphans)`,
    lost.length === 0 ? '' : `instances carry ${lost.slice(0, 3).join(', ')}, of which the system database does not know what wraps it`,
    nodes.length === 0 ? '' : `config.ini of ${nodes.join(', ')} names it`,
    unknown.length === 0 && unreadNodes.length === 0 ? '' : `what config.ini of ${[...new Set([...unknown, ...unreadNodes])].join(', ')} names is not known`,
    wrapped.notUnderstood.length === 0 ? '' : `which key wraps ${wrapped.notUnderstood.slice(0, 3).join(', ')} is not known`,
  ].filter((need) => need !== '');
  const details = { keyId: asked.keyId, generations: generations.map(({ description }) => description), instances, nodes };
  if (needs.length > 0) {
    return new AppError('KMS_KEY_IN_USE', `This KMS key can not be given up: ${needs.join('; ')}. After its deletion nobody could read that any more. Nothing was changed.`, 'Name another key (fkc kms replace), rekey what is under this one (fkc rekey start), take a census, and try again.', { details });
  }
  if (census.complete) return null;
  return new AppError('KMS_CENSUS_INCOMPLETE', `The census did not count everything (${census.notCovered.length === 0 ? 'it is not of every Logical Unit, or a generation under this key was active after it began' : `${census.notCovered.length} ranges are missing`}), so that nobody knows whether instances need this key. Nothing was changed.`, 'Let every node of the database answer, take a census (fkc census), and try again.', { details });
}

/** What a person ought to know before. */
export function warningsOf(act: KmsActName, { inquiry, kms, unreadNodes, asked }: Used, { generations, instances }: Dependents, census: Counted): string[] {
  if (!DANGEROUS.includes(act)) return [];
  const empty = generations.filter((one) => one.instances === 0).length;
  const unknown = [...new Set([...inquiry.names.filter(({ provider, key }) => provider === kms.name && key === null).map(({ node }) => node), ...unreadNodes])];
  return [
    ...(act === 'schedule-deletion' && empty > 0 ? [`${empty} generation${empty === 1 ? '' : 's'} without instances can be opened by nobody after that: values that luEncrypt sealed and backups under ${empty === 1 ? 'it' : 'them'} are lost for good.`] : []),
    ...(act === 'disable' && generations.some(({ state }) => state === 'active') ? ['It wraps an active generation: nodes that start now can not save either.'] : []),
    ...(unknown.length === 0 ? [] : [`What config.ini of ${unknown.join(', ')} names is not known; it may be this key.`]),
    ...(census.complete || instances === 0 ? [] : ['The census did not count everything: more may depend on it.']),
    ...(asked.facts?.multiRegion === true ? ['It is a multi-Region key: this changes the copy in this Region alone. What depends on it is counted for all of them.'] : []),
  ];
}

/** `KMS_ACT_UNSUPPORTED` */
export function unsupported(act: KmsActName, { kms, asked }: Used): AppError {
  return new AppError('KMS_ACT_UNSUPPORTED', `${kms.name} has no "${act}" that the console could ask for. Nothing was changed.`, 'Do it with the tools of the KMS itself, after looking at what depends on the key (fkc kms show).', { details: { keyId: asked.keyId, act } });
}

function notNow(act: KmsActName, { kms, asked }: Used, { state, acts }: KmsKeyFacts): AppError {
  const can = actsOfKey(kms.acts, acts);
  return new AppError('KMS_ACT_UNSUPPORTED', `The key is ${state.replace('-', ' ')}, and does not allow "${act}" now. Nothing was changed.`, can.length === 0 ? 'It can only be looked at.' : `What it allows now: ${can.join(', ')}.`, { details: { keyId: asked.keyId, act, state } });
}
