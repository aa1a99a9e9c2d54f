/**
 * Every failure a user can meet has one code, and a code never changes its meaning: scripts and tests rely on them.
 * Grouped by the folder that raises them.
 */
export type ErrorCode =
  // anything
  | 'INTERNAL'
  | 'INPUT_INVALID'
  | 'CANCELLED'
  | 'CONFIRMATION_MISMATCH'
  | 'NOT_FOUND'
  // files and disks
  | 'FILE_NOT_FOUND'
  | 'FILE_UNREADABLE'
  | 'FILE_WRITE_FAILED'
  | 'FILE_EXISTS'
  | 'DISK_FULL'
  // crypto
  | 'ENVELOPE_MALFORMED'
  | 'ENVELOPE_VERSION_UNKNOWN'
  | 'ENVELOPE_ALGORITHM_UNKNOWN'
  | 'ENVELOPE_AUTHENTICATION_FAILED'
  | 'FIELD_MALFORMED'
  | 'FIELD_AUTHENTICATION_FAILED'
  | 'WRAPPED_KEY_MALFORMED'
  | 'WRAPPED_KEY_AUTHENTICATION_FAILED'
  | 'SECRET_DISPOSED'
  // keystore
  | 'KEYSTORE_NOT_FOUND'
  | 'KEYSTORE_FORMAT_UNKNOWN'
  | 'KEYSTORE_MALFORMED'
  | 'KEYSTORE_PASSWORD_WRONG'
  | 'KEYSTORE_PASSWORD_MISSING'
  | 'KEYSTORE_PASSWORD_NOT_ASCII'
  | 'KEYSTORE_PASSWORD_TOO_SHORT'
  | 'KEYSTORE_ALGORITHM_UNSUPPORTED'
  | 'KEYSTORE_ENTRY_MISSING'
  | 'KEYSTORE_ENTRY_NOT_AES256'
  | 'KEYSTORE_CHANGED_MEANWHILE'
  | 'KEYSTORE_BUSY'
  | 'KEYSTORE_WRITE_FAILED'
  | 'KEYSTORE_CANNOT_TURN_OFF'
  | 'KEYSTORE_ALREADY_ENABLED'
  // kms
  | 'KMIP_TRUNCATED'
  | 'KMIP_TOO_LONG'
  | 'KMIP_TOO_DEEP'
  | 'KMIP_TAG_INVALID'
  | 'KMIP_TYPE_UNKNOWN'
  | 'KMIP_LENGTH_INVALID'
  | 'KMIP_PADDING_INVALID'
  | 'KMIP_BOOLEAN_INVALID'
  | 'KMIP_TEXT_INVALID'
  | 'KMIP_TRAILING_BYTES'
  | 'KMIP_VALUE_INVALID'
  | 'KMIP_MESSAGE_INVALID'
  | 'KMIP_RESPONSE_MISMATCH'
  | 'KMIP_VERSION_UNSUPPORTED'
  | 'KMIP_OPERATION_UNAVAILABLE'
  | 'KMIP_AUTHENTICATION_TAG_INVALID'
  // master keys
  | 'KEY_NAME_UNKNOWN'
  | 'KEY_DESCRIPTION_UNKNOWN'
  | 'KEY_DESCRIPTION_EXISTS'
  | 'KEY_STRIPES_MISSING'
  | 'KEY_STRIPES_CHANGED'
  | 'KEY_FINGERPRINT_MISMATCH'
  | 'KEY_PROTECTION_MISSING'
  | 'KEY_ACTIVATION_LOST'
  | 'LOCKED'
  // system database
  | 'DATABASE_NOT_FOUND'
  | 'DATABASE_LOCKED'
  | 'DATABASE_READ_ONLY'
  | 'DATABASE_CORRUPT'
  | 'DATABASE_TOO_NEW'
  | 'DATABASE_FOREIGN'
  | 'DATABASE_FAILED'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_UNAVAILABLE'
  | 'DATABASE_TIMEOUT'
  | 'DATABASE_OUTCOME_UNKNOWN'
  | 'DATABASE_LOGIN_REFUSED'
  | 'DATABASE_PASSWORD_MISSING'
  | 'DATABASE_PERMISSION_DENIED'
  | 'DATABASE_TLS_REFUSED'
  | 'DATABASE_TLS_UNTRUSTED'
  | 'DATABASE_TLS_NAME_MISMATCH'
  | 'DATABASE_DATA_CENTER_UNKNOWN'
  | 'DATABASE_KEYSPACE_MISSING'
  | 'DATABASE_LU_MISSING'
  // logical units
  | 'LU_DEFINITION_INVALID'
  | 'LU_UNKNOWN'
  | 'LU_SOURCE_INVALID'
  | 'INSTANCE_NOT_FOUND'
  | 'INSTANCE_NOT_A_MICRODB'
  | 'INSTANCE_GENERATION_MISMATCH'
  | 'INSTANCE_FROM_FUTURE'
  // rekey
  | 'REKEY_UNKNOWN'
  | 'REKEY_STATE'
  | 'REKEY_OVERLAPS'
  | 'REKEY_NOTHING_TO_DO'
  | 'REKEY_GENERATION_UNREADABLE'
  | 'SCHEDULE_INVALID'
  | 'SCHEDULE_UNKNOWN'
  | 'HEALTH_PORT_UNAVAILABLE'
  // command
  | 'COMMAND_EMPTY'
  | 'COMMAND_UNKNOWN'
  | 'COMMAND_SYNTAX'
  | 'COMMAND_PARAMETER_UNKNOWN'
  | 'COMMAND_PARAMETER_REPEATED'
  | 'COMMAND_PARAMETER_MISSING'
  | 'COMMAND_VALUE_INVALID'
  | 'COMMAND_TOO_LONG'
  | 'GENERATOR_UNKNOWN'
  | 'STORE_UNKNOWN'
  | 'GENERATOR_STORE_IMPOSSIBLE'
  | 'PROVIDER_NOT_CONFIGURED'
  // audit
  | 'AUDIT_CHAIN_BROKEN'
  | 'AUDIT_HEAD_MISMATCH'
  // config.ini
  | 'CONFIG_NODES_MISSING'
  | 'CONFIG_NODE_UNKNOWN'
  | 'CONFIG_NODE_EXISTS'
  | 'CONFIG_KEY_INVALID'
  | 'CONFIG_KEY_UNKNOWN'
  | 'CONFIG_VALUE_INVALID'
  | 'CONFIG_SECRET_IN_PLAIN'
  | 'CONFIG_ENCODING_UNSUPPORTED'
  | 'CONFIG_TOO_LARGE'
  | 'CONFIG_BUSY'
  | 'CONFIG_CHANGED_MEANWHILE'
  | 'CONFIG_SET_PARTLY'
  | 'CONFIG_VARIABLE_UNSET'
  // regions
  | 'REGION_UNKNOWN'
  | 'REGION_NOT_AUDITED'
  // key management services
  | 'KMS_UNREACHABLE'
  | 'KMS_TIMEOUT'
  | 'KMS_THROTTLED'
  | 'KMS_FAILED'
  | 'KMS_CIRCUIT_OPEN'
  | 'KMS_OUTCOME_UNKNOWN'
  | 'KMS_TLS_REFUSED'
  | 'KMS_TLS_UNTRUSTED'
  | 'KMS_CREDENTIALS_MISSING'
  | 'KMS_CREDENTIALS_MALFORMED'
  | 'KMS_CREDENTIALS_WRONG'
  | 'KMS_CREDENTIALS_EXPIRED'
  | 'KMS_CREDENTIALS_UNREADABLE'
  | 'KMS_CLOCK_WRONG'
  | 'KMS_PERMISSION_DENIED'
  | 'KMS_REGION_MISSING'
  | 'KMS_REGION_WRONG'
  | 'KMS_KEY_ID_INVALID'
  | 'KMS_KEY_NOT_FOUND'
  | 'KMS_KEY_UNSUITABLE'
  | 'KMS_KEY_DISABLED'
  | 'KMS_KEY_PENDING_DELETION'
  | 'KMS_KEY_DESTROYED'
  | 'KMS_KEY_PENDING_IMPORT'
  | 'KMS_KEY_MATERIAL_EXPIRED'
  | 'KMS_KEY_UNAVAILABLE'
  | 'KMS_KEY_MISMATCH'
  | 'KMS_CIPHERTEXT_REFUSED'
  | 'KMS_ANSWER_INVALID'
  | 'KMS_WRAPPING_MALFORMED'
  | 'KMS_ACT_UNSUPPORTED'
  | 'KMS_KEY_IN_USE'
  | 'KMS_CENSUS_INCOMPLETE'
  | 'KMS_LIMIT_REACHED'
  | 'KMS_REQUEST_REFUSED'
  | 'KMS_REPLACE_CUTS_OFF'
  | 'KMS_REPLACE_PARTLY'
  // profiles, jobs
  | 'PROFILE_UNKNOWN'
  | 'PROFILE_EXISTS'
  | 'PROFILE_INVALID'
  | 'KEYCHAIN_FAILED'
  | 'JOB_UNKNOWN'
  // the window's bridge
  | 'IPC_FORBIDDEN'
  | 'IPC_UNKNOWN_CHANNEL';

