import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../main/errors.ts';
import { OPERATION, type OperationName, RESULT_REASON, type ResultReasonName } from '../../../main/kms/kmip/enumerations.ts';
import { encodeCall, readAnswer } from '../../../main/kms/kmip/exchange.ts';
import { inner, optional, required } from '../../../main/kms/kmip/fields.ts';
import { decodeResponse, encodeRequest, protocolVersion } from '../../../main/kms/kmip/message.ts';
import { activate } from '../../../main/kms/kmip/operations/activate.ts';
import { create } from '../../../main/kms/kmip/operations/create.ts';
import { type DecryptAsked, decrypt } from '../../../main/kms/kmip/operations/decrypt.ts';
import { discoverVersions } from '../../../main/kms/kmip/operations/discover-versions.ts';
import { type EncryptAsked, encrypt } from '../../../main/kms/kmip/operations/encrypt.ts';
import { getAttributes } from '../../../main/kms/kmip/operations/get-attributes.ts';
import { locate } from '../../../main/kms/kmip/operations/locate.ts';
import { reKey } from '../../../main/kms/kmip/operations/re-key.ts';
import { TAG } from '../../../main/kms/kmip/tags.ts';
import { decodeItem } from '../../../main/kms/kmip/ttlv/decode.ts';
import { dump } from '../../../main/kms/kmip/ttlv/dump.ts';
import { encodeItem } from '../../../main/kms/kmip/ttlv/encode.ts';
import { type TtlvPart, type TtlvStructure, bytes, enumeration, integer, structure, text } from '../../../main/kms/kmip/ttlv/item.ts';
import { type KmipVersion, VERSIONS, newestCommon } from '../../../main/kms/kmip/version.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { failing } from './failing.ts';

const KEY = Buffer.alloc(32, 7);
const ID = 'key-1';
const PLAIN = Buffer.from('a master key of thirty-two bytes');
const asked = (version: KmipVersion): EncryptAsked => ({
  uniqueIdentifier: ID,
  iv: randomBytes(12),
  additionalData: version >= '1.4' ? Buffer.from('masterkey_key_name.20260101T000000Z.a1b2c3d4') : new Uint8Array(),
  plain: SecretBytes.copyOf(PLAIN),
});

/** A response message with one item. */
function answer(operation: OperationName | undefined, payload: readonly TtlvPart[], { version = '1.4', status = 0, more = [] }: { version?: KmipVersion; status?: number; more?: readonly TtlvPart[] } = {}): Buffer {
  return encodeItem(
    structure(TAG.responseMessage, [
      structure(TAG.responseHeader, [protocolVersion(version), { tag: TAG.timeStamp, type: 'DateTime', value: 1_700_000_000n }, integer(TAG.batchCount, 1)]),
      structure(TAG.batchItem, [operation === undefined ? undefined : enumeration(TAG.operation, OPERATION[operation]), enumeration(TAG.resultStatus, status), ...more, structure(TAG.responsePayload, payload)]),
    ]),
  );
}

/** What is in the request message that we wrote: its payload. */
function payloadIn(message: Uint8Array): TtlvStructure {
  const request = decodeItem(message) as TtlvStructure;
  return inner(inner(request, TAG.batchItem), TAG.requestPayload);
}

/** A server of `version` that seals with node:crypto what our request asks, and puts the tag where its version does. */
function seal(message: Uint8Array, version: KmipVersion): TtlvPart[] {
  const payload = payloadIn(message);
  const cipher = createCipheriv('aes-256-gcm', KEY, required(payload, TAG.ivCounterNonce, 'ByteString'));
  cipher.setAAD(optional(payload, TAG.authenticatedEncryptionAdditionalData, 'ByteString') ?? Buffer.alloc(0));
  const data = Buffer.concat([cipher.update(required(payload, TAG.data, 'ByteString')), cipher.final()]);
  const tag = cipher.getAuthTag();
  return [text(TAG.uniqueIdentifier, ID), ...(version >= '1.4' ? [bytes(TAG.data, data), bytes(TAG.authenticatedEncryptionTag, tag)] : [bytes(TAG.data, Buffer.concat([data, tag]))])];
}

