import { AppError, type ErrorCode, type ErrorDetails } from '../../errors.ts';
import { notReached } from './socket-errors.ts';

/** What was asked, and where. */
export interface AwsRequest {
  readonly operation: string;
  readonly region: string;
  /** As it was sent. */
  readonly keyId?: string;
  /** True where the key has wrapped before: then it must have had material. */
  readonly opens?: boolean;
}

type Told = readonly [code: ErrorCode, message: string, remedy: string];

const KEPT = 'Nothing was changed, and what is wrapped under this key is kept';
const READABLE = 'Running processes go on with the keys that they hold; one that starts now can not unwrap what is under this key';

const CREDENTIALS_WRONG: Told = [
  'KMS_CREDENTIALS_WRONG',
  'AWS does not accept the credentials: the access key is unknown, deleted or inactive, or the secret is not the one that belongs to it. Nothing was changed.',
  'Check ACCESS_KEY_ID and SECRET_ACCESS_KEY, what was given on the page KMS, or the profile, role or environment that they come from.',
];
const CREDENTIALS_EXPIRED: Told = [
  'KMS_CREDENTIALS_EXPIRED',
  `The temporary credentials for AWS have expired. Nothing was changed. ${READABLE}.`,
  'Renew them (aws sso login, a new session token, also on the page KMS, the role of the instance) and try again.',
];
const CREDENTIALS_MISSING: Told = [
  'KMS_CREDENTIALS_MISSING',
  'No credentials for AWS were found. No KMS was asked, and nothing was changed.',
  'Give them on the page KMS, or as ACCESS_KEY_ID and SECRET_ACCESS_KEY in config.ini, or let the environment, a profile of ~/.aws or the role of this machine provide them.',
];
const THROTTLED: Told = ['KMS_THROTTLED', 'AWS refused the request because the account makes too many of them in this Region. Nothing was changed.', 'Wait a moment and try again; if it stays, raise the quota in AWS or lower what else uses it.'];
const FAILED: Told = ['KMS_FAILED', 'AWS KMS failed inside. Nothing was changed here.', 'Try again; if it stays, look at the AWS Health Dashboard for this Region.'];
const CLOCK_WRONG: Told = ['KMS_CLOCK_WRONG', 'AWS refused the request because the clock of this machine is too far off. Nothing was changed.', 'Set the clock (NTP) and try again.'];
const CIPHERTEXT_REFUSED: Told = [
  'KMS_CIPHERTEXT_REFUSED',
  'The KMS could not open the wrapped master key: its bytes were changed, or it was wrapped for another name, key description or cluster. Nothing was changed.',
  'Check cluster_id, and restore the stripes and facts of this generation from a backup of the system database.',
];
const KEY_MISMATCH: Told = [
  'KMS_KEY_MISMATCH',
  'The wrapped master key was made under another KMS key than the one that is stored with it. Nothing was changed.',
  'Restore the facts of this generation (k2auth.keys_descriptions) from a backup of the system database.',
];
const KEY_DISABLED: Told = ['KMS_KEY_DISABLED', `The KMS key is disabled. ${KEPT}. ${READABLE}.`, 'Enable the key again (fkc kms enable), or activate a master key under another KMS key.'];
const PENDING_DELETION: Told = [
  'KMS_KEY_PENDING_DELETION',
  `The KMS key waits for its deletion, after which all that is under it is lost for good. ${READABLE}.`,
  'Cancel the deletion now (fkc kms cancel-deletion), then enable the key.',
];
const PENDING_IMPORT: Told = ['KMS_KEY_PENDING_IMPORT', 'The KMS key has no key material yet. Nothing was wrapped.', 'Import the material into the key, or use another key.'];
const MATERIAL_EXPIRED: Told = [
  'KMS_KEY_MATERIAL_EXPIRED',
  `The imported material of the KMS key has expired or was deleted. ${KEPT}. ${READABLE}.`,
  'Import the very same material again: other material can not open what this key wrapped.',
];
const UNAVAILABLE: Told = [
  'KMS_KEY_UNAVAILABLE',
  `The KMS key can not be used in its present state (being made or changed, or its custom key store is not connected). ${KEPT}.`,
  'Look at the key and its custom key store in AWS, and try again when it is enabled.',
];
const UNSUITABLE: Told = ['KMS_KEY_UNSUITABLE', 'The KMS key can not wrap master keys: it is asymmetric, for signing or for MACs. Nothing was changed.', 'Use a symmetric key for encryption and decryption (SYMMETRIC_DEFAULT).'];
const UNSUPPORTED: Told = ['KMS_ACT_UNSUPPORTED', 'This key or this server does not have what was asked for. Nothing was changed.', 'Look at what the key allows (fkc kms show).'];
const NOT_FOUND: Told = [
  'KMS_KEY_NOT_FOUND',
  'AWS has no such key in this account and Region. Nothing was changed.',
  'Check CUSTOMER_KEY_ID, the Region and the account of the credentials; a key that was deleted can not be brought back.',
];
const REGION_WRONG: Told = ['KMS_REGION_WRONG', 'The key belongs to another Region than the one that was asked. Nothing was changed.', 'Set REGION to the Region of the key, or replicate a multi-Region key to this Region.'];
const REGION_MISSING: Told = ['KMS_REGION_MISSING', 'No Region is configured for AWS KMS. No KMS was asked.', 'Set REGION in [encryption_aws_kms], or AWS_REGION.'];
const LIMIT: Told = ['KMS_LIMIT_REACHED', 'A limit of the AWS account or of the key is reached. Nothing was changed.', 'Look at the service quotas of AWS KMS (a key takes 25 rotations on demand), and raise what can be raised.'];
const INVALID: Told = ['KMS_ANSWER_INVALID', 'What came back from the KMS is no answer of AWS KMS, or only half of one. It was not used, and nothing was changed.', 'Look for a proxy or another server between here and AWS, and check AWS_ENDPOINT_URL_KMS.'];
const REFUSED: Told = ['KMS_REQUEST_REFUSED', 'AWS did not accept the request as it is. Nothing was changed.', 'Look up the name of the error in the AWS KMS API Reference, and check the key in AWS.'];

