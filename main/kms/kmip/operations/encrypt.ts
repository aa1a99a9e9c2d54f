import type { SecretBytes } from '../../../secret.ts';
import { optional, required } from '../fields.ts';
import { mismatched } from '../message.ts';
import { TAG } from '../tags.ts';
import { type TtlvStructure, bytes, structure, text } from '../ttlv/item.ts';
import type { KmipVersion } from '../version.ts';
import { type GcmContext, GCM_PARAMETERS, TAG_BYTES, checkContext, hasTagField, tagInvalid } from './gcm.ts';
import { type KmipOperation, type OnObject, checkObject } from './operation.ts';

export interface EncryptAsked extends OnObject, GcmContext {
  readonly plain: SecretBytes;
}

/** What must be kept to decrypt, together with the key's identifier and the IV that was asked for. Copies: they outlive the message. */
export interface Sealed {
  /** As many bytes as the plain text. */
  readonly ciphertext: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
}

/**
 * Encrypt (KMIP 2.1; KMIP 1.4, section 4.29) with AES-GCM and a tag of 16 bytes.
 * `response` throws `KMIP_AUTHENTICATION_TAG_INVALID` where the tag is missing or shorter, and `KMIP_RESPONSE_MISMATCH`
 * where key, IV or length are not the asked ones.
 */
export const encrypt: KmipOperation<EncryptAsked, Sealed> = {
  name: 'Encrypt',
  since: '1.2',
  request: (asked, version) => {
    checkContext(asked, version);
    return structure(TAG.requestPayload, [
      text(TAG.uniqueIdentifier, asked.uniqueIdentifier),
      GCM_PARAMETERS,
      bytes(TAG.data, asked.plain),
      bytes(TAG.ivCounterNonce, asked.iv),
      asked.additionalData.length === 0 ? undefined : bytes(TAG.authenticatedEncryptionAdditionalData, asked.additionalData),
    ]);
  },
  response: (payload, asked, version) => {
    checkObject(payload, asked);
    const iv = optional(payload, TAG.ivCounterNonce, 'ByteString');
    if (iv !== undefined && !Buffer.from(asked.iv).equals(iv)) throw mismatched('it used another IV');
    const { ciphertext, tag } = split(payload, asked.plain.length, version);
    if (tag.length !== TAG_BYTES) throw tagInvalid(tag.length);
    if (ciphertext.length !== asked.plain.length) throw mismatched('the ciphertext has another length than the plain text');
    return { ciphertext: Uint8Array.from(ciphertext), tag: Uint8Array.from(tag) };
  },
};

function split(payload: TtlvStructure, plainLength: number, version: KmipVersion): Sealed {
  const data = required(payload, TAG.data, 'ByteString');
  if (hasTagField(version)) return { ciphertext: data, tag: optional(payload, TAG.authenticatedEncryptionTag, 'ByteString') ?? new Uint8Array() };
  return { ciphertext: data.subarray(0, plainLength), tag: data.subarray(plainLength) };
}
