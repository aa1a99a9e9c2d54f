import type { KmsGrant, KmsKeyState, KmsKeyVersion, KmsRotation } from '../kms/acts.ts';
import type { KmsProviderName } from '../kms/provider.ts';

/**
 * What an audit knows. A *place* is a Region (AWS), a location (GCP) or a host (KMIP). Times are milliseconds since the
 * epoch (UTC). Nothing here is secret.
 */

/** Why something is not known, as an AppError says it. */
export interface WhyNot {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** One node, as its config.ini describes it. */
export interface NodePlan {
  readonly node: string;
  readonly file: string;
  readonly uses: readonly PlannedUse[];
  /** Providers that it has no settings for, and none by its surroundings: what they wrapped does not open there. */
  readonly lacks: readonly KmsProviderName[];
  /** Set where its config.ini could not be read: then `uses` is empty. */
  readonly whyNot: WhyNot | null;
}

export interface PlannedUse {
  readonly provider: KmsProviderName;
  /** Null where config.ini leaves it to the surroundings of that node. */
  readonly place: string | null;
  /** As config.ini names it: key ID, ARN, alias, resource name. */
  readonly key: string;
}

/** One generation of a master key that a KMS wraps. */
export interface KmsGeneration {
  readonly name: string;
  readonly description: string;
  readonly active: boolean;
  readonly provider: KmsProviderName;
  readonly keyId: string;
  /** The version of the KMS key that wrapped it; null where the KMS did not say. */
  readonly version: string | null;
  /** Where it was wrapped. */
  readonly place: string;
}

export interface NodeFacts extends Omit<NodePlan, 'uses'> {
  readonly uses: readonly NodeUse[];
}

export interface NodeUse extends PlannedUse {
  /** The {@link KeyFacts.id} that the name turned out to mean; null where the KMS did not say. */
  readonly keyId: string | null;
  readonly whyNot: WhyNot | null;
}

/** A place that was asked. */
export interface PlaceFacts {
  readonly provider: KmsProviderName;
  readonly place: string;
  /** Why it was given up: what was learnt before stands. */
  readonly whyNot: WhyNot | null;
  /** Median time of an answer, from the machine that asked; null where none came. */
  readonly medianMs: number | null;
  readonly requests: number;
  readonly throttled: number;
}

/** `whyNot` null: this KMS has no such thing, or not for a key in this state. */
export type Fact<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly whyNot: WhyNot | null };

/** A key in one place. */
export interface KeyCopy {
  readonly place: string;
  /** As the key is named there. */
  readonly keyId: string;
  readonly exists: 'yes' | 'no' | 'unknown';
  /** Null unless it exists. */
  readonly state: KmsKeyState | null;
  readonly deletionAt: number | null;
  readonly rotation: Fact<KmsRotation>;
  readonly aliases: Fact<readonly string[]>;
  readonly tags: Fact<Readonly<Record<string, string>>>;
  /** JSON text. */
  readonly policy: Fact<string>;
  readonly grants: Fact<readonly KmsGrant[]>;
  /** Of a KMS whose versions have states of their own; not asked elsewhere. */
  readonly versions: Fact<readonly KmsKeyVersion[]>;
  /** Set where `exists` is unknown. */
  readonly whyNot: WhyNot | null;
}

/** A key in all the places where it was looked for. */
export interface KeyFacts {
  readonly provider: KmsProviderName;
  /** The same for all copies: where a name holds the place, a multi-Region key has `*` there; a KMIP key has its server. */
  readonly id: string;
  readonly multiRegion: boolean;
  /** Place of the primary; null for a key of one place, and where nobody said. */
  readonly primary: string | null;
  readonly copies: readonly KeyCopy[];
}

/** What one name means in one place: two places may mean two keys. */
export interface NameFacts {
  readonly provider: KmsProviderName;
  readonly place: string;
  readonly name: string;
  /** {@link KeyFacts.id}; null where there is no such key, or nobody said. */
  readonly keyId: string | null;
}

export interface RegionFacts {
  readonly nodes: readonly NodeFacts[];
  readonly generations: readonly (KmsGeneration & { /** {@link KeyFacts.id} */ readonly key: string })[];
  readonly places: readonly PlaceFacts[];
  readonly keys: readonly KeyFacts[];
  readonly names: readonly NameFacts[];
}
