/**
 * What a failure means for the user, whether the server refused (KMIP 2.1, "Result Reason Enumeration"; KMIP 1.4,
 * section 9.1.3.2.29), answered what can not be used, or could not be reached. Servers differ in the reason that they
 * give for the same thing, so several reasons come to one code.
 */
import { AppError, type ErrorCode, type ErrorDetails } from '../../errors.ts';
import { socketTrouble } from '../socket-trouble.ts';
import { type OperationName, RESULT_REASON, type ResultReasonName, nameOf } from './enumerations.ts';
import type { ResponseItem } from './message.ts';

/** Code, what happened (after "the server refused …: "), and what to do. */
type Told = readonly [code: ErrorCode, happened: string, remedy: string];

const READABLE = 'Running processes go on with the keys that they hold; one that starts now can not unwrap what is under this key';

const KEY_NOT_FOUND: Told = ['KMS_KEY_NOT_FOUND', 'it has no such key, or does not show it to this client', 'Check KEY_ID, and that the key belongs to the identity of the client certificate; a key that was destroyed can not be brought back.'];
const PERMISSION_DENIED: Told = [
  'KMS_PERMISSION_DENIED',
  `this client may not do it: the key belongs to another identity, its policy forbids it, or its state does. ${READABLE}`,
  "Look at the state and the owner of the key at the server, and let the client certificate's identity use it for this operation.",
];
const CREDENTIALS_WRONG: Told = ['KMS_CREDENTIALS_WRONG', 'it does not accept who we say we are', 'Check USER and PASSWORD, and that the client certificate is for clients (extended key usage clientAuth) and known to the server.'];
const KEY_UNAVAILABLE: Told = [
  'KMS_KEY_UNAVAILABLE',
  `the state of the key does not allow it (not activated, revoked or archived), or its usage limit is reached. ${READABLE}`,
  'Look at the key at the server (fkc kms show); activate or recover it there, or replace it.',
];
const KEY_DESTROYED: Told = ['KMS_KEY_DESTROYED', 'the key was destroyed, and what is under it can be opened by running processes alone', 'Activate a master key under another key and rekey while a process still runs; ask for a backup of the server from before.'];
const UNSUITABLE: Told = ['KMS_KEY_UNSUITABLE', 'the key may not be used to encrypt and decrypt', 'Use an AES key of 256 bits whose usage mask has Encrypt and Decrypt.'];
const CIPHERTEXT_REFUSED: Told = [
  'KMS_CIPHERTEXT_REFUSED',
  'it could not decrypt: the wrapped master key, its tag or its context (name, key description, cluster) do not belong to this key, or the server failed inside and does not tell the difference',
  "Look into the server's log. If it did not fail, check cluster_id, and restore the stripes and facts of this generation from a backup of the system database.",
];
const UNSUPPORTED: Told = ['KMS_ACT_UNSUPPORTED', 'it does not have this operation, or not in this form', 'See what the server can do (fkc kms test), turn it on there, or use another server or version.'];
const VERSION_UNSUPPORTED: Told = ['KMS_ACT_UNSUPPORTED', 'it does not speak this version of KMIP', 'Turn on KMIP 1.4 or newer at the server.'];
const REQUEST_REFUSED: Told = ['KMS_REQUEST_REFUSED', "it does not accept the request as it is: a field, a value, the version or the server's rules", "Look up the reason in the server's log, and check the key (AES, 256 bits, Encrypt and Decrypt)."];
const THROTTLED: Told = ['KMS_THROTTLED', 'a limit of the server is reached', 'Wait and try again; raise the limit at the server if it stays.'];
const LIMIT: Told = ['KMS_LIMIT_REACHED', 'its answer would be longer than the console takes (1 MiB)', 'Show this client fewer keys: give it an identity of its own at the server.'];
const FAILED: Told = ['KMS_FAILED', 'it failed inside', "Look into the server's log and try again."];

/** By reason; what is not here is {@link REQUEST_REFUSED}, and without a reason {@link FAILED}. */
const BY_REASON: Readonly<Partial<Record<ResultReasonName, Told>>> = {
  ItemNotFound: KEY_NOT_FOUND,
  ObjectNotFound: KEY_NOT_FOUND,
  PermissionDenied: PERMISSION_DENIED,
  NotAuthorised: PERMISSION_DENIED,
  AuthenticationNotSuccessful: CREDENTIALS_WRONG,
  BadPassword: CREDENTIALS_WRONG,
  InvalidTicket: CREDENTIALS_WRONG,
  AttestationRequired: CREDENTIALS_WRONG,
  AttestationFailed: CREDENTIALS_WRONG,
  ObjectArchived: KEY_UNAVAILABLE,
  ObjectDestroyed: KEY_DESTROYED,
  WrongKeyLifecycleState: KEY_UNAVAILABLE,
  UsageLimitExceeded: KEY_UNAVAILABLE,
  IncompatibleCryptographicUsageMask: UNSUITABLE,
  OperationNotSupported: UNSUPPORTED,
  FeatureNotSupported: UNSUPPORTED,
  UnsupportedCryptographicParameters: UNSUPPORTED,
  UnsupportedProtocolVersion: VERSION_UNSUPPORTED,
  ServerLimitExceeded: THROTTLED,
  ResponseTooLarge: LIMIT,
  GeneralFailure: FAILED,
  InternalServerError: FAILED,
  CryptographicFailure: FAILED,
  ProtectionStorageUnavailable: FAILED,
};

