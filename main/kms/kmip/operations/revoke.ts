import { REVOCATION_REASON, type RevocationReason } from '../enumerations.ts';
import { TAG } from '../tags.ts';
import { dateTime, enumeration, structure, text } from '../ttlv/item.ts';
import { type KmipOperation, type OnObject, checkObject } from './operation.ts';

export interface RevokeAsked extends OnObject {
  readonly reason: RevocationReason;
  readonly message?: string;
  /** For the two kinds of compromise, which the standard wants to know the time of; in whole seconds. */
  readonly compromisedAt?: Date;
}

/** Revoke (KMIP 2.1; KMIP 1.4, section 4.20): Deactivated, or Compromised where the reason says so. */
export const revoke: KmipOperation<RevokeAsked, void> = {
  name: 'Revoke',
  since: '1.0',
  request: ({ uniqueIdentifier, reason, message, compromisedAt }) =>
    structure(TAG.requestPayload, [
      text(TAG.uniqueIdentifier, uniqueIdentifier),
      structure(TAG.revocationReason, [
        enumeration(TAG.revocationReasonCode, REVOCATION_REASON[reason]),
        message === undefined ? undefined : text(TAG.revocationMessage, message),
      ]),
      compromisedAt === undefined ? undefined : dateTime(TAG.compromiseOccurrenceDate, compromisedAt),
    ]),
  response: checkObject,
};