/** Facts that help to find the place (never secret): identifiers, positions, counts, file names. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[] | readonly number[]>>;

/** What crosses a boundary (IPC, CLI, audit) of a failure. */
export interface Failure {
  readonly ok: false;
  readonly code: ErrorCode;
  /** What happened, and what it means for the data. */
  readonly message: string;
  /** What to do next. */
  readonly remedy: string;
  readonly details?: ErrorDetails;
}

/**
 * The only error that the product raises on purpose.
 * `message` says what happened and what it means for the data, `remedy` what to do next. Neither ever holds a secret.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, message: string, remedy: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = remedy;
    this.details = options.details;
  }
}

/** True for an {@link AppError}; with `code`, only for that one. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** The failure that may cross a boundary: an unknown error becomes `INTERNAL` with an id, its text stays behind. */
export function toFailure(error: unknown, errorId: string): Failure {
  if (error instanceof AppError) {
    return {
      ok: false,
      code: error.code,
      message: error.message,
      remedy: error.remedy,
      ...(error.details === undefined ? {} : { details: error.details }),
    };
  }
  return {
    ok: false,
    code: 'INTERNAL',
    message: `Something went wrong that the console did not foresee (error ${errorId}). Nothing was changed after that point.`,
    remedy: `Look for "${errorId}" in the log file and report it.`,
    details: { errorId },
  };
}