/** By the name of the error, as AWS's API references and its common errors have it. */
const BY_NAME: Readonly<Record<string, Told>> = {
  ThrottlingException: THROTTLED,
  Throttling: THROTTLED,
  TooManyRequestsException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  SlowDown: THROTTLED,
  KMSInternalException: FAILED,
  DependencyTimeoutException: FAILED,
  InternalFailure: FAILED,
  InternalServerError: FAILED,
  ServiceUnavailable: FAILED,
  ServiceUnavailableException: FAILED,
  KeyUnavailableException: FAILED,
  UnrecognizedClientException: CREDENTIALS_WRONG,
  InvalidClientTokenId: CREDENTIALS_WRONG,
  InvalidAccessKeyId: CREDENTIALS_WRONG,
  InvalidSignatureException: CREDENTIALS_WRONG,
  SignatureDoesNotMatch: CREDENTIALS_WRONG,
  IncompleteSignature: CREDENTIALS_WRONG,
  MissingAuthenticationToken: CREDENTIALS_WRONG,
  MissingAuthenticationTokenException: CREDENTIALS_WRONG,
  NotAuthorized: CREDENTIALS_WRONG,
  ExpiredToken: CREDENTIALS_EXPIRED,
  ExpiredTokenException: CREDENTIALS_EXPIRED,
  RequestExpired: CLOCK_WRONG,
  RequestTimeTooSkewed: CLOCK_WRONG,
  RequestInTheFuture: CLOCK_WRONG,
  CredentialsProviderError: CREDENTIALS_MISSING,
  ProviderError: CREDENTIALS_MISSING,
  InvalidCiphertextException: CIPHERTEXT_REFUSED,
  IncorrectKeyException: KEY_MISMATCH,
  DisabledException: KEY_DISABLED,
  InvalidKeyUsageException: UNSUITABLE,
  UnsupportedOperationException: UNSUPPORTED,
  AlreadyExistsException: UNSUPPORTED,
  LimitExceededException: LIMIT,
  CustomKeyStoreInvalidStateException: UNAVAILABLE,
  CloudHsmClusterNotActiveException: UNAVAILABLE,
};

/**
 * The {@link AppError} for what the SDK threw. The SDK's error stays behind: its text can quote a session token
 * (the canonical request of a wrong signature), and its hidden fields hold the answer, with a plain key where it was
 * only half understood.
 */
