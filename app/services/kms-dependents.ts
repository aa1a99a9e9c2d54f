import type { StandingCensus } from '../../main/census/standing.ts';
import { isAppError } from '../../main/errors.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import { fromStored } from '../../main/kms/stored.ts';
import { generationsOf, type Generation } from '../../main/masterkey/generations.ts';
import { identify, mayBeSame } from '../../main/regions/identity.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';

/** A generation that a KMS key wraps. */
export interface WrappedGeneration {
  readonly name: string;
  readonly description: string;
  readonly state: Generation['state'];
  readonly activatedAt: number | null;
  readonly deactivatedAt: number | null;
  readonly provider: KmsProviderName;
  /** As it is stored: how the KMS is asked to unwrap. */
  readonly keyId: string;
  /** The same for every copy of a key of several Regions, another for an equal identifier at another KMIP server. */
  readonly key: string;
  readonly version: string | null;
  readonly location: string;
}

/** A name in a node's config.ini, and the key that it means there. */
export interface NodeName {
  readonly node: string;
  readonly provider: KmsProviderName;
  readonly region: string | null;
  readonly name: string;
  /** {@link WrappedGeneration.key}; null where nobody could say. */
  readonly key: string | null;
  /**
   * The key that new master keys are wrapped under by that name: another one than `key` where Re-key made one in its
   * place, at the KMIP server that is asked from here.
   */
  readonly wrapsUnder: string | null;
}

/** Instances of one LU, and their size. */
export interface InstancesOfLu {
  readonly lu: string;
  readonly instances: number;
  readonly bytes: number;
}

/** All that a KMS key holds up. */
export interface Dependents {
  readonly generations: readonly (WrappedGeneration & { readonly instances: number })[];
  readonly instances: number;
  /** Key descriptions that instances carry and that no facts stand of: any key may wrap them. */
  readonly unknown: readonly string[];
  readonly byLu: readonly InstancesOfLu[];
  readonly nodes: readonly string[];
  readonly regions: readonly string[];
}

/** Generations that a KMS wraps, and those of whose wrapping nobody can say which key it needs. */
export interface WrappedGenerations {
  readonly known: readonly WrappedGeneration[];
  readonly notUnderstood: readonly string[];
  /** Of all generations, whatever wraps them. */
  readonly descriptions: ReadonlySet<string>;
}

/** @throws AppError `DATABASE_*` */
export async function wrappedGenerations({ keys }: Pick<SystemDb, 'keys'>): Promise<WrappedGenerations> {
  const known: WrappedGeneration[] = [];
  const notUnderstood: string[] = [];
  const generations = generationsOf(await keys.list(), await keys.activations());
  for (const { name, description, state, activatedAt, deactivatedAt, wrapping } of generations) {
    if (wrapping['kind'] !== 'kms') continue;
    try {
      const { provider, keyId, keyVersion, location } = fromStored(wrapping);
      known.push({ name, description, state, activatedAt, deactivatedAt, provider, keyId, key: identify(provider, keyId, location).id, version: keyVersion, location });
    } catch (error) {
      if (!isAppError(error)) throw error;
      notUnderstood.push(description);
    }
  }
  return { known, notUnderstood, descriptions: new Set(generations.map(({ description }) => description)) };
}

/** The rows of a census, of all their generations together. */
export function instancesByLu(rows: StandingCensus['rows']): InstancesOfLu[] {
  return [...Map.groupBy(rows, ({ lu }) => lu)].map(([lu, some]) => ({ lu, instances: sum(some), bytes: some.reduce((total, { bytes }) => total + bytes, 0) }));
}

/** What depends on a key, in all its Regions. */
export function dependentsOf(provider: KmsProviderName, key: string, { known, descriptions: all }: WrappedGenerations, names: readonly NodeName[], census: Pick<StandingCensus, 'rows'>): Dependents {
  const own = known.filter((generation) => generation.provider === provider && mayBeSame(provider, generation.key, key));
  const descriptions = new Set(own.map(({ description }) => description));
  const rows = census.rows.filter((row) => descriptions.has(row.keyDescription));
  const using = names.filter((name) => name.provider === provider && [name.key, name.wrapsUnder].some((meant) => meant !== null && mayBeSame(provider, meant, key)));
  return {
    generations: own.map((generation) => ({ ...generation, instances: sum(rows.filter(({ keyDescription }) => keyDescription === generation.description)) })),
    instances: sum(rows),
    unknown: [...new Set(census.rows.map(({ keyDescription }) => keyDescription))].filter((description) => !all.has(description)),
    byLu: instancesByLu(rows),
    nodes: [...new Set(using.map(({ node }) => node))],
    regions: [...new Set([...own.map(({ location }) => location), ...using.flatMap(({ region }) => region ?? [])])].sort(),
  };
}

function sum(rows: readonly { readonly instances: number }[]): number {
  return rows.reduce((total, { instances }) => total + instances, 0);
}
