import { AppError } from '../errors.ts';
import { withFileLock } from '../file-lock.ts';
import { writeFailed } from './failures.ts';

/**
 * Runs `work` while nobody else works under the lock of the same KeyStore.
 * @param waitMs how long to wait for the others
 * @throws AppError `KEYSTORE_BUSY` after `waitMs`; `KEYSTORE_WRITE_FAILED` where the lock file can not be made
 */
export function withKeyStoreLock<T>(file: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const busy = (): AppError =>
    new AppError('KEYSTORE_BUSY', `Another process is writing the KeyStore "${file}" and did not end within ${waitMs / 1000} s. Nothing was changed.`, 'Wait until it has ended, then repeat.', { details: { file, waitMs } });
  return withFileLock(file, waitMs, { busy, failed: (error) => writeFailed(file, error) }, work);
}
