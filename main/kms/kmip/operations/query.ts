import { OBJECT_TYPE, OPERATION, type OperationName, QUERY_FUNCTION, nameOf } from '../enumerations.ts';
import { every, optional } from '../fields.ts';
import { TAG } from '../tags.ts';
import { enumeration, structure } from '../ttlv/item.ts';
import type { KmipOperation } from './operation.ts';

/** What a server says it can do. Operations and object types that the standard does not name are left out. */
export interface ServerAbilities {
  readonly operations: readonly OperationName[];
  readonly objectTypes: readonly (keyof typeof OBJECT_TYPE)[];
  /** Not every server tells it. */
  readonly vendor?: string;
}

/** Query (KMIP 2.1; KMIP 1.4, section 4.25): operations, object types, vendor. */
export const query: KmipOperation<Record<never, never>, ServerAbilities> = {
  name: 'Query',
  since: '1.0',
  request: () => structure(TAG.requestPayload, Object.values(QUERY_FUNCTION).map((value) => enumeration(TAG.queryFunction, value))),
  response: (payload) => {
    const vendor = optional(payload, TAG.vendorIdentification, 'TextString');
    return {
      operations: every(payload, TAG.operation, 'Enumeration').flatMap((value) => nameOf(OPERATION, value) ?? []),
      objectTypes: every(payload, TAG.objectType, 'Enumeration').flatMap((value) => nameOf(OBJECT_TYPE, value) ?? []),
      ...(vendor === undefined ? {} : { vendor }),
    };
  },
};
