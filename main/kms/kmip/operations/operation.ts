import type { OperationName } from '../enumerations.ts';
import { required } from '../fields.ts';
import { mismatched } from '../message.ts';
import { TAG } from '../tags.ts';
import type { TtlvPart, TtlvStructure } from '../ttlv/item.ts';
import type { KmipVersion } from '../version.ts';

/** One operation of KMIP: how it is asked, and what an answer to that means. */
export interface KmipOperation<Asked, Answer> {
  readonly name: OperationName;
  /** The first version that has it. */
  readonly since: KmipVersion;
  /** The Request Payload. @throws AppError `KMIP_OPERATION_UNAVAILABLE` where `version` can not express it; `KMIP_VALUE_INVALID` */
  request(asked: Asked, version: KmipVersion): TtlvPart;
  /** What the Response Payload of a success says. @throws AppError `KMIP_MESSAGE_INVALID`, `KMIP_RESPONSE_MISMATCH` */
  response(payload: TtlvStructure, asked: Asked, version: KmipVersion): Answer;
}

/** An operation is always told its object: the server's ID placeholder is never relied on. */
export interface OnObject {
  readonly uniqueIdentifier: string;
}

/** The Unique Identifier that a payload names. @throws AppError `KMIP_MESSAGE_INVALID` */
export function identifierIn(payload: TtlvStructure): string {
  return required(payload, TAG.uniqueIdentifier, 'TextString');
}

/** Refuses an answer about another object than was asked. @throws AppError `KMIP_RESPONSE_MISMATCH`, `KMIP_MESSAGE_INVALID` */
export function checkObject(payload: TtlvStructure, asked: OnObject): void {
  if (identifierIn(payload) !== asked.uniqueIdentifier) throw mismatched('it is about another key');
}
