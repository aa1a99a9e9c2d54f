import type { ErrorCode } from '../errors.ts';

/**
 * Codes by which a rule said no: the console worked, and nothing was carried out. Every other code means that the act
 * was tried and failed.
 */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INPUT_INVALID',
  'CONFIRMATION_MISMATCH',
  'NOT_FOUND',
  'FILE_EXISTS',
  'LOCKED',
  'KEYSTORE_PASSWORD_WRONG',
  'KEYSTORE_PASSWORD_MISSING',
  'KEYSTORE_PASSWORD_NOT_ASCII',
  'KEYSTORE_CANNOT_TURN_OFF',
  'KEYSTORE_ALREADY_ENABLED',
  'KEY_NAME_UNKNOWN',
  'KEY_DESCRIPTION_UNKNOWN',
  'KEY_DESCRIPTION_EXISTS',
  'KEY_ACTIVATION_LOST',
  'LU_DEFINITION_INVALID',
  'LU_UNKNOWN',
  'INSTANCE_NOT_FOUND',
  'COMMAND_EMPTY',
  'COMMAND_UNKNOWN',
  'COMMAND_SYNTAX',
  'COMMAND_PARAMETER_UNKNOWN',
  'COMMAND_PARAMETER_REPEATED',
  'COMMAND_PARAMETER_MISSING',
  'COMMAND_VALUE_INVALID',
  'COMMAND_TOO_LONG',
  'GENERATOR_UNKNOWN',
  'STORE_UNKNOWN',
  'GENERATOR_STORE_IMPOSSIBLE',
  'PROVIDER_NOT_CONFIGURED',
  'PROFILE_UNKNOWN',
  'PROFILE_EXISTS',
  'PROFILE_INVALID',
  'JOB_UNKNOWN',
  'IPC_FORBIDDEN',
]);

/** Outcome of an act that ended with `code`. */
export function outcomeOf(code: ErrorCode): 'refused' | 'failed' {
  return REFUSALS.has(code) ? 'refused' : 'failed';
}