function open(message: Uint8Array, version: KmipVersion): TtlvPart[] {
  const payload = payloadIn(message);
  const data = required(payload, TAG.data, 'ByteString');
  const [sealed, tag] = version >= '1.4' ? [data, required(payload, TAG.authenticatedEncryptionTag, 'ByteString')] : [data.subarray(0, -16), data.subarray(-16)];
  const decipher = createDecipheriv('aes-256-gcm', KEY, required(payload, TAG.ivCounterNonce, 'ByteString'), { authTagLength: 16 });
  decipher.setAAD(optional(payload, TAG.authenticatedEncryptionAdditionalData, 'ByteString') ?? Buffer.alloc(0)).setAuthTag(tag);
  return [text(TAG.uniqueIdentifier, ID), bytes(TAG.data, Buffer.concat([decipher.update(sealed), decipher.final()]))];
}

describe.each(VERSIONS.filter((version) => version >= '1.2'))('AES-GCM in KMIP %s', (version) => {
  test('what is sealed comes back, and the plain text is gone from the message', () => {
    const sealing = asked(version);
    const sealed = readAnswer(encrypt, sealing, version, answer('Encrypt', seal(encodeCall(encrypt, sealing, { version }), version), { version }));
    expect(sealed.tag).toHaveLength(16);
    expect(sealed.ciphertext).toHaveLength(PLAIN.length);
    const opening = { ...sealing, ...sealed };
    const message = answer('Decrypt', open(encodeCall(decrypt, opening, { version }), version), { version });
    using plain = readAnswer(decrypt, opening, version, message);
    expect(plain.use((secret) => secret.equals(PLAIN))).toBe(true);
    expect(message.includes(PLAIN)).toBe(false);
  });

  test.each([0, 4, 12, 15, 17])('a tag of %i bytes is not accepted', (length) => {
    const sealing = asked(version);
    const tag = Buffer.alloc(length, 1);
    const payload = [text(TAG.uniqueIdentifier, ID), ...(version >= '1.4' ? [bytes(TAG.data, Buffer.alloc(32, 2)), bytes(TAG.authenticatedEncryptionTag, tag)] : [bytes(TAG.data, Buffer.concat([Buffer.alloc(32, 2), tag]))])];
    expect(failing(() => readAnswer(encrypt, sealing, version, answer('Encrypt', payload, { version })), 'KMIP_AUTHENTICATION_TAG_INVALID').details).toEqual({ length });
    failing(() => encodeCall(decrypt, { ...sealing, ciphertext: Buffer.alloc(32), tag }, { version }), 'KMIP_AUTHENTICATION_TAG_INVALID');
  });
});

