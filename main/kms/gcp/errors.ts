import { AppError, type ErrorDetails } from '../../errors.ts';
import { channelFailure } from './channel-errors.ts';
import { STATUS } from './status.ts';
import { READABLE, tell, type Told, TOLD } from './told.ts';

/** What was asked, and where. */
export interface GcpRequest {
  readonly operation: string;
  readonly location: string;
  /** As it was sent. */
  readonly keyId?: string;
}

/** By the state that Google names ("Key version states"). */
const BY_STATE: Readonly<Record<string, Told>> = {
  DISABLED: TOLD.disabled,
  DESTROY_SCHEDULED: TOLD.pendingDeletion,
  DESTROYED: TOLD.destroyed,
  PENDING_IMPORT: TOLD.pendingImport,
};

const BY_STATUS: Readonly<Record<number, Told>> = {
  [STATUS.UNKNOWN]: TOLD.failed,
  [STATUS.DEADLINE_EXCEEDED]: TOLD.timeout,
  [STATUS.NOT_FOUND]: TOLD.notFound,
  [STATUS.RESOURCE_EXHAUSTED]: TOLD.throttled,
  [STATUS.ABORTED]: TOLD.failed,
  [STATUS.UNIMPLEMENTED]: TOLD.unsupported,
  [STATUS.INTERNAL]: TOLD.failed,
  [STATUS.UNAVAILABLE]: TOLD.failed,
  [STATUS.DATA_LOSS]: TOLD.failed,
};

/**
 * The {@link AppError} for what the SDK threw. The SDK's error stays behind: its text may name accounts, and its
 * metadata holds what the server sent.
 */
export function gcpError(error: unknown, request: GcpRequest): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { status, words, reason } = partsOf(error);
  const facts = factsOf(error, request);
  if (status === null && /already been closed/.test(words)) return tell(TOLD.closed, facts);
  if (status === null) return error instanceof TypeError || error instanceof RangeError ? tell(TOLD.invalid, facts) : error;
  const failure = channelFailure(status, words, facts);
  if (failure !== null) return failure;
  if (status === STATUS.PERMISSION_DENIED && !/^(SERVICE_DISABLED|BILLING_DISABLED|CONSUMER_INVALID)$/.test(reason)) return denied(error, words, request, facts);
  return tell(meaningOf(status, words, reason, request), facts);
}

/** `KMS_ANSWER_INVALID` for an answer that is understood and can not be right. */
export function answerInvalid(why: string, request: GcpRequest): AppError {
  const [code, , remedy] = TOLD.invalid;
  return new AppError(code, `The KMS answered ${request.operation} with ${why}. It was not used, and nothing was changed here.`, remedy, { details: factsOf(null, request) });
}

export function factsOf(error: Error | null, { operation, location, keyId }: GcpRequest): ErrorDetails {
  const status = error === null ? null : partsOf(error).status;
  const reason = error === null ? '' : partsOf(error).reason;
  const name = Object.entries(STATUS).find(([, code]) => code === status)?.[0];
  return {
    provider: 'GCP_KMS',
    operation,
    location,
    ...(keyId === undefined ? {} : { keyId }),
    ...(name === undefined ? {} : { googleStatus: name }),
    ...(reason === '' ? {} : { googleReason: reason }),
  };
}

function meaningOf(status: number, words: string, reason: string, { operation }: GcpRequest): Told {
  switch (status) {
    case STATUS.UNAUTHENTICATED:
      return reason === 'ACCESS_TOKEN_EXPIRED' ? TOLD.credentialsExpired : TOLD.credentialsWrong;
    case STATUS.PERMISSION_DENIED:
      return TOLD.serviceOff;
    case STATUS.FAILED_PRECONDITION:
      return ofPrecondition(words);
    case STATUS.INVALID_ARGUMENT:
      if (/checksum|crc32c/i.test(words)) return TOLD.changedOnTheWay;
      if (/purpose/i.test(words)) return TOLD.unsuitable;
      if (/sent to location|location\b.*\b(not found|invalid|unsupported|does not exist)/i.test(words)) return TOLD.regionWrong;
      return operation === 'Decrypt' ? TOLD.ciphertextRefused : TOLD.refused;
    case STATUS.NOT_FOUND:
      return /\blocation\b/i.test(words) && !/keyRings\//.test(words) ? TOLD.regionWrong : TOLD.notFound;
    default:
      return BY_STATUS[status] ?? TOLD.refused;
  }
}

