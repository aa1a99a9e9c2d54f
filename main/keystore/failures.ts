import { AppError, type ErrorDetails } from '../errors.ts';

/** `KEYSTORE_MALFORMED`: the bytes are not what the format says. `what` names the place, never a value. */
export function malformed(what: string): AppError {
  return new AppError(
    'KEYSTORE_MALFORMED',
    `The KeyStore file is damaged or cut (${what}). Nothing was read from it and nothing was changed.`,
    'Restore the file from its backup (the same name with ".bak") or from another node that holds a copy.',
  );
}

/** `KEYSTORE_FORMAT_UNKNOWN`: whole, but in a form that the console does not read; keytool converts it. */
export function formatUnknown(form: string): AppError {
  return new AppError(
    'KEYSTORE_FORMAT_UNKNOWN',
    `The KeyStore file is ${form}, which the console does not read. The file was not changed.`,
    'Convert it: keytool -importkeystore -srckeystore OLD_FILE -destkeystore fabric.keystore -deststoretype PKCS12',
    { details: { form } },
  );
}

/** `KEYSTORE_ALGORITHM_UNSUPPORTED`: an algorithm or parameter that the console does not do, or refuses for safety. */
export function unsupported(what: string): AppError {
  return new AppError(
    'KEYSTORE_ALGORITHM_UNSUPPORTED',
    `The KeyStore uses ${what}, which the console does not support. The file was not changed.`,
    'Write it anew with a current JDK: keytool -importkeystore -srckeystore OLD_FILE -destkeystore fabric.keystore -deststoretype PKCS12',
    { details: { what } },
  );
}

/** `KEYSTORE_PASSWORD_WRONG` of the file as a whole: its check value does not fit. */
export function passwordWrong(): AppError {
  return new AppError(
    'KEYSTORE_PASSWORD_WRONG',
    'The password does not open the KeyStore: either it is wrong or the file was changed after it was written. Nothing was changed.',
    'Check the password. If it is certainly right, restore the file from its backup (".bak") or from another node.',
  );
}

/** `KEYSTORE_PASSWORD_WRONG` of one entry that has a password of its own. */
export function entryPasswordWrong(alias: string): AppError {
  return new AppError(
    'KEYSTORE_PASSWORD_WRONG',
    `The KeyStore's password does not open its entry "${alias}": the entry was stored with a password of its own. Nothing was changed.`,
    'Store the entry with the same password as the KeyStore, as keytool does.',
    { details: { alias } },
  );
}

/** `KEYSTORE_ENTRY_NOT_AES256`: an entry of that alias exists, but it can not be a protection key. */
export function notAes256(alias: string, found: string): AppError {
  return new AppError(
    'KEYSTORE_ENTRY_NOT_AES256',
    `The KeyStore's entry "${alias}" is ${found}, not an AES key of 256 bits. It stays as it is.`,
    'Name another alias, or make the entry anew with: keytool -genseckey -keyalg aes -keysize 256',
    { details: { alias, found } },
  );
}

/** The failure of writing a file, by what the operating system answered. The old file always still stands. */
export function writeFailed(file: string, error: unknown): AppError {
  const reason = systemCode(error);
  const details: ErrorDetails = { file, reason };
  if (reason === 'ENOSPC' || reason === 'EDQUOT') {
    return new AppError(
      'DISK_FULL',
      `There is no space left to write the KeyStore "${file}". The file still stands as it was.`,
      'Free space on that disk, then repeat.',
      { details, cause: error },
    );
  }
  return new AppError(
    'KEYSTORE_WRITE_FAILED',
    `The KeyStore "${file}" could not be written (${reason}). The file still stands as it was.`,
    'Check that the folder exists and that this user may write in it, then repeat.',
    { details, cause: error },
  );
}

/** The failure of reading a file, by what the operating system answered or in words: `KEYSTORE_NOT_FOUND` or `FILE_UNREADABLE`. */
export function readFailed(file: string, error: unknown): AppError {
  const reason = systemCode(error);
  if (reason === 'ENOENT' || reason === 'ENOTDIR') {
    return new AppError(
      'KEYSTORE_NOT_FOUND',
      `There is no KeyStore file "${file}".`,
      'Check the path, copy the file from another node, or create a new KeyStore.',
      { details: { file }, cause: error },
    );
  }
  return new AppError(
    'FILE_UNREADABLE',
    `The KeyStore file "${file}" can not be read (${reason}).`,
    'Check that it is a regular file and that this user may read it.',
    { details: { file, reason }, cause: error },
  );
}

function systemCode(error: unknown): string {
  if (typeof error === 'string') return error;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown reason';
}
