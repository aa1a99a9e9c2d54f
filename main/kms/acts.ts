import type { SecretBytes } from '../secret.ts';

export type KmsKeyState = 'enabled' | 'disabled' | 'pending-deletion' | 'pending-import' | 'unavailable';

/** A key as a list shows it. */
export interface KmsKeyListed {
  /** As {@link KmsWrapping.keyId}. */
  readonly keyId: string;
}

/** Times are milliseconds since the epoch (UTC). */
export interface KmsKeyFacts extends KmsKeyListed {
  readonly state: KmsKeyState;
  readonly location: string;
  /** The operator's own words at the KMS; may be empty. */
  readonly note: string;
  readonly createdAt: number | null;
  /** When it will be gone; null where no deletion is scheduled or a replica waits for others. */
  readonly deletionAt: number | null;
  /** Where its material came from, in the KMS's words. */
  readonly origin: string;
  /** When imported material ends; null where it does not. */
  readonly materialExpiresAt: number | null;
  /** Symmetric and for encryption: the only kind that can wrap a master key. */
  readonly canWrap: boolean;
  /** Key ID of the key that was made in its place (KMIP Re-key); null where it has none. A KMS that rotates by versions has none ever. */
  readonly replacedBy: string | null;
  /** The same key in other places. */
  readonly multiRegion: boolean;
  /** The acts that this very key allows now, of those that the provider has. */
  readonly acts: readonly KmsAct[];
}

export interface KmsKeyVersion {
  readonly version: string;
  readonly current: boolean;
  readonly createdAt: number | null;
  /** How it came to be, in the KMS's words; null where it does not say. */
  readonly cause: string | null;
  /** Where versions have states of their own. */
  readonly state?: KmsKeyState;
}

export interface KmsRotation {
  /** Days between rotations by itself; null where it does not rotate. */
  readonly everyDays: number | null;
  readonly nextAt: number | null;
}

export interface KmsReplicas {
  readonly primary: { readonly keyId: string; readonly location: string };
  readonly replicas: readonly { readonly keyId: string; readonly location: string }[];
}

export interface KmsGrant {
  readonly id: string;
  readonly grantee: string;
  readonly operations: readonly string[];
}

/**
 * Acts on the KMS's keys. Each is there only where the KMS has it. `keyId` is any form that the KMS takes; an act of a
 * key that does not allow it is refused with `KMS_ACT_UNSUPPORTED` or the code of its state.
 */
export interface KmsActs {
  readonly list?: () => AsyncIterable<KmsKeyListed>;
  readonly describe?: (keyId: string) => Promise<KmsKeyFacts>;
  /** Newest first; old ones go on unwrapping. */
  readonly versions?: (keyId: string) => Promise<readonly KmsKeyVersion[]>;
  readonly rotation?: (keyId: string) => Promise<KmsRotation>;
  /** @param everyDays null: no rotation by itself any more. */
  readonly scheduleRotation?: (keyId: string, everyDays: number | null) => Promise<void>;
  readonly rotateNow?: (keyId: string) => Promise<void>;
  readonly enable?: (keyId: string) => Promise<void>;
  readonly disable?: (keyId: string) => Promise<void>;
  /**
   * @param days the window in which it can be called back.
   * @returns when it will be gone; null where that is not known yet.
   */
  readonly scheduleDeletion?: (keyId: string, days: number) => Promise<number | null>;
  /** The key comes back disabled. */
  readonly cancelDeletion?: (keyId: string) => Promise<void>;
  readonly aliases?: (keyId: string) => Promise<readonly string[]>;
  /** The key policy as JSON text, as the KMS keeps it. */
  readonly policy?: (keyId: string) => Promise<string>;
  readonly grants?: (keyId: string) => Promise<readonly KmsGrant[]>;
  readonly tags?: (keyId: string) => Promise<Readonly<Record<string, string>>>;
  /** Null for a key of one place. */
  readonly replicas?: (keyId: string) => Promise<KmsReplicas | null>;
  /** @returns the key ID of the new replica. */
  readonly replicate?: (keyId: string, location: string) => Promise<string>;
  /**
   * Gives a key that waits for it the material; `material` stays the caller's.
   * @param expiresAt milliseconds since the epoch; null: never.
   */
  readonly importMaterial?: (keyId: string, material: SecretBytes, expiresAt: number | null) => Promise<void>;
}

export type KmsAct = keyof KmsActs;

/** Bounds of the deletion window in days, as AWS has them and nobody here exceeds. */
export const DELETION_DAYS = { least: 7, most: 30 } as const;

/** What a provider can do beside wrapping, in a fixed order. */
export function actsOf(acts: KmsActs): readonly KmsAct[] {
  return KMS_ACTS.filter((act) => acts[act] !== undefined);
}

const KMS_ACTS = [
  'list',
  'describe',
  'versions',
  'rotation',
  'scheduleRotation',
  'rotateNow',
  'enable',
  'disable',
  'scheduleDeletion',
  'cancelDeletion',
  'aliases',
  'policy',
  'grants',
  'tags',
  'replicas',
  'replicate',
  'importMaterial',
] as const satisfies readonly KmsAct[];
