import type { Suite } from '../crypto/algorithms.ts';
import type { SecretBytes } from '../secret.ts';

/** The master keys under which LU instances are sealed and opened. The key ring is one. */
export interface InstanceKeys {
  /** The suite that new data gets; old data names its own. */
  readonly suite: Suite;
  /**
   * The generation that new data gets. The key is borrowed: never dispose it.
   * @throws AppError `LOCKED`, `KEY_NAME_UNKNOWN`, or why the active generation can not be used.
   */
  active(): Promise<{ description: string; key: SecretBytes }>;
  /**
   * As {@link active}, for an instance that is saved: while other data centres are away, the newest that this one knows.
   * Not for what no census counts, such as values that luEncrypt seals, and not for a rekey.
   */
  forSaving(): Promise<{ description: string; key: SecretBytes }>;
  /**
   * The generation that a header names. Borrowed: never dispose it. Until whoever lent it does, it may be used again without being asked for.
   * @throws AppError `LOCKED`, `KEY_DESCRIPTION_UNKNOWN`, or why that generation can not be used
   *   (`KEY_PROTECTION_MISSING`, `KEY_STRIPES_CHANGED` …).
   */
  get(description: string): Promise<SecretBytes>;
}
