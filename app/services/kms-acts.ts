import type { StandingCensus } from '../../main/census/standing.ts';
import { AppError, isAppError, toFailure } from '../../main/errors.ts';
import { DELETION_DAYS, type KmsKeyFacts, type KmsKeyState } from '../../main/kms/acts.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { KmsActName, KmsPlanView } from '../contract/kms.ts';
import { CENSUS_AGE_MS, censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import { assertConfirmed } from './keystore.ts';
import { dependentsOf, type Dependents } from './kms-dependents.ts';
import { DANGEROUS, refusalOf, unsupported, warningsOf } from './kms-act-refusals.ts';
import { stepsOf, wayBackOf } from './kms-act-words.ts';
import { ACTS } from './kms-act-names.ts';
import { assertWholeKey } from './kms-key-search.ts';
import { wrapsOf } from './kms-key-views.ts';
import type { KmsKeyInUse, KmsKeys } from './kms-keys.ts';
import { nameOf } from './kms-names.ts';

export interface KmsActRequest {
  readonly act: KmsActName;
  readonly provider: KmsProviderName;
  /** As {@link KmsKeys.find} answered it. */
  readonly keyId: string;
  /** The window of a deletion; the longest where none is given. */
  readonly days?: number | undefined;
}

export interface KmsActResult {
  /** As the KMS told it afterwards; null where it did not. */
  readonly state: KmsKeyState | null;
  readonly deletionAt: number | null;
}

interface Considered {
  readonly used: KmsKeyInUse;
  readonly dependents: Dependents;
  readonly census: StandingCensus;
  readonly refusal: AppError | null;
}

/** Acts on the keys of KMSs: what depends on the key is counted before, and the act is in the audit trail before and after. */
export class KmsKeyActs {
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #keys: KmsKeys;

  constructor(cluster: Cluster, censuses: Censuses, keys: KmsKeys) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.#keys = keys;
  }

  /**
   * What an act would do and touch; a refusal is part of it. A census that is too old or incomplete is taken anew first.
   * @throws AppError `PROVIDER_NOT_CONFIGURED`, what its settings lack, `CANCELLED` (census), `DATABASE_*`
   */
  async plan(request: KmsActRequest): Promise<KmsPlanView> {
    const { used, dependents, census, refusal } = await this.#consider(request);
    const { act, provider, days } = request;
    const { keyId, facts } = used.asked;
    const name = nameOf(keyId);
    // A KMS that does not answer may not have told yet which acts it has.
    const able = facts === null || used.kms.acts[ACTS[act]] !== undefined;
    const window = act === 'schedule-deletion' && able ? (days ?? DELETION_DAYS.most) : null;
    const intended = { act, provider, name, facts, dependents, days: window, able };
    return {
      act,
      provider,
      keyId,
      name,
      state: facts?.state ?? null,
      refusal: refusal === null ? null : { ...toFailure(refusal, ''), details: { ...refusal.details } },
      steps: stepsOf(intended),
      generations: wrapsOf(dependents),
      instances: dependents.instances,
      byLu: [...dependents.byLu],
      nodes: [...dependents.nodes],
      regions: [...dependents.regions],
      census: censusState(census),
      wayBack: wayBackOf(intended),
      warnings: warningsOf(act, used, dependents, census),
      confirm: this.#confirmation(act, name),
      days: window,
    };
  }

  /**
   * Carries an act out, after looking anew at what depends on the key.
   * @throws AppError `KMS_ACT_UNSUPPORTED`, `KMS_KEY_IN_USE`, `KMS_CENSUS_INCOMPLETE`, `CONFIRMATION_MISMATCH`;
   *   `KMS_OUTCOME_UNKNOWN` with the state that was read then; what the KMS refuses
   */
  async run(request: KmsActRequest, confirm: string): Promise<KmsActResult> {
    const { act, provider, days } = request;
    const considered = await this.#consider(request);
    const { used, dependents, census } = considered;
    const { keyId } = used.asked;
    const facts = { provider, generations: dependents.generations.length, instances: dependents.instances, nodes: dependents.nodes.join(' '), regions: dependents.regions.join(' '), ...(census.at === null ? {} : { countedAt: census.at }) };
    try {
      return await this.#cluster.guarded(`kms.${act}`, keyId, facts, async (note) => {
        // First: who was told of a refusal was not asked for consent.
        if (considered.refusal !== null) throw considered.refusal;
        const expected = this.#confirmation(act, nameOf(keyId));
        if (expected !== null) assertConfirmed(confirm, expected.text);
        const deletionAt = await this.#carryOut(act, used, days);
        const after = await read(used);
        const result = { state: after?.state ?? null, deletionAt: after?.deletionAt ?? deletionAt };
        note({ ...(result.state === null ? {} : { state: result.state }), ...(result.deletionAt === null ? {} : { deletionAt: result.deletionAt }) });
        return result;
      });
    } finally {
      this.#keys.forget();
    }
  }

  async #consider({ act, provider, keyId, days }: KmsActRequest): Promise<Considered> {
    assertWholeKey(keyId);
    const asked = await this.#keys.inUse(provider, keyId, 'state');
    const before = await this.#censuses.standing();
    const census = DANGEROUS.includes(act) ? await this.#censuses.renewIfOlderThan(Math.min(CENSUS_AGE_MS, Math.max(0, this.#cluster.now() - takenOver(count(asked, before))))) : await this.#censuses.renewed();
    // On a cluster counting takes its time: who wraps under the key, and which node names it, is asked for after it.
    const used = !census.live && census.since !== before.since ? await this.#keys.inUse(provider, keyId, 'state') : asked;
    const dependents = count(used, census);
    const isCounted = census.since !== null && census.since >= takenOver(dependents);
    const silent = await this.#silentNodes();
    return { used, dependents, census, refusal: refusalOf({ act, days, used, dependents, silent, census: isCounted ? census : { ...census, complete: false } }) };
  }

  /** Nodes of the database that are down: what was saved at them alone meanwhile was counted by nobody here. */
  async #silentNodes(): Promise<string[]> {
    const nodes = (await this.#cluster.db.topology?.nodes()) ?? [];
    return nodes.filter(({ up }) => !up).map(({ address }) => address);
  }

  /** @returns when the key will be gone, as far as the KMS said */
  async #carryOut(act: KmsActName, used: KmsKeyInUse, days: number | undefined): Promise<number | null> {
    const { acts } = used.kms;
    const { keyId } = used.asked;
    try {
      if (act === 'schedule-deletion') return await scheduleDeletion(used, days);
      const does = { enable: acts.enable, disable: acts.disable, rotate: acts.rotateNow, 'cancel-deletion': acts.cancelDeletion }[act];
      if (does === undefined) throw unsupported(act, used);
      await does(keyId);
      return null;
    } catch (error) {
      if (!isAppError(error, 'KMS_OUTCOME_UNKNOWN')) throw error;
      const after = await read(used);
      if (after !== null && isDone(act, after)) return after.deletionAt;
      // A provider that knows what was done says so itself.
      if (['of', 'version', 'replacedBy'].some((known) => error.details?.[known] !== undefined)) throw error;
      throw told(act, used, after, error);
    }
  }

  #confirmation(act: KmsActName, name: string): { text: string; what: string } | null {
    if (DANGEROUS.includes(act)) return { text: name, what: 'the KMS key' };
    const { profile } = this.#cluster;
    return profile.production ? { text: profile.name, what: 'the profile' } : null;
  }
}

