/**
 * The enumerations that the product writes, reads or shows (KMIP 2.1, "Enumerations"; KMIP 1.4, section 9.1.3.2): values
 * never changed their meaning between 1.0 and 2.1, later versions only added some.
 */
import { TAG } from './tags.ts';

export const OPERATION = {
  Create: 0x01,
  CreateKeyPair: 0x02,
  Register: 0x03,
  ReKey: 0x04,
  DeriveKey: 0x05,
  Certify: 0x06,
  ReCertify: 0x07,
  Locate: 0x08,
  Check: 0x09,
  Get: 0x0a,
  GetAttributes: 0x0b,
  GetAttributeList: 0x0c,
  AddAttribute: 0x0d,
  ModifyAttribute: 0x0e,
  DeleteAttribute: 0x0f,
  ObtainLease: 0x10,
  GetUsageAllocation: 0x11,
  Activate: 0x12,
  Revoke: 0x13,
  Destroy: 0x14,
  Archive: 0x15,
  Recover: 0x16,
  Validate: 0x17,
  Query: 0x18,
  Cancel: 0x19,
  Poll: 0x1a,
  Notify: 0x1b,
  Put: 0x1c,
  ReKeyKeyPair: 0x1d,
  DiscoverVersions: 0x1e,
  Encrypt: 0x1f,
  Decrypt: 0x20,
  Sign: 0x21,
  SignatureVerify: 0x22,
  MAC: 0x23,
  MACVerify: 0x24,
  RNGRetrieve: 0x25,
  RNGSeed: 0x26,
  Hash: 0x27,
  CreateSplitKey: 0x28,
  JoinSplitKey: 0x29,
  Import: 0x2a,
  Export: 0x2b,
  Log: 0x2c,
  Login: 0x2d,
  Logout: 0x2e,
  DelegatedLogin: 0x2f,
  AdjustAttribute: 0x30,
  SetAttribute: 0x31,
  SetEndpointRole: 0x32,
  PKCS11: 0x33,
  Interop: 0x34,
  ReProvision: 0x35,
} as const;

export type OperationName = keyof typeof OPERATION;

export const OBJECT_TYPE = {
  Certificate: 1,
  SymmetricKey: 2,
  PublicKey: 3,
  PrivateKey: 4,
  SplitKey: 5,
  Template: 6,
  SecretData: 7,
  OpaqueObject: 8,
  PGPKey: 9,
  CertificateRequest: 10,
} as const;

export const STATE = { PreActive: 1, Active: 2, Deactivated: 3, Compromised: 4, Destroyed: 5, DestroyedCompromised: 6 } as const;

export type KmipState = keyof typeof STATE;

export const CRYPTOGRAPHIC_ALGORITHM = { DES: 1, TripleDES: 2, AES: 3, RSA: 4, DSA: 5, ECDSA: 6 } as const;

export const BLOCK_CIPHER_MODE = { CBC: 1, ECB: 2, PCBC: 3, CFB: 4, OFB: 5, CTR: 6, CMAC: 7, CCM: 8, GCM: 9 } as const;

export const QUERY_FUNCTION = { QueryOperations: 1, QueryObjects: 2, QueryServerInformation: 3 } as const;

export const REVOCATION_REASON = {
  Unspecified: 1,
  KeyCompromise: 2,
  CACompromise: 3,
  AffiliationChanged: 4,
  Superseded: 5,
  CessationOfOperation: 6,
  PrivilegeWithdrawn: 7,
} as const;

export type RevocationReason = keyof typeof REVOCATION_REASON;

export const CREDENTIAL_TYPE = { UsernameAndPassword: 1 } as const;

export const LINK_TYPE = { ReplacementObject: 0x106, ReplacedObject: 0x107 } as const;

export const NAME_TYPE = { UninterpretedTextString: 1, URI: 2 } as const;

export const RESULT_STATUS = { Success: 0, OperationFailed: 1, OperationPending: 2, OperationUndone: 3 } as const;

/** Bits of the Cryptographic Usage Mask, an Integer (KMIP 2.1, "Cryptographic Usage Mask"). */
export const USAGE = { Encrypt: 0x04, Decrypt: 0x08 } as const;