export function awsError(error: unknown, request: AwsRequest): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const facts = factsOf(error, request);
  if (/^AccessDenied/.test(error.name)) return denied(error, request, facts);
  const told = meaningOf(error, request);
  if (told !== null) return tell(told, facts);
  return notReached(error, request, facts) ?? ('$metadata' in error ? tell(REFUSED, facts) : error);
}

/** `KMS_ANSWER_INVALID` for an answer that is understood and can not be right. */
export function answerInvalid(why: string, request: AwsRequest): AppError {
  const [code, , remedy] = INVALID;
  return new AppError(code, `The KMS answered ${request.operation} with ${why}. It was not used, and nothing was changed.`, remedy, { details: factsOf(null, request) });
}

/** `KMS_KEY_UNSUITABLE`, found before the key was asked to wrap. */
export function keyUnsuitable(request: AwsRequest): AppError {
  return tell(UNSUITABLE, factsOf(null, request));
}

/** `KMS_REGION_WRONG`, found before AWS was asked. */
export function regionWrong(request: AwsRequest): AppError {
  return tell(REGION_WRONG, factsOf(null, request));
}

function meaningOf(error: Error, request: AwsRequest): Told | null {
  const named = Object.hasOwn(BY_NAME, error.name) ? BY_NAME[error.name] : undefined;
  if (named === CREDENTIALS_WRONG && /signature (expired|not yet current)/i.test(error.message)) return CLOCK_WRONG;
  if (named === CREDENTIALS_MISSING && /expired/i.test(error.message)) return CREDENTIALS_EXPIRED;
  const status = statusOf(error);
  if (status === 501) return UNSUPPORTED;
  if (named !== undefined) return named;
  if (error.name === 'NotFoundException') return /^invalid arn/i.test(error.message) ? REGION_WRONG : NOT_FOUND;
  if (error.name === 'KMSInvalidStateException') return ofState(error.message, request);
  if (/^region is missing/i.test(error.message)) return REGION_MISSING;
  if (status !== null && status >= 500) return FAILED;
  if (error instanceof SyntaxError || error instanceof TypeError || '$responseBodyText' in error || (status !== null && status < 300)) return INVALID;
  return null;
}

/** KMS tells the state in words alone (AWS KMS Developer Guide, "Key states of AWS KMS keys"). */
function ofState(words: string, { opens = false }: AwsRequest): Told {
  if (/pending ?(replica ?)?deletion/i.test(words)) return PENDING_DELETION;
  if (/pending ?import/i.test(words)) return opens ? MATERIAL_EXPIRED : PENDING_IMPORT;
  if (/disabled/i.test(words)) return KEY_DISABLED;
  return UNAVAILABLE;
}

function denied(error: Error, { operation }: AwsRequest, facts: ErrorDetails): AppError {
  // Where a role has to be taken first, that may be what is denied (sts:AssumeRole).
  const permission = /perform: ([a-z0-9-]{1,32}:[A-Za-z]{1,64})/.exec(error.message)?.[1] ?? `kms:${operation}`;
  const by = /(?:explicit deny in an?|no) ([a-z -]{1,60}policy)/.exec(error.message)?.[1];
  return new AppError(
    'KMS_PERMISSION_DENIED',
    `AWS does not allow these credentials ${permission} on this key. Nothing was changed. ${READABLE} with these credentials.`,
    `Allow ${permission} for this user or role in its IAM policy or in the key policy${by === undefined ? '' : ` (AWS names the ${by})`}, with the encryption context that it is bound to; see docs/recipes/aws.md.`,
    { details: { ...facts, permission } },
  );
}

function tell([code, message, remedy]: Told, details: ErrorDetails): AppError {
  return new AppError(code, message, remedy, { details });
}

function factsOf(error: Error | null, { operation, region, keyId }: AwsRequest): ErrorDetails {
  const metadata = error !== null && '$metadata' in error ? (error.$metadata as { requestId?: unknown }) : {};
  return {
    provider: 'AWS_KMS',
    operation,
    region,
    ...(keyId === undefined ? {} : { keyId }),
    ...(error === null ? {} : { awsError: error.name.slice(0, 80) }),
    ...(typeof metadata.requestId === 'string' ? { requestId: metadata.requestId.slice(0, 80) } : {}),
  };
}

function statusOf(error: Error): number | null {
  if (!('$metadata' in error)) return null;
  const { httpStatusCode } = error.$metadata as { httpStatusCode?: unknown };
  return typeof httpStatusCode === 'number' ? httpStatusCode : null;
}
