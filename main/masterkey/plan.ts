import type { CensusRow } from '../systemdb/repositories.ts';
import type { Generation } from './generations.ts';
import { HASH_KEY_NAME, LUI_KEY_NAME, type Generator, type Store } from './types.ts';

export interface ActivationPlan {
  readonly name: string;
  readonly generator: Generator;
  readonly store: Store;
  readonly previous: string | null;
  readonly protection: { readonly kind: 'keystore' | 'internal'; readonly fingerprint: string };
  readonly steps: readonly { readonly id: string; readonly title: string; readonly detail: string }[];
  readonly staysReadable: readonly { readonly description: string; readonly instances: number; readonly through: string }[];
  readonly instancesUnderOlder: number;
  readonly warnings: readonly string[];
}

export interface PlanInput {
  readonly name: string;
  readonly generator: Generator;
  readonly store: Store;
  readonly generations: readonly Generation[];
  readonly census: readonly CensusRow[];
  readonly protection: { readonly kind: 'keystore' | 'internal'; readonly fingerprint: string };
  /** Stripe records that the new generation will have. */
  readonly stripes: number;
  /** Key descriptions that can not be unwrapped now. */
  readonly unreadable: ReadonlySet<string>;
}

/** What an activation would make, call and store, and what stays readable through what. Pure: nothing is done. */
export function planActivation(input: PlanInput): ActivationPlan {
  const { name, generations, census, protection } = input;
  const previous = generations.find((generation) => generation.name === name && generation.state === 'active') ?? null;
  const instancesOf = (description: string): number =>
    census.filter((row) => row.keyDescription === description).reduce((sum, row) => sum + row.instances, 0);
  const staysReadable = generations
    .filter((generation) => generation.name === name && generation.state !== 'pre-active')
    .map((generation) => ({
      description: generation.description,
      instances: instancesOf(generation.description),
      through: through(generation),
    }));
  return {
    name,
    generator: input.generator,
    store: input.store,
    previous: previous?.description ?? null,
    protection,
    steps: steps(input, previous),
    staysReadable,
    instancesUnderOlder: staysReadable.reduce((sum, row) => sum + row.instances, 0),
    warnings: warnings(input, previous),
  };
}

function through(generation: Generation): string {
  return generation.wrapping['kind'] === 'keystore'
    ? `protection key ${generation.wrapping['keyId'] ?? ''} in the KeyStore`
    : `internal protection key ${generation.wrapping['keyId'] ?? ''}`;
}

function steps(input: PlanInput, previous: Generation | null): ActivationPlan['steps'] {
  const { protection } = input;
  const keystore = protection.kind === 'keystore';
  return [
    { id: 'generated', title: 'Generate', detail: 'a 256-bit key from the system CSPRNG, in memory only; no external call' },
    {
      id: 'wrapped',
      title: 'Wrap',
      detail: `under protection key ${protection.fingerprint} ${keystore ? 'of the KeyStore, which gets a history record under the new key description' : '(internal)'}`,
    },
    { id: 'stored', title: 'Store', detail: `${input.stripes} stripe records, one byte each` },
    { id: 'verified', title: 'Read back and verify', detail: 'all stripes are read, unwrapped and compared by fingerprint' },
    { id: 'described', title: 'Describe', detail: 'a new key description is recorded: who, when, why, fingerprint' },
    {
      id: 'active',
      title: 'Activate',
      detail: previous === null ? 'it becomes the first active generation' : `it takes over from ${previous.description}, which is kept for reading`,
    },
  ];
}

function warnings(input: PlanInput, previous: Generation | null): string[] {
  const found: string[] = [];
  if (input.protection.kind === 'internal') {
    found.push('The protection key is internal: it lies in the same database as the data that it protects. Turn a KeyStore on in Settings.');
  }
  if (previous !== null && input.unreadable.has(previous.description)) {
    found.push(`The active generation ${previous.description} can not be unwrapped now. Activating a new one lets saving go on, but does not bring it back.`);
  }
  if (input.name === HASH_KEY_NAME && previous !== null) {
    found.push('This is the masking hash key: values hashed from now on differ from those hashed before, so they no longer match each other.');
  }
  if (input.name === LUI_KEY_NAME && previous !== null) {
    found.push('Data saved before stay under their own generation until they are saved again or rekeyed.');
  }
  return found;
}
