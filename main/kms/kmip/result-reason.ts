/**
 * What a server's refusal means for the user. Servers differ in the reason that they give for the same thing, so
 * several reasons come to one code (KMIP 2.1, "Result Reason Enumeration"; KMIP 1.4, section 9.1.3.2.29).
 */
import { AppError, type ErrorCode } from '../../errors.ts';
import { type OperationName, RESULT_REASON, type ResultReasonName, nameOf } from './enumerations.ts';
import type { ResponseItem } from './message.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly happened: string;
  readonly remedy: string;
}

const KEY_NOT_FOUND: Meaning = {
  code: 'KMIP_KEY_NOT_FOUND',
  happened: 'it has no such key, or does not show it to this client',
  remedy: 'Check KEY_ID in config.ini, and that the key belongs to the identity of the client certificate.',
};
const PERMISSION_DENIED: Meaning = {
  code: 'KMIP_PERMISSION_DENIED',
  happened: 'this client may not do it: the key belongs to another identity, its policy forbids it, or its state does (not activated, revoked)',
  remedy: 'Look at the state and the owner of the key at the server, and let the client certificate\'s identity use it.',
};
const LOGIN_REFUSED: Meaning = {
  code: 'KMIP_LOGIN_REFUSED',
  happened: 'it does not accept who we say we are',
  remedy: 'Check USER and PASSWORD, and that the client certificate is known to the server and not expired.',
};
const KEY_STATE: Meaning = {
  code: 'KMIP_KEY_STATE',
  happened: 'the state of the key does not allow it (not activated, revoked, archived or destroyed), or its usage limit is reached',
  remedy: 'Look at the state of the key at the server; activate or recover it there, or replace it.',
};
const DECRYPT_REFUSED: Meaning = {
  code: 'KMIP_DECRYPT_REFUSED',
  happened: 'it could not decrypt: what was stored, its tag or its context does not belong to this key, or the server failed inside',
  remedy: 'Check that KEY_ID is the key that wrapped this generation; if it is, try again and look into the server\'s log. What is stored was not changed.',
};
const UNAVAILABLE: Meaning = {
  code: 'KMIP_OPERATION_UNAVAILABLE',
  happened: 'it does not have this operation, or not with these parameters',
  remedy: 'See what the server can do (fkc kms test), turn the operation on there, or use another server or version.',
};
const REQUEST_REFUSED: Meaning = {
  code: 'KMIP_REQUEST_REFUSED',
  happened: 'it does not accept the request as it is: a field, a value, the version or the server\'s rules',
  remedy: 'Read what the server says, check the key\'s usage mask and algorithm (AES, Encrypt and Decrypt), and look into its log.',
};
const BUSY: Meaning = {
  code: 'KMIP_SERVER_LIMIT',
  happened: 'a limit of the server is reached',
  remedy: 'Wait and try again; raise the limit at the server if it stays.',
};
const FAILED: Meaning = {
  code: 'KMIP_SERVER_FAILED',
  happened: 'it failed inside',
  remedy: 'Look into the server\'s log and try again.',
};

/** By reason; what is not here is {@link REQUEST_REFUSED}, and without a reason {@link FAILED}. */
const MEANINGS: Readonly<Partial<Record<ResultReasonName, Meaning>>> = {
  ItemNotFound: KEY_NOT_FOUND,
  ObjectNotFound: KEY_NOT_FOUND,
  PermissionDenied: PERMISSION_DENIED,
  NotAuthorised: PERMISSION_DENIED,
  IncompatibleCryptographicUsageMask: PERMISSION_DENIED,
  AuthenticationNotSuccessful: LOGIN_REFUSED,
  BadPassword: LOGIN_REFUSED,
  InvalidTicket: LOGIN_REFUSED,
  AttestationRequired: LOGIN_REFUSED,
  AttestationFailed: LOGIN_REFUSED,
  ObjectArchived: KEY_STATE,
  ObjectDestroyed: KEY_STATE,
  WrongKeyLifecycleState: KEY_STATE,
  UsageLimitExceeded: KEY_STATE,
  OperationNotSupported: UNAVAILABLE,
  FeatureNotSupported: UNAVAILABLE,
  UnsupportedCryptographicParameters: UNAVAILABLE,
  ServerLimitExceeded: BUSY,
  ResponseTooLarge: BUSY,
  GeneralFailure: FAILED,
  InternalServerError: FAILED,
  CryptographicFailure: FAILED,
  ProtectionStorageUnavailable: FAILED,
  UnsupportedProtocolVersion: {
    code: 'KMIP_VERSION_UNSUPPORTED',
    happened: 'it does not speak this protocol version',
    remedy: 'Let the console ask for the versions again (fkc kms test), or turn on another version at the server.',
  },
};

/** When decrypting, servers tell a wrong tag by any of these. */
const DECRYPT_REASONS: ReadonlySet<string | undefined> = new Set(['CryptographicFailure', 'GeneralFailure', 'InternalServerError', undefined] satisfies (ResultReasonName | undefined)[]);

/** What a server says in words: of bounded length, on one line. */
const MESSAGE_CHARACTERS = 200;

/** The failure that `item`, which is no success, tells of `operation`. */
export function refusal(operation: OperationName, item: ResponseItem): AppError {
  const reason = item.reason === undefined ? undefined : (nameOf(RESULT_REASON, item.reason) ?? `0x${item.reason.toString(16).toUpperCase()}`);
  const details = {
    operation,
    status: item.status,
    ...(reason === undefined ? {} : { reason }),
    ...(item.message === undefined ? {} : { serverMessage: oneLine(item.message) }),
  };
  const meaning = meaningOf(operation, reason);
  if (item.status === 'OperationPending') {
    return new AppError(
      'KMIP_OPERATION_PENDING',
      `The KMIP server put off ${operation} for later, which the console did not ask for. Whether it will be done is not known.`,
      'Let an administrator of the server look at what waits for approval there.',
      { details },
    );
  }
  return new AppError(
    meaning.code,
    `The KMIP server refused ${operation}: ${meaning.happened} (${reason ?? 'no reason given'}${item.message === undefined ? '' : `: "${oneLine(item.message)}"`}).`,
    meaning.remedy,
    { details },
  );
}

function meaningOf(operation: OperationName, reason: string | undefined): Meaning {
  if (operation === 'Decrypt' && DECRYPT_REASONS.has(reason)) return DECRYPT_REFUSED;
  if (reason === undefined) return FAILED;
  return MEANINGS[reason as ResultReasonName] ?? REQUEST_REFUSED;
}

function oneLine(message: string): string {
  const line = message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > MESSAGE_CHARACTERS ? `${line.slice(0, MESSAGE_CHARACTERS)}…` : line;
}
