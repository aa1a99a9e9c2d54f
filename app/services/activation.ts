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
import { GENERATORS, HASH_KEY_NAME, LUI_KEY_NAME, STORES, type Generator, type Store } from '../../main/masterkey/types.ts';
import type { Activated, ActivationPlan, CommandProblem, Completion, ParsedCommand } from '../contract/command.ts';
import type { Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import { ringWarnings, type ClusterMap } from './cluster-map.ts';

/** The activatekey line: parse, complete, plan, run. */
export class Activation {
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #map: ClusterMap;
  readonly #onProgress: (progress: ActivationProgress) => void;

  constructor(cluster: Cluster, censuses: Censuses, map: ClusterMap, onProgress: (progress: ActivationProgress) => void) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.#map = map;
    this.#onProgress = onProgress;
  }

  parse(text: string): { command: ParsedCommand | null; problem: CommandProblem | null } {
    const result = parseCommand(text, this.#vocabulary());
    return result.ok ? { command: result.command, problem: null } : { command: null, problem: result.problem };
  }

  complete(text: string, cursor: number): Completion[] {
    return completeCommand(text, cursor, this.#vocabulary());
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

  /** A dry run. @throws AppError `COMMAND_*` and its kin, `LOCKED` */
  async plan(text: string): Promise<ActivationPlan> {
    const command = this.#understand(text);
    const { db, ring } = this.#cluster;
    const current = await ring.protection.current();
    current.key.dispose();
    const census = await this.#censuses.standing();
    const plan = planActivation({
      name: command.name,
      generator: command.generatorType,
      store: command.storeType,
      generations: generationsOf(await db.keys.list(), await db.keys.activations()),
      census: census.rows,
      protection: { kind: ring.protection.kind, fingerprint: current.id },
      stripes: stripeCount(WRAPPED_KEY_BYTES),
      unreadable: new Set(ring.failures.keys()),
    });
    // The key description is drawn when the line runs; one drawn now lies on the ring as evenly as that one will.
    const places = await this.#map.ringOf(newKeyDescription(command.name, this.#cluster.now(), []), stripeCount(WRAPPED_KEY_BYTES));
    return {
      ...plan,
      command: formatCommand(command),
      steps: [...plan.steps],
      staysReadable: [...plan.staysReadable],
      ring: places,
      warnings: [...plan.warnings, ...(places === null ? [] : ringWarnings(places)), ...countWarnings(census)],
    };
  }

  /**
   * Activates; the audit trail has a record before it starts and one of how it ended, also where the line is refused.
   * @throws AppError `COMMAND_*` and its kin, `KEY_ACTIVATION_LOST`, `LOCKED`, …
   */
  async run(text: string, reason: string | null): Promise<Activated> {
    const object = parseCommand(text, this.#vocabulary());
    return this.#cluster.guarded(
      'activatekey',
      object.ok ? object.command.name : '(not understood)',
      { command: object.ok ? formatCommand(object.command) : '', ...(reason === null ? {} : { reason }) },
      async (note) => {
        const command = this.#understand(text);
        const { ring, actor, generate, now } = this.#cluster;
        const result = await activateKey(
          { ...ring.protectors, now, onProgress: this.#onProgress, ...(generate === undefined ? {} : { generate }) },
          { name: command.name, generator: command.generatorType, store: command.storeType, actor, reason },
        );
        note({ description: result.description, previous: result.previous ?? '', fingerprint: result.fingerprint });
        return result;
      },
    );
  }

  #understand(text: string): ActivateKeyCommand {
    const result = parseCommand(text, this.#vocabulary());
    if (!result.ok) throw commandProblemToError(result.problem);
    return result.command;
  }

  #vocabulary(): Vocabulary {
    return {
      names: [LUI_KEY_NAME, HASH_KEY_NAME, ...this.#cluster.profile.keyNames],
      available: { generators: ['Java_AES'], stores: ['Stripe_AES'] },
    };
  }
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
