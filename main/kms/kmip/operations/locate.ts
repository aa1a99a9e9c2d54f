import { type AttributeChoice, attributeParts } from '../attributes.ts';
import { every } from '../fields.ts';
import { TAG } from '../tags.ts';
import { integer, structure } from '../ttlv/item.ts';
import type { KmipOperation } from './operation.ts';

export interface LocateAsked {
  /** What the objects have; all of them where empty. */
  readonly having: AttributeChoice;
  readonly maximumItems?: number;
}

/** Locate (KMIP 2.1; KMIP 1.4, section 4.9): the identifiers of the objects that have all of the attributes. */
export const locate: KmipOperation<LocateAsked, readonly string[]> = {
  name: 'Locate',
  since: '1.0',
  request: ({ having, maximumItems }, version) =>
    structure(TAG.requestPayload, [maximumItems === undefined ? undefined : integer(TAG.maximumItems, maximumItems), ...attributeParts(having, version)]),
  response: (payload) => every(payload, TAG.uniqueIdentifier, 'TextString'),
};
