import { TAG } from '../tags.ts';
import { structure, text } from '../ttlv/item.ts';
import { type KmipOperation, type OnObject, checkObject } from './operation.ts';

/** Destroy (KMIP 2.1; KMIP 1.4, section 4.21): the key material is gone for ever. An active key must be revoked before. */
export const destroy: KmipOperation<OnObject, void> = {
  name: 'Destroy',
  since: '1.0',
  request: ({ uniqueIdentifier }) => structure(TAG.requestPayload, [text(TAG.uniqueIdentifier, uniqueIdentifier)]),
  response: checkObject,
};
