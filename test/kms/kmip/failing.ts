import { expect } from 'vitest';
import { AppError, type ErrorCode } from '../../../main/errors.ts';

/** Expects `act` to fail with `code`; returns the error for more. */
export function failing(act: () => unknown, code: ErrorCode): AppError {
  let error: unknown;
  try {
    act();
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(AppError);
  expect((error as AppError).code).toBe(code);
  return error as AppError;
}
