import { AppError, isAppError, toFailure } from '../../main/errors.ts';
import { failPoint } from '../../main/fail-point.ts';
import type { AuditFacts } from '../../main/audit/trail.ts';
import type { KmsTarget } from '../../main/kms/registry.ts';
import { newKeyDescription } from '../../main/masterkey/description.ts';
import { generationsOf, type Generation } from '../../main/masterkey/generations.ts';
import { stripeCount } from '../../main/masterkey/stripes.ts';
import { HASH_KEY_NAME, LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import type { StandingCensus } from '../../main/census/standing.ts';
import type { ConsoleEvent } from '../contract/events.ts';
import type { Output } from '../contract/index.ts';
import type { ReplacementPlan, ReplacementRequest, ReplacementResult } from '../contract/kms-replace.ts';
import type { Profiles } from '../profiles.ts';
import type { Activation } from './activation.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import type { ConfigChange, Configs, ConfigSetting } from './config.ts';
import { checkOldKeys, keepingNodes, tryNewKey, type CheckInput } from './kms-replace-checks.ts';
import { dependentsOf, keyIdentity, keyOf, keysInUse } from './kms-replace-dependents.ts';
import { namesOf } from './kms-replace-names.ts';
import { partly } from './kms-replace-partly.ts';
import { settingsFor } from './kms-replace-settings.ts';
import { ReplacementSteps, type Found } from './kms-replace-steps.ts';
import { assertConfirmed } from './keystore.ts';
import { readNodes } from './region-places.ts';

/** Length of a wrapped key where the new one could not be tried. */
const USUAL_BYTES = 184;

interface Prepared {
  readonly plan: ReplacementPlan;
  readonly settings: readonly ConfigSetting[];
  readonly failure: AppError | null;
  /** Identities of the new key. */
  readonly keys: ReadonlySet<string>;
  /** Identities of the keys that are taken out of use. */
  readonly replaced: ReadonlySet<string>;
}

interface Around {
  readonly cluster: Cluster;
  readonly censuses: Censuses;
  readonly configs: Configs;
  readonly profiles: Profiles;
  readonly activation: Activation;
  readonly emit: (event: ConsoleEvent) => void;
}

/**
 * Key replacement (domain rules 10 to 12): a new KMS key is tried, written into every node's config.ini, and wraps a new
 * generation of each master key that its predecessor wrapped. The old key is kept: what it wrapped is opened by it.
 */
export class KmsReplacement {
  readonly #around: Around;

  constructor(around: Around) {
    this.#around = around;
  }

  /** The keys that the nodes name now; asks no KMS. @throws AppError `PROFILE_*` */
  async current(): Promise<Output<'replacement.current'>> {
    const { cluster, profiles } = this.#around;
    const profile = await profiles.get(cluster.profile.name);
    const nodes = await readNodes(profile);
    const keys = new Map<string, Output<'replacement.current'>['keys'][number]>();
    for (const { node, uses } of nodes) {
      for (const { provider, key: keyId, place: location } of uses) {
        const id = JSON.stringify([provider, keyId, location]);
        keys.set(id, { provider, keyId, location, nodes: [...(keys.get(id)?.nodes ?? []), node] });
      }
    }
    return { profile: profile.name, keys: [...keys.values()], nodes: nodes.map(({ node }) => node) };
  }

  /**
   * Tries the new key from here and works out all that {@link run} would do; nothing is changed. A check that fails is
   * part of the answer, as its `refusal`. A census that is too old or incomplete is taken anew first.
   * @throws AppError `LOCKED`, `CONFIG_*`, `FILE_*`, `KEY_NAME_UNKNOWN`, `INPUT_INVALID`, `DATABASE_*`
   */
  async plan(request: ReplacementRequest): Promise<ReplacementPlan> {
    return (await this.#prepare(request, this.#steps())).plan;
  }

  /**
   * Tries the new key once more, then writes every node's config.ini, then activates. Running it again goes on where it
   * stopped. @param confirm the profile's name
   * @throws AppError what {@link plan} throws and refuses by, `CONFIRMATION_MISMATCH`: nothing was changed;
   * `KMS_REPLACE_PARTLY`: what is true now stands in its message
   */
  async run(request: ReplacementRequest, confirm: string, reason: string | null): Promise<ReplacementResult> {
    const { cluster } = this.#around;
    const context: AuditFacts = { provider: request.provider, region: request.region ?? '', ...(reason === null ? {} : { reason }) };
    return cluster.guarded('kms.replace', request.keyId, context, async (note) => {
      assertConfirmed(confirm, cluster.profile.name);
      const steps = this.#steps();
      const prepared = await this.#prepare(request, steps);
      if (prepared.failure !== null) throw prepared.failure;
      note({ key: prepared.plan.keyId, replaced: prepared.plan.dependents.filter(({ replaced }) => replaced).map(({ keyId }) => keyId) });
      return this.#carryOut(prepared, steps, confirm, reason, note);
    });
  }

  async #carryOut({ plan, settings, keys, replaced }: Prepared, steps: ReplacementSteps, confirm: string, reason: string | null, note: (facts: AuditFacts) => void): Promise<ReplacementResult> {
    const { cluster, configs, activation } = this.#around;
    const changes: (ConfigChange & { backup: string | null })[] = [];
    const activated: ReplacementResult['activated'] = [];
    let at = 'the config.ini of the nodes';
    try {
      const written = await steps.run('config', 'Write config.ini', () => configs.set(settings, null, confirm), (done) => ({ detail: writtenWords(done) }));
      changes.push(...written);
      note({ nodes: written.filter(({ changed }) => changed).map(({ node }) => node) });
      failPoint('kms-replace:configured');
      // Anew: the same alias may mean another key than when this process asked for it first.
      await cluster.refreshKms(true);
      for (const { name, command } of plan.names) {
        if (command === null) continue;
        at = name;
        const done = await steps.run(`activate ${name}`, `Activate ${name}`, () => activation.run(command, reason ?? `KMS key replaced by ${plan.keyId ?? plan.asked}`), ({ description }) => ({ detail: description }));
        const under = await this.#keyUnder(done.description);
        activated.push({ name, description: done.description, previous: done.previous, keyId: under.keyId });
        note({ activated: activated.map(({ description }) => description) });
        failPoint('kms-replace:activated');
        if (!keys.has(under.id)) throw movedMeanwhile(name, under.keyId, plan);
      }
    } catch (error) {
      if (!isAppError(error)) throw error;
      throw partly(error, { at, plan, changes, activated });
    }
    const census = await this.#around.censuses.standing();
    const dependents = dependentsOf(keysInUse(await this.#generations()).filter(({ id }) => !keys.has(id)), census, replaced);
    return { provider: plan.provider, keyId: plan.keyId ?? plan.asked, changes, activated, dependents, census: censusState(census), next: nextOf(dependents, changes) };
  }

  async #prepare(request: ReplacementRequest, steps: ReplacementSteps): Promise<Prepared> {
    const { cluster, profiles, configs } = this.#around;
    const { ring } = cluster;
    await cluster.refreshKms();
    const wanted = { provider: request.provider, keyId: request.keyId, region: request.region ?? null };
    const profile = await profiles.get(cluster.profile.name);
    const nodes = await readNodes(profile);
    const generations = await this.#generations();
    let census = await this.#around.censuses.standing();
    const input: CheckInput = {
      profile,
      nodes,
      wanted,
      context: { name: LUI_KEY_NAME, description: newKeyDescription(LUI_KEY_NAME, cluster.now(), []), cluster: cluster.kmsAccess.cluster },
      environment: process.env,
      own: cluster.credentials,
      steps,
    };
    const names = (stripes: number, newKeys: ReadonlySet<string>, key: Pick<KmsTarget, 'keyId' | 'location'>) =>
      namesOf({
        known: [LUI_KEY_NAME, HASH_KEY_NAME, ...cluster.profile.keyNames],
        generations,
        target: { ...key, provider: wanted.provider },
        newKeys,
        stripes,
        census,
        unreadable: new Set(ring.failures.keys()),
        also: request.also ?? [],
        leave: request.leave ?? [],
      });
    // What was asked for is judged before any KMS is asked.
    names(stripeCount(USUAL_BYTES), new Set(), { keyId: wanted.keyId, location: wanted.region });
    const everyNode = nodes.map(({ node }) => node);
    await configs.plan(settingsFor(wanted, everyNode, []), null);
    census = await this.#around.censuses.renewed((take) => steps.run('census', 'Take a census', take, censusFound));
    const settings = settingsFor(wanted, everyNode, await keepingNodes(input));
    const changes = await configs.plan(settings, null);
    const tried = await tryNewKey(input, settings);
    const [trial] = tried.trials;
    const { names: planned, calls } = names(stripeCount(trial?.wrappedBytes ?? USUAL_BYTES), tried.keys, trial ?? { keyId: wanted.keyId, location: wanted.region });
    const old = keysInUse(generations).filter(({ id }) => !tried.keys.has(id));
    const leaving = new Set(planned.filter(({ then }) => then === 'activate').flatMap(({ active }) => this.#identityOf(generations, active)));
    const warnings = [...tried.warnings, ...planned.flatMap((name) => name.warnings)];
    if (old.length > 0) {
      const closed = await steps.check(
        'old',
        'What older keys wrapped opens with the new configuration',
        () => checkOldKeys(input, settings, old, ring.protectors),
        (shut) => (shut.length === 0 ? { detail: old.length === 1 ? 'the 1 KMS key in use still opens what it wrapped' : `all ${old.length} KMS keys in use still open what they wrapped` } : { detail: `${shut.map(({ key }) => key.keyId).join(', ')} does not open what it wrapped, neither now nor then`, warning: true }),
      );
      for (const { key, code } of closed ?? []) warnings.push(`${key.provider} key ${key.keyId} does not open what it wrapped now (${code}): the replacement does not change that, and brings nothing back.`);
    }
    const failure = steps.failure;
    return {
      settings,
      failure,
      keys: tried.keys,
      replaced: leaving,
      plan: {
        provider: wanted.provider,
        asked: wanted.keyId,
        keyId: trial?.keyId ?? null,
        steps: steps.list,
        refusal: failure === null ? null : toFailure(failure, ''),
        changes,
        names: planned,
        calls,
        dependents: dependentsOf(old, census, leaving),
        census: censusState(census),
        alreadySo: failure === null && changes.every(({ changed }) => !changed) && planned.every(({ then }) => then !== 'activate'),
        warnings: [...warnings, ...censusWarnings(census)],
        confirm: cluster.profile.name,
        at: cluster.now(),
      },
    };
  }

  #identityOf(generations: readonly Generation[], description: string | null): string[] {
    const generation = generations.find((one) => one.description === description);
    const key = generation === undefined ? null : keyOf(generation);
    return key === null ? [] : [key.id];
  }

  async #keyUnder(description: string): Promise<{ id: string; keyId: string }> {
    const generation = (await this.#generations()).find((one) => one.description === description);
    const key = generation === undefined ? null : keyOf(generation);
    return key === null ? { id: '', keyId: '' } : { id: keyIdentity(key.provider, key.keyId, key.location), keyId: key.keyId };
  }

  async #generations(): Promise<Generation[]> {
    const { keys } = this.#around.cluster.db;
    return generationsOf(await keys.list(), await keys.activations());
  }

  #steps(): ReplacementSteps {
    return new ReplacementSteps((step) => this.#around.emit({ type: 'replacement', step }));
  }
}

function writtenWords(changes: readonly ConfigChange[]): string {
  const changed = changes.filter((change) => change.changed).map(({ node }) => node);
  return changed.length === 0 ? 'every file is so already' : `written on ${changed.join(', ')}`;
}

function movedMeanwhile(name: string, keyId: string, plan: ReplacementPlan): AppError {
  return new AppError(
    'KMS_KEY_MISMATCH',
    `${name} was activated under ${keyId}, and ${plan.keyId ?? plan.asked} is the key that was tried: an alias was moved meanwhile, or somebody changed config.ini. The generation was read back and verified, and is active.`,
    'See what config.ini names (fkc config diff), and give the ID of the key in place of an alias.',
  );
}

function nextOf(dependents: ReplacementResult['dependents'], changes: readonly ConfigChange[]): string[] {
  const needed = dependents.filter(({ instances }) => instances > 0);
  const kept = dependents.filter(({ replaced }) => replaced).map(({ keyId }) => keyId);
  return [
    ...(changes.some(({ changed }) => changed) ? ['Running nodes read config.ini when they go live. They go on saving under what they hold; they take over the new generation by themselves, and need the new key for that.'] : []),
    ...(needed.length === 0 ? [] : ['Rekey, so that no instance needs an old key any more: fkc rekey plan']),
    ...(kept.length === 0 ? [] : [`Keep ${kept.join(' and ')}, enabled: what it wrapped is opened by it alone, also in backups.`]),
  ];
}

function censusFound(why: AppError | null): Found {
  return why === null ? { detail: 'what depends on the keys in use was counted' } : { detail: `${why.message} The figures below are those of the last one.`, warning: true };
}

function censusWarnings({ at, complete }: StandingCensus): string[] {
  if (at === null) return ['No census was taken yet, so that it is not known how many instances depend on the old keys.'];
  return complete ? [] : ['The last census did not reach every instance, so the figures of dependents are too small.'];
}
