import { mismatched } from '../message.ts';
import { TAG } from '../tags.ts';
import { interval, structure, text } from '../ttlv/item.ts';
import { type KmipOperation, type OnObject, identifierIn } from './operation.ts';

export interface ReKeyAsked extends OnObject {
  /** Seconds from now until the new key is active: 0 for at once; without it, the dates of the old key are copied. */
  readonly offset?: number;
}

/**
 * Re-key (KMIP 2.1; KMIP 1.4, section 4.4): a new key that takes over the name and the attributes of an
 * old one, which stays. The answer is the new key's unique identifier. Many servers do not have it (PyKMIP): there
 * it is Create, Activate and, later, Revoke.
 */
export const reKey: KmipOperation<ReKeyAsked, string> = {
  name: 'ReKey',
  since: '1.0',
  request: ({ uniqueIdentifier, offset }) =>
    structure(TAG.requestPayload, [text(TAG.uniqueIdentifier, uniqueIdentifier), offset === undefined ? undefined : interval(TAG.offset, offset)]),
  response: (payload, asked) => {
    const replacement = identifierIn(payload);
    // The replacement is another object: were it the same one, what the old key wrapped could no longer be named.
    if (replacement === asked.uniqueIdentifier) throw mismatched('it names the old key as the new one');
    return replacement;
  },
};
