import { AppError, type ErrorCode, type ErrorDetails, isAppError } from '../errors.ts';

/** Troubles between here and the KMS, which did not do what was asked: asking again may help. */
const UNANSWERED: ReadonlySet<ErrorCode> = new Set(['KMS_UNREACHABLE', 'KMS_TIMEOUT', 'KMS_FAILED', 'KMS_TLS_REFUSED', 'KMS_TLS_UNTRUSTED', 'KMS_ANSWER_INVALID']);

/** A certificate that is refused once is refused again. */
const LASTING: ReadonlySet<ErrorCode> = new Set(['KMS_TLS_REFUSED', 'KMS_TLS_UNTRUSTED']);

/** The KMS was not asked at all: says nothing about whether it answers. */
const UNASKED: ReadonlySet<ErrorCode> = new Set(['KMS_CREDENTIALS_MISSING', 'KMS_CREDENTIALS_MALFORMED', 'KMS_CREDENTIALS_UNREADABLE', 'LOCKED', 'FILE_UNREADABLE', 'INPUT_INVALID', 'CANCELLED']);

/** Whether the KMS said anything: `no` counts against it, `unasked` says nothing about it. */
export function answered(error: unknown): 'yes' | 'no' | 'unasked' {
  if (!isAppError(error) || UNASKED.has(error.code)) return 'unasked';
  return UNANSWERED.has(error.code) ? 'no' : 'yes';
}

/** Whether the same may work in a moment. */
export function isPassing(error: unknown): boolean {
  if (!isAppError(error)) return false;
  if (error.code === 'KMS_THROTTLED' || error.code === 'KMS_CLOCK_WRONG') return true;
  return UNANSWERED.has(error.code) && !LASTING.has(error.code);
}

/** Whether the KMS can not have done what was asked: then even an act that must not happen twice may be asked again. */
export function isSurelyUndone(error: unknown): boolean {
  return isAppError(error) && (error.code === 'KMS_THROTTLED' || error.code === 'KMS_UNREACHABLE') && error.details?.['sent'] !== true;
}

/** `KMS_TIMEOUT` */
export function timedOut(operation: string, ms: number, details: ErrorDetails): AppError {
  return new AppError(
    'KMS_TIMEOUT',
    `The KMS did not answer ${operation} within ${ms / 1000} s. Nothing was changed here; a running process goes on with the keys that it holds.`,
    'Look at the network and the state of the KMS in this region, then try again.',
    { details: { ...details, operation } },
  );
}

/** `KMS_OUTCOME_UNKNOWN` for an act that may have been done. */
export function outcomeUnknown(operation: string, cause: AppError): AppError {
  return new AppError(
    'KMS_OUTCOME_UNKNOWN',
    `The KMS did not say whether it did ${operation} (${cause.code}). It did all of it or nothing.`,
    'Look at the key now (fkc kms show), before you do it again.',
    { details: { ...cause.details, operation } },
  );
}