describe('what AES-GCM refuses', () => {
  test('a tag field that is not there', () => {
    failing(() => readAnswer(encrypt, asked('1.4'), '1.4', answer('Encrypt', [text(TAG.uniqueIdentifier, ID), bytes(TAG.data, Buffer.alloc(32))])), 'KMIP_AUTHENTICATION_TAG_INVALID');
  });

  test('additional data below 1.4, and Encrypt below 1.2', () => {
    failing(() => encodeCall(encrypt, { ...asked('1.3'), additionalData: Buffer.from('x') }, { version: '1.3' }), 'KMIP_OPERATION_UNAVAILABLE');
    failing(() => encodeCall(encrypt, asked('1.1'), { version: '1.1' }), 'KMIP_OPERATION_UNAVAILABLE');
  });

  test('an IV of another length', () => void failing(() => encodeCall(encrypt, { ...asked('1.4'), iv: new Uint8Array(16) }, { version: '1.4' }), 'KMIP_VALUE_INVALID'));

  test.each<[string, TtlvPart[]]>([
    ['another key', [text(TAG.uniqueIdentifier, 'key-2'), bytes(TAG.data, Buffer.alloc(32)), bytes(TAG.authenticatedEncryptionTag, Buffer.alloc(16))]],
    ['another IV', [text(TAG.uniqueIdentifier, ID), bytes(TAG.data, Buffer.alloc(32)), bytes(TAG.ivCounterNonce, Buffer.alloc(12)), bytes(TAG.authenticatedEncryptionTag, Buffer.alloc(16))]],
    ['another length', [text(TAG.uniqueIdentifier, ID), bytes(TAG.data, Buffer.alloc(31)), bytes(TAG.authenticatedEncryptionTag, Buffer.alloc(16))]],
  ])('an answer of %s', (_what, payload) => void failing(() => readAnswer(encrypt, asked('1.4'), '1.4', answer('Encrypt', payload)), 'KMIP_RESPONSE_MISMATCH'));

  test('a plain text of another length or key, which is zeroed', () => {
    const opening: DecryptAsked = { ...asked('1.4'), ciphertext: Buffer.alloc(31), tag: Buffer.alloc(16) };
    const message = answer('Decrypt', [text(TAG.uniqueIdentifier, ID), bytes(TAG.data, PLAIN)]);
    failing(() => readAnswer(decrypt, opening, '1.4', message), 'KMIP_RESPONSE_MISMATCH');
    expect(message.includes(PLAIN)).toBe(false);
    failing(() => readAnswer(decrypt, opening, '1.4', answer('Decrypt', [text(TAG.uniqueIdentifier, ID)])), 'KMIP_MESSAGE_INVALID');
  });
});

describe('answers that are refused', () => {
  const id = [text(TAG.uniqueIdentifier, ID)];
  const header = (count: number, ...rest: TtlvPart[]): Buffer => encodeItem(structure(TAG.responseMessage, [structure(TAG.responseHeader, [protocolVersion('1.4'), integer(TAG.batchCount, count)]), ...rest]));
  const item = (...fields: TtlvPart[]): TtlvPart => structure(TAG.batchItem, fields);
  const done = [enumeration(TAG.operation, OPERATION.Activate), enumeration(TAG.resultStatus, 0)];

  test.each<[string, Buffer, ErrorCode]>([
    ['garbage', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'KMIP_TAG_INVALID'],
    ['half an answer', answer('Activate', id).subarray(0, -8), 'KMIP_TRUNCATED'],
    ['a request', encodeRequest({ version: '1.4' }, []), 'KMIP_MESSAGE_INVALID'],
    ['another number of items than told', header(2, item(...done)), 'KMIP_MESSAGE_INVALID'],
    ['no items', header(0), 'KMIP_MESSAGE_INVALID'],
    ['two items', header(2, item(...done), item(...done)), 'KMIP_MESSAGE_INVALID'],
    ['no result status', header(1, item(enumeration(TAG.operation, OPERATION.Activate))), 'KMIP_MESSAGE_INVALID'],
    ['a result status of no standard', answer('Activate', id, { status: 9 }), 'KMIP_MESSAGE_INVALID'],
    ['a success without operation', answer(undefined, id), 'KMIP_MESSAGE_INVALID'],
    ['a success without what is needed', header(1, item(...done)), 'KMIP_MESSAGE_INVALID'],
    ['a field of another type', answer('Activate', [integer(TAG.uniqueIdentifier, 1)]), 'KMIP_MESSAGE_INVALID'],
    ['a field twice', answer('Activate', [...id, ...id]), 'KMIP_MESSAGE_INVALID'],
    ['another operation', answer('Destroy', id), 'KMIP_RESPONSE_MISMATCH'],
    ['another version', answer('Activate', id, { version: '1.0' }), 'KMIP_RESPONSE_MISMATCH'],
    ['another key', answer('Activate', [text(TAG.uniqueIdentifier, 'key-2')]), 'KMIP_RESPONSE_MISMATCH'],
    ['put off', answer('Activate', id, { status: 2 }), 'KMS_OUTCOME_UNKNOWN'],
    ['a failure without reason', answer('Activate', [], { status: 1 }), 'KMS_FAILED'],
  ])('%s', (_what, message, code) => void failing(() => readAnswer(activate, { uniqueIdentifier: ID }, '1.4', message), code));

  test('fields that we do not know are let be', () => {
    expect(readAnswer(activate, { uniqueIdentifier: ID }, '1.4', answer('Activate', [...id, text(0x540001, 'of the maker')]))).toBeUndefined();
  });

  test('Re-key that names the old key', () => void failing(() => readAnswer(reKey, { uniqueIdentifier: ID }, '1.4', answer('ReKey', id)), 'KMIP_RESPONSE_MISMATCH'));
});

