import { isKmsStore } from './make.ts';
import type { KmsProviderName } from '../kms/provider.ts';
import type { KmsTarget } from '../kms/registry.ts';
import type { CensusRow } from '../systemdb/repositories.ts';
import type { Generation } from './generations.ts';
import { HASH_KEY_NAME, LUI_KEY_NAME, type Generator, type Store } from './types.ts';
import { isKmsWrapped } from './unwrap.ts';

export interface ActivationPlan {
  readonly name: string;
  readonly generator: Generator;
  readonly store: Store;
  readonly previous: string | null;
  /** The protection key that wraps it; null where a KMS does. */
  readonly protection: PlannedProtection | null;
  /**
   * The KMS key that wraps it, as it is configured, and how often the KMS is asked for it; null where the protection key
   * does. `lookups` are asked besides, once in a process: who the server is, and which key is meant.
   */
  readonly kms: (KmsTarget & { readonly calls: readonly KmsCallCount[]; readonly lookups: readonly string[] }) | null;
  readonly steps: readonly { readonly id: string; readonly title: string; readonly detail: string }[];
  readonly staysReadable: readonly { readonly description: string; readonly instances: number; readonly through: string }[];
  readonly instancesUnderOlder: number;
  readonly warnings: readonly string[];
}

export interface PlannedProtection {
  readonly kind: 'keystore' | 'internal';
  readonly fingerprint: string;
}

/** Requests to a KMS, by its own name of the operation. */
export interface KmsCallCount {
  readonly operation: string;
  readonly times: number;
}

export interface PlanInput {
  readonly name: string;
  readonly generator: Generator;
  readonly store: Store;
  readonly generations: readonly Generation[];
  readonly census: readonly CensusRow[];
  /** One of the two, as the store says. */
  readonly protection: PlannedProtection | null;
  readonly kms: KmsTarget | null;
  /** Stripe records that the new generation will have; about as many where a KMS wraps it. */
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
    kms: input.kms === null ? null : { ...input.kms, calls: callsOf(input), lookups: LOOKUPS[input.kms.provider] },
    steps: steps(input, previous),
    staysReadable,
    instancesUnderOlder: staysReadable.reduce((sum, row) => sum + row.instances, 0),
    warnings: warnings(input, previous),
  };
}

function through(generation: Generation): string {
  if (isKmsWrapped(generation)) {
    const { provider, keyId, location, keyVersion } = generation.wrapping;
    return `${provider ?? ''} key ${keyId ?? ''}${keyVersion === undefined ? '' : `, version ${keyVersion}`}, in ${location ?? ''}`;
  }
  return generation.wrapping['kind'] === 'keystore'
    ? `protection key ${generation.wrapping['keyId'] ?? ''} in the KeyStore`
    : `internal protection key ${generation.wrapping['keyId'] ?? ''}`;
}

/** What a process asks before its first activation under a KMS, by the KMS's own name of the operation. */
const LOOKUPS: Readonly<Record<KmsProviderName, readonly string[]>> = {
  AWS_KMS: ['DescribeKey'],
  GCP_KMS: [],
  KMIP_KMS: ['DiscoverVersions', 'Query', 'GetAttributes'],
};

/** What making, wrapping and verifying asks of a KMS, each time. */
function callsOf({ generator, store }: PlanInput): readonly KmsCallCount[] {
  if (!isKmsStore(store)) return [];
  return [{ operation: generator === 'AWS_KMS' ? 'GenerateDataKey' : 'Encrypt', times: 1 }, { operation: 'Decrypt', times: 1 }];
}

function steps(input: PlanInput, previous: Generation | null): ActivationPlan['steps'] {
  const { kms } = input;
  const lookups = kms === null || LOOKUPS[kms.provider].length === 0 ? '' : `; the first time in a process also ${LOOKUPS[kms.provider].join(', ')}, to find out which key that is`;
  const byKms = input.generator === 'AWS_KMS';
  return [
    {
      id: 'generated',
      title: 'Generate',
      detail: byKms && kms !== null ? `1 call of GenerateDataKey: AWS KMS makes a 256-bit key under ${keyOf(kms)} and answers it in both forms; the plain one stays in memory` : 'a 256-bit key from the system CSPRNG, in memory only; no external call',
    },
    { id: 'wrapped', title: 'Wrap', detail: `${wrapDetail(input)}${lookups}` },
    { id: 'stored', title: 'Store', detail: `${kms === null ? '' : 'about '}${input.stripes} stripe records, one byte each` },
    { id: 'verified', title: 'Read back and verify', detail: `all stripes are read, unwrapped${kms === null ? '' : ' by 1 call of Decrypt'} and compared by fingerprint` },
    { id: 'described', title: 'Describe', detail: 'a new key description is recorded: who, when, why, fingerprint' },
    {
      id: 'active',
      title: 'Activate',
      detail: previous === null ? 'it becomes the first active generation' : `it takes over from ${previous.description}, which is kept for reading`,
    },
  ];
}

function wrapDetail({ generator, kms, protection }: PlanInput): string {
  if (kms !== null) return generator === 'AWS_KMS' ? 'no further call: the KMS answered the wrapped form with the key' : `1 call of Encrypt: ${kms.provider} wraps it under ${keyOf(kms)}`;
  const kept = protection?.kind === 'keystore' ? 'of the KeyStore, which gets a history record under the new key description' : '(internal)';
  return `under protection key ${protection?.fingerprint ?? ''} ${kept}`;
}

/** A KMS key in words. */
function keyOf({ keyId, location }: KmsTarget): string {
  return `KMS key ${keyId}${location === null ? '' : ` in ${location}`}`;
}

function warnings(input: PlanInput, previous: Generation | null): string[] {
  const found: string[] = [];
  if (input.kms !== null) {
    found.push(`A node that goes live asks ${input.kms.provider} for this key: while the KMS does not answer, running nodes go on, and a node that starts can not read what is saved under it.`);
  }
  if (input.protection?.kind === 'internal') {
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