function count({ asked, wrapped, inquiry }: KmsKeyInUse, census: StandingCensus): Dependents {
  return dependentsOf(asked.provider, asked.key, wrapped, inquiry.names, census);
}

/** When the last of its generations was taken over: what was saved until then must have been counted. */
function takenOver({ generations }: Dependents): number {
  return Math.max(0, ...generations.map(({ deactivatedAt }) => deactivatedAt ?? 0));
}

/** The longest window; a KMS whose window belongs to the key says which one that is, and gets it unless it is shorter than the one that was told. */
async function scheduleDeletion(used: KmsKeyInUse, days: number | undefined): Promise<number | null> {
  const { scheduleDeletion: schedule } = used.kms.acts;
  if (schedule === undefined) throw unsupported('schedule-deletion', used);
  try {
    return await schedule(used.asked.keyId, days ?? DELETION_DAYS.most);
  } catch (error) {
    const own = isAppError(error, 'INPUT_INVALID') ? error.details?.['days'] : undefined;
    if (days !== undefined || typeof own !== 'number' || own < DELETION_DAYS.most) throw error;
    return schedule(used.asked.keyId, own);
  }
}

/** Null where the KMS does not answer. */
async function read({ kms, asked }: KmsKeyInUse): Promise<KmsKeyFacts | null> {
  try {
    return (await kms.acts.describe?.(asked.keyId)) ?? null;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return null;
  }
}

/** A rotation leaves no trace in the state. A key that still allows the act has versions for which it was not done. */
function isDone(act: KmsActName, { state, acts }: KmsKeyFacts): boolean {
  if (act === 'rotate' || acts.includes(ACTS[act])) return false;
  if (act === 'cancel-deletion') return state === 'disabled' || state === 'enabled';
  return state === { enable: 'enabled', disable: 'disabled', 'schedule-deletion': 'pending-deletion' }[act];
}

function told(act: KmsActName, { asked, kms }: KmsKeyInUse, after: KmsKeyFacts | null, cause: AppError): AppError {
  const now = after === null ? 'It does not answer now either.' : `Read afterwards, the key is ${after.state.replace('-', ' ')}.`;
  return new AppError('KMS_OUTCOME_UNKNOWN', `${kms.name} did not say whether it did "${act}". ${now} ${mayBe(act, kms.name)}`, after === null ? 'Look at the key when the KMS answers again (fkc kms show), before you do it again.' : 'Compare its versions and state at the KMS with what you expect, before you do it again.', {
    details: { ...cause.details, keyId: asked.keyId, ...(after === null ? {} : { state: after.state }) },
  });
}

function mayBe(act: KmsActName, provider: KmsProviderName): string {
  if (provider === 'GCP_KMS') return 'It may have done it for some of the versions of the key alone.';
  if (provider === 'KMIP_KMS' && act === 'rotate') return 'A new key may stand in its place, which wraps once it is active; until then the old one does.';
  return 'It did all of it or nothing.';
}
