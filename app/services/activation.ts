import { completeCommand } from '../../main/command/complete.ts';
import { formatCommand } from '../../main/command/format.ts';
import type { ActivateKeyCommand, Vocabulary } from '../../main/command/grammar.ts';
import { parseCommand } from '../../main/command/parse.ts';
import { commandProblemToError } from '../../main/command/problem.ts';
import { AppError } from '../../main/errors.ts';
import { activateKey, type ActivationProgress } from '../../main/masterkey/activate.ts';
import { newKeyDescription } from '../../main/masterkey/description.ts';
import type { StandingCensus } from '../../main/census/standing.ts';
import { generationsOf } from '../../main/masterkey/generations.ts';
import { planActivation } from '../../main/masterkey/plan.ts';
import { WRAPPED_KEY_BYTES } from '../../main/crypto/wrap.ts';
import { stripeCount } from '../../main/masterkey/stripes.ts';
import type { KmsTarget } from '../../main/kms/registry.ts';
import { isKmsStore } from '../../main/masterkey/make.ts';
import type { Protection } from '../../main/masterkey/protection.ts';
import { GENERATORS, HASH_KEY_NAME, LUI_KEY_NAME, POSSIBLE_PAIRS, STORES, type Generator, type Store } from '../../main/masterkey/types.ts';
import type { Activated, ActivationPlan, CommandProblem, Completion, ModulePair, ParsedCommand } from '../contract/command.ts';
import type { Profiles } from '../profiles.ts';
import { activationTouches } from './activation-touches.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import { ringWarnings, type ClusterMap } from './cluster-map.ts';
import { nodeWarnings } from './kms-node-warnings.ts';
import { readNodes, type ReadNode } from './region-places.ts';

/** The activatekey line: parse, complete, plan, run. */
export class Activation {
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #map: ClusterMap;
  readonly #profiles: Profiles;
  readonly #onProgress: (progress: ActivationProgress) => void;

