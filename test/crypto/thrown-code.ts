import { AppError, type ErrorCode } from '../../main/errors.ts';

/** The code of the AppError that `act` throws; `'nothing'` if it returns. Any other error goes through. */
export function thrownCode(act: () => unknown): ErrorCode | 'nothing' {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'nothing';
}
