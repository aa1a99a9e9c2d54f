import { isAppError } from '../../main/errors.ts';
import { failPoint } from '../../main/fail-point.ts';
import type { AuditFacts } from '../../main/audit/trail.ts';
import type { ConsoleEvent } from '../contract/events.ts';
import type { Output } from '../contract/index.ts';
import type { ReplacementPlan, ReplacementRequest, ReplacementResult } from '../contract/kms-replace.ts';
import type { Activation } from './activation.ts';
import { censusState } from './census.ts';
import type { ConfigChange } from './config.ts';
import { dependentsOf, keyIdentity, keyOf, keysInUse } from './kms-replace-dependents.ts';
import { nodeNames } from './kms-node-names.ts';
import { partly } from './kms-replace-partly.ts';
import { generationsNow, prepareReplacement, type Around, type Prepared } from './kms-replace-plan.ts';
import { ReplacementSteps } from './kms-replace-steps.ts';
import { movedMeanwhile, nextOf, writtenWords } from './kms-replace-words.ts';
import { assertConfirmed } from './keystore.ts';
import { readNodes } from './region-places.ts';

interface Performing extends Around {
  readonly activation: Activation;
  readonly emit: (event: ConsoleEvent) => void;
}

/**
 * Key replacement (domain rules 10 to 12): a new KMS key is tried, written into every node's config.ini, and wraps a new
 * generation of each master key that its predecessor wrapped. The old key is kept: what it wrapped is opened by it.
 */
export class KmsReplacement {
  readonly #around: Performing;

  constructor(around: Performing) {
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
    return (await prepareReplacement(this.#around, request, this.#steps())).plan;
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
      const prepared = await prepareReplacement(this.#around, request, steps);
      if (prepared.failure !== null) throw prepared.failure;
      note({ key: prepared.plan.keyId, replaced: prepared.plan.dependents.filter(({ replaced }) => replaced).map(({ keyId }) => keyId) });
      return this.#carryOut(prepared, steps, confirm, reason, note);
    });
  }

  async #carryOut({ plan, settings, keys, replaced }: Prepared, steps: ReplacementSteps, confirm: string, reason: string | null, note: (facts: AuditFacts) => void): Promise<ReplacementResult> {
    const { cluster, configs, activation, profiles } = this.#around;
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
    const old = keysInUse(await generationsNow(cluster)).filter(({ id }) => !keys.has(id));
    const named = await nodeNames(cluster, await profiles.get(cluster.profile.name), old.map(({ provider }) => provider));
    const dependents = dependentsOf(old, census, named, replaced);
    return { provider: plan.provider, keyId: plan.keyId ?? plan.asked, changes, activated, dependents, census: censusState(census), next: nextOf(dependents, changes) };
  }

  async #keyUnder(description: string): Promise<{ id: string; keyId: string }> {
    const generation = (await generationsNow(this.#around.cluster)).find((one) => one.description === description);
    const key = generation === undefined ? null : keyOf(generation);
    return key === null ? { id: '', keyId: '' } : { id: keyIdentity(key.provider, key.keyId, key.location), keyId: key.keyId };
  }

  #steps(): ReplacementSteps {
    return new ReplacementSteps((step) => this.#around.emit({ type: 'replacement', step }));
  }
}