describe('what the server refuses', () => {
  const refused = (reason: ResultReasonName | number, message?: string): Buffer =>
    answer(undefined, [], {
      version: '1.0',
      status: 1,
      more: [enumeration(TAG.resultReason, typeof reason === 'number' ? reason : RESULT_REASON[reason]), ...(message === undefined ? [] : [text(TAG.resultMessage, message)])],
    });

  test.each<[ResultReasonName | number, ErrorCode]>([
    ['ItemNotFound', 'KMS_KEY_NOT_FOUND'],
    ['ObjectNotFound', 'KMS_KEY_NOT_FOUND'],
    ['PermissionDenied', 'KMS_PERMISSION_DENIED'],
    ['NotAuthorised', 'KMS_PERMISSION_DENIED'],
    ['IncompatibleCryptographicUsageMask', 'KMS_KEY_UNSUITABLE'],
    ['AuthenticationNotSuccessful', 'KMS_CREDENTIALS_WRONG'],
    ['BadPassword', 'KMS_CREDENTIALS_WRONG'],
    ['WrongKeyLifecycleState', 'KMS_KEY_UNAVAILABLE'],
    ['ObjectArchived', 'KMS_KEY_UNAVAILABLE'],
    ['ObjectDestroyed', 'KMS_KEY_DESTROYED'],
    ['OperationNotSupported', 'KMS_ACT_UNSUPPORTED'],
    ['FeatureNotSupported', 'KMS_ACT_UNSUPPORTED'],
    ['UnsupportedProtocolVersion', 'KMS_ACT_UNSUPPORTED'],
    ['InvalidMessage', 'KMS_REQUEST_REFUSED'],
    ['InvalidField', 'KMS_REQUEST_REFUSED'],
    ['ServerLimitExceeded', 'KMS_THROTTLED'],
    ['ResponseTooLarge', 'KMS_LIMIT_REACHED'],
    ['GeneralFailure', 'KMS_FAILED'],
    [0x80000001, 'KMS_REQUEST_REFUSED'],
  ])('%s is %s', (reason, code) => void failing(() => readAnswer(activate, { uniqueIdentifier: ID }, '1.4', refused(reason)), code));

  test.each<[ResultReasonName, ErrorCode]>([
    ['CryptographicFailure', 'KMS_CIPHERTEXT_REFUSED'],
    ['GeneralFailure', 'KMS_CIPHERTEXT_REFUSED'],
    ['PermissionDenied', 'KMS_PERMISSION_DENIED'],
  ])('when decrypting, %s is %s', (reason, code) => {
    failing(() => readAnswer(decrypt, { ...asked('1.4'), ciphertext: PLAIN, tag: Buffer.alloc(16) }, '1.4', refused(reason)), code);
  });

  test('its words are told on one line and of bounded length', () => {
    const error = failing(() => readAnswer(activate, { uniqueIdentifier: ID }, '1.4', refused('PermissionDenied', `no\r\n\u001B[31m${'x'.repeat(1000)}`)), 'KMS_PERMISSION_DENIED');
    expect(error.details).toMatchObject({ operation: 'Activate', reason: 'PermissionDenied' });
    expect(String(error.details?.['serverMessage'])).toMatch(/^no \[31mx+…$/);
    expect(error.message.length).toBeLessThan(600);
  });
});

describe('requests', () => {
  test('say the version and who asks, no time, and a dump of them holds no secret', () => {
    using password = SecretBytes.copyOf(Buffer.from('Pässword-known'));
    const sealing = asked('1.4');
    const message = encodeCall(encrypt, sealing, { version: '1.4', credential: { user: 'k2', password } });
    expect(message.includes('Pässword-known')).toBe(true);
    const lines = dump(decodeItem(message));
    expect(lines).toBe(`RequestMessage
  RequestHeader
    ProtocolVersion
      ProtocolVersionMajor Integer 1
      ProtocolVersionMinor Integer 4
    MaximumResponseSize Integer 1048576
    Authentication
      Credential
        CredentialType Enumeration UsernameAndPassword
        CredentialValue
          Username TextString (hidden)
          Password TextString (hidden)
    BatchCount Integer 1
  BatchItem
    Operation Enumeration Encrypt
    RequestPayload
      UniqueIdentifier TextString "key-1"
      CryptographicParameters
        BlockCipherMode Enumeration GCM
        CryptographicAlgorithm Enumeration AES
        TagLength Integer 16
      Data ByteString (32 bytes)
      IVCounterNonce ByteString (12 bytes)
      AuthenticatedEncryptionAdditionalData ByteString (44 bytes)`);
  });

  test('of several operations number their items', () => {
    const message = encodeRequest({ version: '1.4' }, [1, 2].map((n) => ({ operation: 'Activate', payload: activate.request({ uniqueIdentifier: `key-${n}` }, '1.4') })));
    expect(dump(decodeItem(message)).match(/UniqueBatchItemID ByteString \(4 bytes\)/g)).toHaveLength(2);
  });

  test('several answers are told apart', () => {
    const items = [1, 0].map((index) => structure(TAG.batchItem, [enumeration(TAG.operation, OPERATION.Activate), bytes(TAG.uniqueBatchItemID, Buffer.from([0, 0, 0, index])), enumeration(TAG.resultStatus, 0)]));
    const response = decodeResponse(encodeItem(structure(TAG.responseMessage, [structure(TAG.responseHeader, [protocolVersion('2.1'), integer(TAG.batchCount, 2)]), ...items])));
    expect(response).toMatchObject({ version: '2.1', items: [{ index: 1, status: 'Success' }, { index: 0 }] });
  });
});

describe('attributes', () => {
  test('have names in KMIP 1', () => {
    expect(dump(create.request({ name: 'k' }, '1.4'))).toBe(`RequestPayload
  ObjectType Enumeration SymmetricKey
  TemplateAttribute
    Attribute
      AttributeName TextString "Cryptographic Algorithm"
      AttributeValue Enumeration 0x00000003
    Attribute
      AttributeName TextString "Cryptographic Length"
      AttributeValue Integer 256
    Attribute
      AttributeName TextString "Cryptographic Usage Mask"
      AttributeValue Integer 12
    Attribute
      AttributeName TextString "Name"
      AttributeValue
        NameValue TextString "k"
        NameType Enumeration UninterpretedTextString`);
  });

  test('have tags of their own in KMIP 2', () => {
    expect(dump(create.request({ name: 'k' }, '2.0'))).toBe(`RequestPayload
  ObjectType Enumeration SymmetricKey
  Attributes
    CryptographicAlgorithm Enumeration AES
    CryptographicLength Integer 256
    CryptographicUsageMask Integer 12
    Name
      NameValue TextString "k"
      NameType Enumeration UninterpretedTextString`);
    expect(dump(locate.request({ having: { state: 'Active' }, maximumItems: 5 }, '2.1'))).toBe('RequestPayload\n  MaximumItems Integer 5\n  Attributes\n    State Enumeration Active');
    expect(dump(getAttributes.request({ uniqueIdentifier: ID, keys: ['state'] }, '2.0'))).toBe(`RequestPayload\n  UniqueIdentifier TextString "key-1"\n  AttributeReference Enumeration 0x0042008D`);
  });

  test('are read from both', () => {
    const modern = [structure(TAG.attributes, [enumeration(TAG.state, 2), structure(TAG.name, [text(TAG.nameValue, 'a'), enumeration(TAG.nameType, 1)]), structure(TAG.name, [text(TAG.nameValue, 'b'), enumeration(TAG.nameType, 1)]), text(0x420022, 'let be')])];
    const expected = { state: 'Active', names: ['a', 'b'] };
    expect(readAnswer(getAttributes, { uniqueIdentifier: ID }, '2.1', answer('GetAttributes', [text(TAG.uniqueIdentifier, ID), ...modern], { version: '2.1' }))).toEqual(expected);
    const attribute = (name: string, value: TtlvPart): TtlvPart => structure(TAG.attribute, [text(TAG.attributeName, name), integer(TAG.attributeIndex, 0), value]);
    const named = (name: string): TtlvPart => attribute('Name', structure(TAG.attributeValue, [text(TAG.nameValue, name), enumeration(TAG.nameType, 1)]));
    const old = [text(TAG.uniqueIdentifier, ID), attribute('State', enumeration(TAG.attributeValue, 2)), named('a'), named('b'), attribute('x-maker', text(TAG.attributeValue, 'let be'))];
    expect(readAnswer(getAttributes, { uniqueIdentifier: ID }, '1.2', answer('GetAttributes', old, { version: '1.2' }))).toEqual(expected);
  });

  test.each<[string, TtlvPart[]]>([
    ['a state of no standard', [enumeration(TAG.state, 7)]],
    ['a state twice', [enumeration(TAG.state, 1), enumeration(TAG.state, 2)]],
    ['a date after all calendars', [{ tag: TAG.activationDate, type: 'DateTime', value: 2n ** 62n }]],
    ['a name without value', [structure(TAG.name, [])]],
  ])('%s is refused', (_what, attributes) => {
    failing(() => readAnswer(getAttributes, { uniqueIdentifier: ID }, '2.0', answer('GetAttributes', [text(TAG.uniqueIdentifier, ID), structure(TAG.attributes, attributes)], { version: '2.0' })), 'KMIP_MESSAGE_INVALID');
  });
});

describe('versions', () => {
  test('are offered newest first, and those that we do not know are let be', () => {
    expect(dump(discoverVersions.request({ versions: ['1.0', '2.1'] }, '1.4')).match(/M(aj|in)or Integer \d/g)).toEqual(['Major Integer 2', 'Minor Integer 1', 'Major Integer 1', 'Minor Integer 0']);
    const offered = readAnswer(discoverVersions, { versions: VERSIONS }, '1.4', answer('DiscoverVersions', [protocolVersion('1.2'), structure(TAG.protocolVersion, [integer(TAG.protocolVersionMajor, 3), integer(TAG.protocolVersionMinor, 0)]), protocolVersion('1.4')]));
    expect(offered).toEqual(['1.2', '3.0', '1.4']);
    expect(newestCommon(offered)).toBe('1.4');
  });

  test('none in common', () => {
    failing(() => newestCommon(['3.0', '0.9']), 'KMIP_VERSION_UNSUPPORTED');
    failing(() => newestCommon([]), 'KMIP_VERSION_UNSUPPORTED');
  });

  test('an operation that a version does not have', () => void failing(() => encodeCall(discoverVersions, { versions: VERSIONS }, { version: '1.0' }), 'KMIP_OPERATION_UNAVAILABLE'));
});
