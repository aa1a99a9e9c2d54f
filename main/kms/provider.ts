/**
 * What a key management service is to the console. A provider is one folder of `main/kms/`; `test/conformance/kms.ts` is
 * the contract in executable form, and docs/adding-a-kms.md shows the way.
 */
import type { SecretBytes } from '../secret.ts';
import type { KmsActs } from './acts.ts';
import type { KmsEndpointState } from './endpoint.ts';

/** As stores are named in commands and in the system database. */
export const KMS_PROVIDERS = ['AWS_KMS', 'GCP_KMS', 'KMIP_KMS'] as const;
export type KmsProviderName = (typeof KMS_PROVIDERS)[number];

/** Length of a master key in bytes: a provider wraps, unwraps and generates nothing else. */
export const MASTER_KEY_BYTES = 32;

/**
 * What a wrapped key is bound to: it opens only where the same context is given again. None of it is secret; a KMS may
 * write it into its own log.
 */
export interface KmsContext {
  /** Name of the master key. */
  readonly name: string;
  /** Key description of the generation. */
  readonly description: string;
  /** The platform's cluster_id; null where it has none. */
  readonly cluster: string | null;
}

/** What is stored of each generation, so that it can be unwrapped whatever config.ini says later. Never a credential. */
export interface KmsWrapping {
  readonly provider: KmsProviderName;
  /** What names the KMS key for good: never an alias, which can be moved. */
  readonly keyId: string;
  /** Null where the KMS does not say which version it used. */
  readonly keyVersion: string | null;
  /** Region (AWS), location (GCP) or host (KMIP) where it was wrapped. */
  readonly location: string;
  /** Whatever else unwrapping needs. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface WrappedKey extends KmsWrapping {
  /** The wrapped form: goes into the stripes. */
  readonly bytes: Uint8Array;
}

/** Both forms of a master key that the KMS made. The caller owns `plain`. */
export interface GeneratedKey {
  readonly plain: SecretBytes;
  readonly wrapped: WrappedKey;
}

/**
 * One KMS with one key to wrap under, its credentials and its place. All methods throw only AppError, with the `KMS_*`
 * codes of docs/kms-errors.md or the provider's own; none holds a secret.
 *
 * A KMS answers what it likes: that a plain key is the right one is known only by its fingerprint, and that a wrapped
 * form opens again only by opening it. Callers do both (an activation reads back what it stored; going live compares).
 */
export interface KmsProvider {
  readonly name: KmsProviderName;

  /**
   * The acts on keys that this KMS has; what it lacks is not there, and is not shown. Asked before an act is offered.
   */
  readonly acts: KmsActs;

  /**
   * Wraps a master key under the configured KMS key. `plain` stays the caller's.
   * @throws AppError `INPUT_INVALID` where it is not {@link MASTER_KEY_BYTES} long
   */
  wrap(plain: SecretBytes, context: KmsContext): Promise<WrappedKey>;

  /**
   * The plain key, owned by the caller. Asks the KMS key that is stored, not the configured one.
   * @throws AppError `KMS_CIPHERTEXT_REFUSED` for other bytes or another context; `KMS_KEY_MISMATCH` where another KMS
   *   key wrapped it; `KMS_WRAPPING_MALFORMED` where what is stored is not this provider's
   */
  unwrap(wrapped: WrappedKey, context: KmsContext): Promise<SecretBytes>;

  /** A new master key made by the KMS; not there where the KMS makes none (then `Java_AES` does). */
  readonly generate?: (context: KmsContext) => Promise<GeneratedKey>;

  /** Each place that was called so far: is it answering, since when not, how fast, how many requests. */
  endpoints(): readonly KmsEndpointState[];

  /** Closes connections. Calls that are under way fail. */
  close(): void;
}
