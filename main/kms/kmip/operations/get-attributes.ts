import { ATTRIBUTE_KEYS, type AttributeKey, type KeyAttributes, attributeRequests, readAttributes } from '../attributes.ts';
import { TAG } from '../tags.ts';
import { structure, text } from '../ttlv/item.ts';
import { type KmipOperation, type OnObject, checkObject } from './operation.ts';

export interface GetAttributesAsked extends OnObject {
  /** All that the console knows, where not given. */
  readonly keys?: readonly AttributeKey[];
}

/** Get Attributes (KMIP 2.1; KMIP 1.4, section 4.12). */
export const getAttributes: KmipOperation<GetAttributesAsked, KeyAttributes> = {
  name: 'GetAttributes',
  since: '1.0',
  request: ({ uniqueIdentifier, keys = ATTRIBUTE_KEYS }, version) =>
    structure(TAG.requestPayload, [text(TAG.uniqueIdentifier, uniqueIdentifier), ...attributeRequests(keys, version)]),
  response: (payload, asked, version) => {
    checkObject(payload, asked);
    return readAttributes(payload, version);
  },
};