export const RESULT_REASON = {
  ItemNotFound: 0x01,
  ResponseTooLarge: 0x02,
  AuthenticationNotSuccessful: 0x03,
  InvalidMessage: 0x04,
  OperationNotSupported: 0x05,
  MissingData: 0x06,
  InvalidField: 0x07,
  FeatureNotSupported: 0x08,
  OperationCanceledByRequester: 0x09,
  CryptographicFailure: 0x0a,
  IllegalOperation: 0x0b,
  PermissionDenied: 0x0c,
  ObjectArchived: 0x0d,
  IndexOutOfBounds: 0x0e,
  ApplicationNamespaceNotSupported: 0x0f,
  KeyFormatTypeNotSupported: 0x10,
  KeyCompressionTypeNotSupported: 0x11,
  EncodingOptionError: 0x12,
  KeyValueNotPresent: 0x13,
  AttestationRequired: 0x14,
  AttestationFailed: 0x15,
  Sensitive: 0x16,
  NotExtractable: 0x17,
  ObjectAlreadyExists: 0x18,
  InvalidTicket: 0x19,
  UsageLimitExceeded: 0x1a,
  NumericRange: 0x1b,
  InvalidDataType: 0x1c,
  ReadOnlyAttribute: 0x1d,
  MultiValuedAttribute: 0x1e,
  UnsupportedAttribute: 0x1f,
  AttributeInstanceNotFound: 0x20,
  AttributeNotFound: 0x21,
  AttributeReadOnly: 0x22,
  AttributeSingleValued: 0x23,
  BadCryptographicParameters: 0x24,
  BadPassword: 0x25,
  CodecError: 0x26,
  IllegalObjectType: 0x28,
  IncompatibleCryptographicUsageMask: 0x29,
  InternalServerError: 0x2a,
  InvalidAsynchronousCorrelationValue: 0x2b,
  InvalidAttribute: 0x2c,
  InvalidAttributeValue: 0x2d,
  InvalidCorrelationValue: 0x2e,
  InvalidCSR: 0x2f,
  InvalidObjectType: 0x30,
  KeyWrapTypeNotSupported: 0x32,
  MissingInitializationVector: 0x34,
  NonUniqueNameAttribute: 0x35,
  ObjectDestroyed: 0x36,
  ObjectNotFound: 0x37,
  NotAuthorised: 0x39,
  ServerLimitExceeded: 0x3a,
  UnknownEnumeration: 0x3b,
  UnknownMessageExtension: 0x3c,
  UnknownTag: 0x3d,
  UnsupportedCryptographicParameters: 0x3e,
  UnsupportedProtocolVersion: 0x3f,
  WrappingObjectArchived: 0x40,
  WrappingObjectDestroyed: 0x41,
  WrappingObjectNotFound: 0x42,
  WrongKeyLifecycleState: 0x43,
  ProtectionStorageUnavailable: 0x44,
  GeneralFailure: 0x100,
} as const;

export type ResultReasonName = keyof typeof RESULT_REASON;

const BY_TAG: ReadonlyMap<number, Readonly<Record<string, number>>> = new Map<number, Readonly<Record<string, number>>>([
  [TAG.operation, OPERATION],
  [TAG.objectType, OBJECT_TYPE],
  [TAG.state, STATE],
  [TAG.cryptographicAlgorithm, CRYPTOGRAPHIC_ALGORITHM],
  [TAG.blockCipherMode, BLOCK_CIPHER_MODE],
  [TAG.queryFunction, QUERY_FUNCTION],
  [TAG.revocationReasonCode, REVOCATION_REASON],
  [TAG.credentialType, CREDENTIAL_TYPE],
  [TAG.nameType, NAME_TYPE],
  [TAG.resultStatus, RESULT_STATUS],
  [TAG.resultReason, RESULT_REASON],
]);

/** The name of `value` in the enumeration of `tag`; its number in hexadecimal where it is not known here. */
export function enumerationName(tag: number, value: number): string {
  return nameOf(BY_TAG.get(tag) ?? {}, value) ?? `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;
}

/** The name of `value` in `enumeration`, undefined where it has none. */
export function nameOf<Name extends string>(enumeration: Readonly<Record<Name, number>>, value: number): Name | undefined {
  return (Object.keys(enumeration) as Name[]).find((name) => enumeration[name] === value);
}
