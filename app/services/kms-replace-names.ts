import type { StandingCensus } from '../../main/census/standing.ts';
import { formatCommand } from '../../main/command/format.ts';
import { AppError } from '../../main/errors.ts';
import type { KmsTarget } from '../../main/kms/registry.ts';
import type { Generation } from '../../main/masterkey/generations.ts';
import { planActivation, type KmsCallCount } from '../../main/masterkey/plan.ts';
import { HASH_KEY_NAME, LUI_KEY_NAME, type Generator } from '../../main/masterkey/types.ts';
import type { ReplacedName } from '../contract/kms-replace.ts';
import { keyOf } from './kms-replace-dependents.ts';

export interface NamesInput {
  /** Names that may be activated. */
  readonly known: readonly string[];
  readonly generations: readonly Generation[];
  readonly target: KmsTarget;
  /** Identities of the new key: of none where it could not be tried. */
  readonly newKeys: ReadonlySet<string>;
  readonly stripes: number;
  readonly census: StandingCensus;
  readonly unreadable: ReadonlySet<string>;
  readonly also: readonly string[];
  readonly leave: readonly string[];
}

/**
 * What becomes of each master key's name: `masterkey_key_name` gets a new generation, and so does every other name whose
 * active generation is under the provider whose key changes or under the very key that `masterkey_key_name` leaves;
 * then those that were asked for.
 * @throws AppError `KEY_NAME_UNKNOWN`, `INPUT_INVALID`
 */
export function namesOf(input: NamesInput): { names: ReplacedName[]; calls: KmsCallCount[] } {
  const { known, generations, also, leave, target, newKeys } = input;
  for (const name of [...also, ...leave]) {
    if (known.includes(name)) continue;
    throw new AppError('KEY_NAME_UNKNOWN', `This profile has no master key "${name}". No KMS was asked, and nothing was changed.`, `It has ${known.join(', ')}.`, { details: { name } });
  }
  const both = also.find((name) => leave.includes(name));
  if (both !== undefined) throw new AppError('INPUT_INVALID', `"${both}" is both to be activated and to be left. No KMS was asked, and nothing was changed.`, 'Name it once.');
  const active = new Map(generations.filter(({ state }) => state === 'active').map((generation) => [generation.name, generation]));
  const left = active.get(LUI_KEY_NAME);
  const leftKey = left === undefined ? null : keyOf(left);
  const calls: KmsCallCount[] = [];
  const all = [...new Set([...known, ...active.keys()])];
  const names = all.map((name): ReplacedName => {
    const generation = active.get(name);
    const key = generation === undefined ? null : keyOf(generation);
    const base = { name, active: generation?.description ?? null, under: generation === undefined ? '' : inWords(generation), command: null, steps: [], warnings: [] };
    if (key !== null && newKeys.has(key.id)) return { ...base, then: 'already', why: 'it is under the new key' };
    if (leave.includes(name)) return { ...base, then: 'stays', why: 'you asked for that' };
    const why = also.includes(name)
      ? 'you asked for it'
      : name === LUI_KEY_NAME
        ? 'it encrypts the instances'
        : key !== null && key.provider === target.provider
          ? `its active generation is under ${key.provider}`
          : key !== null && key.id === leftKey?.id
            ? 'its active generation is under the key that is replaced'
            : null;
    if (why === null) return { ...base, then: 'stays', why: generation === undefined ? 'it has no generation yet' : 'no KMS key that is replaced wraps it' };
    if (!known.includes(name)) return { ...base, then: 'stays', why: 'the profile does not name it, so that it can not be activated from here', warnings: [`${name} stays under the old key: add it to the profile's key names, then run this again.`] };
    const generator: Generator = target.provider === 'AWS_KMS' ? 'AWS_KMS' : 'Java_AES';
    const plan = planActivation({ name, generator, store: target.provider, generations, census: input.census.rows, protection: null, kms: target, stripes: input.stripes, unreadable: input.unreadable });
    calls.push(...(plan.kms?.calls ?? []));
    return { ...base, then: 'activate', why, command: formatCommand({ name, generatorType: generator, storeType: target.provider, args: null }), steps: [...plan.steps], warnings: name === HASH_KEY_NAME && generation !== undefined ? [`${name} is the masking hash key: values hashed from then on differ from those hashed before, so they no longer match each other. Leave it under the old key where that must not be.`] : [] };
  });
  return { names, calls: sumOf(calls) };
}

function inWords(generation: Generation): string {
  const key = keyOf(generation);
  if (key !== null) return `${key.provider} key ${key.keyId}`;
  return generation.wrapping['kind'] === 'keystore' ? 'the KeyStore' : generation.wrapping['kind'] === 'internal' ? 'the internal protection key' : 'what is not understood';
}

function sumOf(calls: readonly KmsCallCount[]): KmsCallCount[] {
  const sums = new Map<string, number>();
  for (const { operation, times } of calls) sums.set(operation, (sums.get(operation) ?? 0) + times);
  return [...sums].map(([operation, times]) => ({ operation, times }));
}
