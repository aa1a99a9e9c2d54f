import type { SecretBytes } from '../main/secret.ts';

/** The keychain of the operating system, as a host lends it: it seals bytes for this user on this machine. */
export interface Keychain {
  /** Whether it can seal and open now; false too where it would "seal" with what everybody knows. */
  available(): boolean;
  /** @throws anything where it does not; `plain` stays the caller's */
  seal(plain: SecretBytes): Promise<Buffer>;
  /** What {@link seal} sealed. @throws anything where another user, machine or keychain sealed it, or it is damaged */
  open(sealed: Uint8Array): Promise<SecretBytes>;
}
