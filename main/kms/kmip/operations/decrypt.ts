import type { SecretBytes } from '../../../secret.ts';
import { invalidMessage } from '../fields.ts';
import { mismatched } from '../message.ts';
import { TAG } from '../tags.ts';
import { bytes, structure, text } from '../ttlv/item.ts';
import { takeSecret } from '../ttlv/secret.ts';
import type { Sealed } from './encrypt.ts';
import { type GcmContext, GCM_PARAMETERS, TAG_BYTES, checkContext, hasTagField, tagInvalid } from './gcm.ts';
import { type KmipOperation, type OnObject, checkObject } from './operation.ts';

export interface DecryptAsked extends OnObject, GcmContext, Sealed {}

/**
 * Decrypt (KMIP 2.1; KMIP 1.4, section 4.30) with AES-GCM. A tag that has not 16 bytes is never sent
 * (`KMIP_AUTHENTICATION_TAG_INVALID`): there are servers that accept one cut to 4. The plain text moves to its owner,
 * and is zeroed in the message.
 */
export const decrypt: KmipOperation<DecryptAsked, SecretBytes> = {
  name: 'Decrypt',
  since: '1.2',
  request: (asked, version) => {
    checkContext(asked, version);
    const { ciphertext, tag } = asked;
    if (tag.length !== TAG_BYTES) throw tagInvalid(tag.length);
    const separate = hasTagField(version);
    return structure(TAG.requestPayload, [
      text(TAG.uniqueIdentifier, asked.uniqueIdentifier),
      GCM_PARAMETERS,
      bytes(TAG.data, separate ? ciphertext : Buffer.concat([ciphertext, tag])),
      bytes(TAG.ivCounterNonce, asked.iv),
      asked.additionalData.length === 0 ? undefined : bytes(TAG.authenticatedEncryptionAdditionalData, asked.additionalData),
      separate ? bytes(TAG.authenticatedEncryptionTag, tag) : undefined,
    ]);
  },
  response: (payload, asked) => {
    checkObject(payload, asked);
    const [data, ...more] = payload.value.filter((field) => field.tag === TAG.data);
    if (data?.type !== 'ByteString' || more.length > 0) throw invalidMessage('Data is not there exactly once in ResponsePayload');
    if (data.value.length !== asked.ciphertext.length) throw mismatched('the plain text has another length than the ciphertext');
    return takeSecret(data);
  },
};
