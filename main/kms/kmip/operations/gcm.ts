/**
 * AES-GCM (NIST SP 800-38D) through a KMIP server, and where each version puts the authentication tag: since 1.4 in a
 * field of its own, with additional authenticated data in another (KMIP 1.4, section 4.30); in 1.2 and 1.3 after the
 * ciphertext, if the server does not lose it.
 */
import { AppError } from '../../../errors.ts';
import { BLOCK_CIPHER_MODE, CRYPTOGRAPHIC_ALGORITHM } from '../enumerations.ts';
import { TAG } from '../tags.ts';
import { type TtlvPart, enumeration, integer, structure } from '../ttlv/item.ts';
import { unwritable } from '../ttlv/failures.ts';
import { type KmipVersion, atLeast, demand } from '../version.ts';

/** Bytes. A shorter tag can be forged in fewer tries, and some servers take one of 4 bytes: never asked for, sent or accepted. */
export const TAG_BYTES = 16;

/** Bytes; the only length for which GCM needs no hashing of the IV. */
export const IV_BYTES = 12;

/** Everything said in every request: servers differ in what they take for granted. */
export const GCM_PARAMETERS: TtlvPart = structure(TAG.cryptographicParameters, [
  enumeration(TAG.blockCipherMode, BLOCK_CIPHER_MODE.GCM),
  enumeration(TAG.cryptographicAlgorithm, CRYPTOGRAPHIC_ALGORITHM.AES),
  integer(TAG.tagLength, TAG_BYTES),
]);

/** What is sealed besides the data, in both directions. */
export interface GcmContext {
  /** {@link IV_BYTES}, never used twice with one key: the console draws it, as not every server does. */
  readonly iv: Uint8Array;
  /** May be empty; anything else needs KMIP 1.4. */
  readonly additionalData: Uint8Array;
}

/** True where the tag has a field of its own. */
export function hasTagField(version: KmipVersion): boolean {
  return atLeast(version, '1.4');
}

/** @throws AppError `KMIP_VALUE_INVALID` for another IV; `KMIP_OPERATION_UNAVAILABLE` for additional data below 1.4 */
export function checkContext({ iv, additionalData }: GcmContext, version: KmipVersion): void {
  if (iv.length !== IV_BYTES) throw unwritable('KMIP_VALUE_INVALID', TAG.ivCounterNonce, `an IV must have ${IV_BYTES} bytes`);
  if (additionalData.length > 0) demand(version, '1.4', 'Binding a wrapped key to its context (additional authenticated data)');
}

/** The failure of a tag that is not there or has not 16 bytes. */
export function tagInvalid(length: number): AppError {
  return new AppError(
    'KMIP_AUTHENTICATION_TAG_INVALID',
    length === 0
      ? 'The KMIP server encrypted without giving an authentication tag: what it wrapped could not be checked when it is read. It was not stored.'
      : `An authentication tag has ${length} bytes where 16 are demanded: a shorter one can be forged. Nothing was decrypted or stored.`,
    'Let the server speak KMIP 1.4 or newer, where the tag has a field of its own, and allow tags of 16 bytes there.',
    { details: { length } },
  );
}