/** Cloud KMS tells the state of a version in words alone. */
function ofPrecondition(words: string): Told {
  const state = /\b(?:state is:?|KEY_)\s*"?(DISABLED|DESTROY_SCHEDULED|DESTROYED|PENDING_[A-Z]+)\b/.exec(words)?.[1];
  if (state !== undefined) return BY_STATE[state] ?? TOLD.unavailable;
  if (/billing/i.test(words)) return TOLD.serviceOff;
  if (/purpose/i.test(words)) return TOLD.unsuitable;
  return TOLD.unavailable;
}

/** By operation, where Google does not name it (Cloud KMS, "Permissions and roles"). */
const PERMISSIONS: Readonly<Record<string, string>> = {
  Encrypt: 'cloudkms.cryptoKeyVersions.useToEncrypt',
  Decrypt: 'cloudkms.cryptoKeyVersions.useToDecrypt',
  GetCryptoKey: 'cloudkms.cryptoKeys.get',
  ListCryptoKeys: 'cloudkms.cryptoKeys.list',
  UpdateCryptoKey: 'cloudkms.cryptoKeys.update',
  UpdateCryptoKeyPrimaryVersion: 'cloudkms.cryptoKeys.update',
  GetIamPolicy: 'cloudkms.cryptoKeys.getIamPolicy',
  GetCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.get',
  ListCryptoKeyVersions: 'cloudkms.cryptoKeyVersions.list',
  CreateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.create',
  UpdateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.update',
  DestroyCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.destroy',
  RestoreCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.restore',
};

const PERMISSION = /\b([a-z]{1,32}\.[A-Za-z]{1,64}\.[A-Za-z]{1,64})\b/;

function denied(error: Error, words: string, { operation }: GcpRequest, facts: ErrorDetails): AppError {
  const { errorInfoMetadata } = error as { errorInfoMetadata?: { permission?: unknown } };
  const named = typeof errorInfoMetadata?.permission === 'string' ? errorInfoMetadata.permission : /permission ['"]?(\S+?)['"]? denied/i.exec(words)?.[1];
  const permission = PERMISSION.exec(named ?? '')?.[1] ?? PERMISSIONS[operation] ?? 'cloudkms';
  return new AppError(
    'KMS_PERMISSION_DENIED',
    `Google does not allow these credentials ${permission} on this key, or the key does not exist: Google does not tell which. Nothing was changed. ${READABLE} with these credentials.`,
    `Check the name of the key; give this account a role with ${permission} on it (docs/recipes/gcp.md), and look for a deny policy or a service perimeter.`,
    { details: { ...facts, permission } },
  );
}

interface Parts {
  readonly status: number | null;
  /** What the server said, its details included. Read, never shown. */
  readonly words: string;
  /** ErrorInfo.reason (AIP-193), or empty. */
  readonly reason: string;
}

function partsOf(error: Error): Parts {
  const { code, details, reason, statusDetails } = error as { code?: unknown; details?: unknown; reason?: unknown; statusDetails?: unknown };
  return {
    status: typeof code === 'number' ? code : null,
    words: `${typeof details === 'string' ? details : error.message} ${violationsIn(statusDetails)}`.slice(0, 4096),
    reason: typeof reason === 'string' && /^[A-Z0-9_]{1,64}$/.test(reason) ? reason : '',
  };
}

/** Types of google.rpc.PreconditionFailure. */
function violationsIn(statusDetails: unknown): string {
  if (!Array.isArray(statusDetails)) return '';
  return statusDetails
    .flatMap((detail: { violations?: unknown } | null) => (Array.isArray(detail?.violations) ? (detail.violations as { type?: unknown }[]) : []))
    .map(({ type }) => String(type))
    .join(' ');
}
