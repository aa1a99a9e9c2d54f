/**
 * Request and response messages of KMIP 1.0 to 2.1 (KMIP 2.1, "Message Structure"; KMIP 1.4, sections 6 and 7): header
 * and batch items, without regard to what the operations carry. No time stamp is sent: a server may refuse a message
 * whose clock differs, and TLS keeps messages from being repeated.
 */
import { AppError } from '../../errors.ts';
import type { SecretBytes } from '../../secret.ts';
import { CREDENTIAL_TYPE, OPERATION, type OperationName, RESULT_STATUS, nameOf } from './enumerations.ts';
import { every, inner, invalidMessage, optional, required } from './fields.ts';
import { TAG } from './tags.ts';
import { decodeItem } from './ttlv/decode.ts';
import { encodeItem } from './ttlv/encode.ts';
import { LIMITS, type TtlvPart, type TtlvStructure, bytes, enumeration, integer, structure, text } from './ttlv/item.ts';
import type { KmipVersion } from './version.ts';

/** What a request says of itself and of its sender. */
export interface RequestHeader {
  readonly version: KmipVersion;
  /** The password is UTF-8. */
  readonly credential?: { readonly user: string; readonly password: SecretBytes };
}

/** One operation of a request. */
export interface RequestItem {
  readonly operation: OperationName;
  /** A structure with the tag Request Payload. */
  readonly payload: TtlvPart;
}

/** What a server says of one operation. */
export interface ResponseItem {
  /** Not there where the server could not read the request. */
  readonly operation: OperationName | undefined;
  /** The position in the request, where the request had several items. */
  readonly index: number | undefined;
  readonly status: keyof typeof RESULT_STATUS;
  /** A value of `RESULT_REASON`, or the server's own. */
  readonly reason: number | undefined;
  readonly message: string | undefined;
  readonly payload: TtlvStructure | undefined;
}

export interface ResponseMessage {
  /** As written, such as `1.4`: a server that refuses a version answers in one of its own. */
  readonly version: string;
  readonly items: readonly ResponseItem[];
}

/**
 * Writes a request of one or more operations. The bytes belong to the caller, who zeroes them after they were sent:
 * they hold the password and what is to be encrypted.
 * @throws AppError as `encodeItem`
 */
export function encodeRequest(header: RequestHeader, items: readonly RequestItem[]): Buffer {
  return encodeItem(
    structure(TAG.requestMessage, [
      structure(TAG.requestHeader, [
        protocolVersion(header.version),
        integer(TAG.maximumResponseSize, LIMITS.maxBytes),
        header.credential === undefined ? undefined : authentication(header.credential),
        integer(TAG.batchCount, items.length),
      ]),
      ...items.map(({ operation, payload }, index) =>
        structure(TAG.batchItem, [
          enumeration(TAG.operation, OPERATION[operation]),
          items.length > 1 ? bytes(TAG.uniqueBatchItemID, uint32(index)) : undefined,
          payload,
        ]),
      ),
    ]),
  );
}

/**
 * Reads a response. What it holds are views into `message`, which belongs to the caller: zeroed when it was used.
 * @throws AppError as `decodeItem`; `KMIP_MESSAGE_INVALID`
 */
export function decodeResponse(message: Uint8Array): ResponseMessage {
  const response = decodeItem(message);
  if (response.type !== 'Structure' || response.tag !== TAG.responseMessage) throw invalidMessage('it is no response message');
  const header = inner(response, TAG.responseHeader);
  const items = every(response, TAG.batchItem, 'Structure');
  if (required(header, TAG.batchCount, 'Integer') !== items.length) throw invalidMessage('it holds another number of batch items than it tells');
  return {
    version: readVersion(inner(header, TAG.protocolVersion)),
    items: items.map((value) => readItem({ tag: TAG.batchItem, type: 'Structure', value })),
  };
}

/** A Protocol Version structure. */
export function protocolVersion(version: KmipVersion): TtlvPart {
  const [major, minor] = version.split('.');
  return structure(TAG.protocolVersion, [integer(TAG.protocolVersionMajor, Number(major)), integer(TAG.protocolVersionMinor, Number(minor))]);
}

/** A Protocol Version structure that was read, as `major.minor`; any number may stand there. @throws AppError `KMIP_MESSAGE_INVALID` */
export function readVersion(version: TtlvStructure): string {
  return `${required(version, TAG.protocolVersionMajor, 'Integer')}.${required(version, TAG.protocolVersionMinor, 'Integer')}`;
}

function authentication({ user, password }: NonNullable<RequestHeader['credential']>): TtlvPart {
  return structure(TAG.authentication, [
    structure(TAG.credential, [
      enumeration(TAG.credentialType, CREDENTIAL_TYPE.UsernameAndPassword),
      structure(TAG.credentialValue, [text(TAG.username, user), text(TAG.password, password)]),
    ]),
  ]);
}

function readItem(item: TtlvStructure): ResponseItem {
  const operation = optional(item, TAG.operation, 'Enumeration');
  const status = nameOf(RESULT_STATUS, required(item, TAG.resultStatus, 'Enumeration'));
  if (status === undefined) throw invalidMessage('its result status is none of the standard');
  const payload = optional(item, TAG.responsePayload, 'Structure');
  const id = optional(item, TAG.uniqueBatchItemID, 'ByteString');
  return {
    operation: operation === undefined ? undefined : nameOf(OPERATION, operation),
    index: id?.length === 4 ? Buffer.from(id.buffer, id.byteOffset, 4).readUInt32BE() : undefined,
    status,
    reason: optional(item, TAG.resultReason, 'Enumeration'),
    message: optional(item, TAG.resultMessage, 'TextString'),
    payload: payload === undefined ? undefined : { tag: TAG.responsePayload, type: 'Structure', value: payload },
  };
}

function uint32(value: number): Uint8Array {
  const target = Buffer.alloc(4);
  target.writeUInt32BE(value);
  return target;
}

/** The failure of an answer that is not to what was asked. */
export function mismatched(what: string): AppError {
  return new AppError(
    'KMIP_RESPONSE_MISMATCH',
    `The KMIP server answered something else than it was asked: ${what}. Nothing of it was used.`,
    'Try again; if it happens again, look for a proxy that mixes up connections, and ask the maker of the server.',
    { details: { what } },
  );
}
