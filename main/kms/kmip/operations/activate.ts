import { TAG } from '../tags.ts';
import { structure, text } from '../ttlv/item.ts';
import { type KmipOperation, type OnObject, checkObject } from './operation.ts';

/** Activate (KMIP 2.1; KMIP 1.4, section 4.19): from Pre-Active to Active. */
export const activate: KmipOperation<OnObject, void> = {
  name: 'Activate',
  since: '1.0',
  request: ({ uniqueIdentifier }) => structure(TAG.requestPayload, [text(TAG.uniqueIdentifier, uniqueIdentifier)]),
  response: checkObject,
};