  constructor(cluster: Cluster, censuses: Censuses, map: ClusterMap, profiles: Profiles, onProgress: (progress: ActivationProgress) => void) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.#map = map;
    this.#profiles = profiles;
    this.#onProgress = onProgress;
  }

  async parse(text: string): Promise<{ command: ParsedCommand | null; problem: CommandProblem | null }> {
    const result = parseCommand(text, await this.#vocabulary());
    return result.ok ? { command: result.command, problem: null } : { command: null, problem: result.problem };
  }

  async complete(text: string, cursor: number): Promise<Completion[]> {
    return completeCommand(text, cursor, await this.#vocabulary());
  }

  /** Every generator and store that go together, and what is set up for them on this node. */
  async pairs(): Promise<ModulePair[]> {
    const { available } = await this.#vocabulary();
    return GENERATORS.flatMap((generator) =>
      POSSIBLE_PAIRS[generator].map((store) => ({
        generator,
        store,
        configured: available.generators.includes(generator) && available.stores.includes(store),
        kms: this.#targetOf(store),
      })),
    );
  }

  /** The canonical line of a form's values, whether they are right or not. */
  format(command: ParsedCommand): string {
    return formatCommand({
      name: command.name,
      generatorType: wordOf(GENERATORS, command.generatorType),
      storeType: wordOf(STORES, command.storeType),
      args: command.args,
    });
  }

  /** A dry run. Under a KMS a census that is too old is taken anew first. @throws AppError `COMMAND_*` and its kin, `LOCKED` */
  async plan(text: string): Promise<ActivationPlan> {
    const command = await this.#understand(text);
    const { db, ring } = this.#cluster;
    const kms = this.#targetOf(command.storeType);
    const stripes = stripeCount(wrappedBytes(command.storeType));
    const census = kms === null ? await this.#censuses.standing() : await this.#censuses.renewed();
    const generations = generationsOf(await db.keys.list(), await db.keys.activations());
    const plan = planActivation({
      name: command.name,
      generator: command.generatorType,
      store: command.storeType,
      generations,
      census: census.rows,
      protection: kms === null ? await protectionOf(ring.protection) : null,
      kms,
      stripes,
      unreadable: new Set(ring.failures.keys()),
    });
    // The key description is drawn when the line runs; one drawn now lies on the ring as evenly as that one will.
    const places = await this.#map.ringOf(newKeyDescription(command.name, this.#cluster.now(), []), stripes);
    const stays = new Set(plan.staysReadable.map(({ description }) => description));
    const nodes = kms === null ? [] : await this.#nodes();
    return {
      ...plan,
      command: formatCommand(command),
      kms: plan.kms === null ? null : { ...plan.kms, calls: [...plan.kms.calls], lookups: [...plan.kms.lookups] },
      steps: [...plan.steps],
      staysReadable: [...plan.staysReadable],
      ...(kms === null ? { byLu: [], nodes: [], regions: [] } : activationTouches(kms.provider, generations.filter(({ description }) => stays.has(description)), census, nodes)),
      ring: places,
      census: censusState(census),
      warnings: [...plan.warnings, ...(kms === null ? [] : nodeWarnings(kms.provider, nodes)), ...(places === null ? [] : ringWarnings(places)), ...countWarnings(census)],
    };
  }

  /**
   * Activates; the audit trail has a record before it starts and one of how it ended, also where the line is refused.
   * @throws AppError `COMMAND_*` and its kin, `KEY_ACTIVATION_LOST`, `LOCKED`, …
   */
  async run(text: string, reason: string | null): Promise<Activated> {
    // As it is known now: the act has to be under way before anything is waited for, so that a lock waits for it.
    const object = parseCommand(text, this.#known());
    return this.#cluster.guarded(
      'activatekey',
      object.ok ? object.command.name : '(not understood)',
      { command: object.ok ? formatCommand(object.command) : '', ...(reason === null ? {} : { reason }) },
      async (note) => {
        const command = await this.#understand(text);
        const { ring, actor, generate, now } = this.#cluster;
        const result = await activateKey(
          { ...ring.activation, now, onProgress: this.#onProgress, ...(generate === undefined ? {} : { generate }) },
          { name: command.name, generator: command.generatorType, store: command.storeType, actor, reason },
        );
        note({ description: result.description, previous: result.previous ?? '', fingerprint: result.fingerprint });
        return result;
      },
    );
  }

  async #understand(text: string): Promise<ActivateKeyCommand> {
    const result = parseCommand(text, await this.#vocabulary());
    if (!result.ok) throw commandProblemToError(result.problem);
    return result.command;
  }

  /** What is configured may have changed since the profile was opened. */
  async #vocabulary(): Promise<Vocabulary> {
    await this.#cluster.refreshKms();
    return this.#known();
  }

  #known(): Vocabulary {
    const { configured } = this.#cluster.kms.registry;
    return {
      names: [LUI_KEY_NAME, HASH_KEY_NAME, ...this.#cluster.profile.keyNames],
      available: {
        generators: GENERATORS.filter((generator) => generator === 'Java_AES' || configured.includes(generator)),
        stores: STORES.filter((store) => store === 'Stripe_AES' || configured.includes(store)),
      },
    };
  }

  /** Read anew: nodes may have been added since the profile was opened. */
  async #nodes(): Promise<readonly ReadNode[]> {
    return readNodes(await this.#profiles.get(this.#cluster.profile.name));
  }

  #targetOf(store: Store): KmsTarget | null {
    return isKmsStore(store) ? this.#cluster.kms.registry.target(store) : null;
  }
}

/** How long the wrapped form of a key is; of a KMS, how long it usually is. */
function wrappedBytes(store: Store): number {
  return { Stripe_AES: WRAPPED_KEY_BYTES, AWS_KMS: 184, GCP_KMS: 114, KMIP_KMS: 32 }[store];
}

async function protectionOf(protection: Protection): Promise<ActivationPlan['protection']> {
  const current = await protection.current();
  current.key.dispose();
  return { kind: protection.kind, fingerprint: current.id };
}

/** What the figures of a plan do not know. */
function countWarnings({ at, complete }: StandingCensus): string[] {
  if (at === null) return ['No census was taken yet, so the figures above are empty; every instance stays readable under its own generation all the same.'];
  return complete ? [] : ['The last census did not reach every instance, so the figures above are too small.'];
}

function wordOf<T extends Generator | Store>(words: readonly T[], text: string): T {
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new AppError('INPUT_INVALID', `"${text}" is none of ${words.join(', ')}.`, 'Choose one of these.');
}