/** When decrypting, servers tell a wrong tag by any of these. */
const OF_DECRYPT: ReadonlySet<string | undefined> = new Set(['CryptographicFailure', 'GeneralFailure', 'InternalServerError', undefined] satisfies (ResultReasonName | undefined)[]);

/** A server's words about these could quote what was to be encrypted or came out. */
const WITH_KEYS: ReadonlySet<OperationName> = new Set(['Encrypt', 'Decrypt']);
const LONGEST_WORDS = 200;

/** The codec's own findings, all of which mean that the server (or the version) does not have it. */
const LACKING: readonly ErrorCode[] = ['KMIP_VERSION_UNSUPPORTED', 'KMIP_OPERATION_UNAVAILABLE'];

/** What was asked, and where. */
export interface KmipRequest {
  readonly operation: OperationName;
  /** `host:port` */
  readonly location: string;
  readonly keyId?: string;
  /** A password went along: the server's words could quote it. */
  readonly hasPassword?: boolean;
}

/** The failure that `item`, which is no success, tells of `operation`. The server's own words are in `details.serverMessage`. */
export function refusal(operation: OperationName, item: ResponseItem): AppError {
  const reason = item.reason === undefined ? undefined : (nameOf(RESULT_REASON, item.reason) ?? `0x${item.reason.toString(16).toUpperCase()}`);
  const details = {
    operation,
    status: item.status,
    ...(reason === undefined ? {} : { reason }),
    ...(item.message === undefined || WITH_KEYS.has(operation) ? {} : { serverMessage: oneLine(item.message) }),
  };
  if (item.status === 'OperationPending') {
    return new AppError(
      'KMS_OUTCOME_UNKNOWN',
      `The KMIP server put off ${operation} for later, which the console did not ask for. Whether it will be done is not known.`,
      'Let an administrator of the server look at what waits for approval there.',
      { details },
    );
  }
  const [code, happened, remedy] = meaningOf(operation, reason);
  return new AppError(code, `The KMIP server refused ${operation}: ${happened} (${reason ?? 'no reason given'}). Nothing was changed.`, remedy, { details });
}

/** The {@link AppError} of docs/kms-errors.md for whatever a request met: of the codec, of the connection, or told already. */
export function kmipError(error: unknown, request: KmipRequest): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof AppError) return placed(error, request);
  const trouble = socketTrouble(error);
  const facts = { ...factsOf(request), ...(trouble === null || trouble.code === '' ? {} : { socketError: trouble.code }) };
  switch (trouble?.kind) {
    case undefined:
      return error;
    case 'certificate':
      return new AppError(
        'KMS_TLS_UNTRUSTED',
        `The certificate that answered at ${request.location} is not signed by the configured CA, not valid now, or for another host name. No credentials and no key were sent.`,
        "Check the host in BASE_URL_TEMPLATE against the names in the server's certificate, the CA of the profile, the clock, and what lies between.",
        { details: facts },
      );
    case 'tls':
      return new AppError(
        'KMS_TLS_REFUSED',
        `No TLS connection to ${request.location} came about: what answers does not speak TLS 1.2 or 1.3 as we do, or it does not take the client certificate. No key was sent.`,
        'Check that BASE_URL_TEMPLATE names a KMIP port, that the client certificate is for clients, valid, and signed by a CA that the server trusts, and what proxy lies between.',
        { details: facts },
      );
    case 'unsent':
    case 'broken':
      return unreachable(request, trouble?.kind === 'broken', facts);
  }
}

/** `KMS_UNREACHABLE` @param sent the request may have arrived. */
export function unreachable(request: KmipRequest, sent: boolean, facts: ErrorDetails = factsOf(request)): AppError {
  return new AppError(
    'KMS_UNREACHABLE',
    `The KMIP server ${request.location} can not be reached${sent ? ': the connection ended before its answer' : ''}. Nothing was changed here. ${READABLE}.`,
    sent
      ? 'Look into the log of the server: it failed, or does not take this client (with TLS 1.3 a certificate that is refused may show as nothing else); then check the network.'
      : 'Check the network, the host and port in BASE_URL_TEMPLATE, and that the server runs.',
    { details: { ...facts, sent } },
  );
}

/** A failure of the codec in the words of every KMS, and where it was. */
function placed(error: AppError, request: KmipRequest): AppError {
  const { serverMessage, ...told } = error.details ?? {};
  const details = { ...told, ...(serverMessage === undefined || request.hasPassword === true ? {} : { serverMessage }), ...factsOf(request) };
  if (LACKING.includes(error.code)) return new AppError('KMS_ACT_UNSUPPORTED', error.message, error.remedy, { details });
  if (!error.code.startsWith('KMIP_')) return new AppError(error.code, error.message, error.remedy, { details });
  return new AppError('KMS_ANSWER_INVALID', `${error.message} Nothing was changed.`, error.remedy, { details: { ...details, kmipError: error.code } });
}

function meaningOf(operation: OperationName, reason: string | undefined): Told {
  if (operation === 'Decrypt' && OF_DECRYPT.has(reason)) return CIPHERTEXT_REFUSED;
  if (reason === undefined) return FAILED;
  return BY_REASON[reason as ResultReasonName] ?? REQUEST_REFUSED;
}

function factsOf({ operation, location, keyId }: KmipRequest): ErrorDetails {
  return { provider: 'KMIP_KMS', operation, location, ...(keyId === undefined ? {} : { keyId }) };
}

function oneLine(message: string): string {
  const line = message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > LONGEST_WORDS ? `${line.slice(0, LONGEST_WORDS)}…` : line;
}
