import { attributeParts } from '../attributes.ts';
import { OBJECT_TYPE, USAGE } from '../enumerations.ts';
import { required } from '../fields.ts';
import { mismatched } from '../message.ts';
import { TAG } from '../tags.ts';
import { enumeration, structure } from '../ttlv/item.ts';
import { atLeast } from '../version.ts';
import { type KmipOperation, identifierIn } from './operation.ts';

export interface CreateAsked {
  readonly name?: string;
  /** In the past, the key is active at once; without it, it waits for Activate. */
  readonly activationDate?: Date;
}

/**
 * Create (KMIP 2.1; KMIP 1.4, section 4.1) of the one kind of key that the console uses: AES with 256
 * bits, to encrypt and decrypt. The answer is its unique identifier.
 */
export const create: KmipOperation<CreateAsked, string> = {
  name: 'Create',
  since: '1.0',
  request: (asked, version) => {
    const attributes = attributeParts({ algorithm: 'AES', lengthBits: 256, usageMask: USAGE.Encrypt | USAGE.Decrypt, ...asked }, version);
    return structure(TAG.requestPayload, [
      enumeration(TAG.objectType, OBJECT_TYPE.SymmetricKey),
      ...(atLeast(version, '2.0') ? attributes : [structure(TAG.templateAttribute, attributes)]),
    ]);
  },
  response: (payload) => {
    if (required(payload, TAG.objectType, 'Enumeration') !== OBJECT_TYPE.SymmetricKey) throw mismatched('it made something else than a symmetric key');
    return identifierIn(payload);
  },
};
