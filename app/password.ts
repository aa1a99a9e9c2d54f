import { readFile } from 'node:fs/promises';
import { AppError } from '../main/errors.ts';
import { SecretBytes } from '../main/secret.ts';

/** The environment variable that may hold the KeyStore password. */
export const PASSWORD_VARIABLE = 'FKC_KEYSTORE_PASSWORD';

/**
 * The KeyStore password from a file (its first line) or an environment variable; never from argv.
 * @returns null where no source is given: then it is asked for. @throws AppError `KEYSTORE_PASSWORD_MISSING`
 */
export async function passwordFrom(source: {
  passwordFile?: string | undefined;
  passwordEnv?: string | undefined;
}): Promise<SecretBytes | null> {
  if (source.passwordFile !== undefined) return fromFile(source.passwordFile);
  const variable = source.passwordEnv ?? PASSWORD_VARIABLE;
  const value = process.env[variable];
  if (value !== undefined && value !== '') return SecretBytes.take(Buffer.from(value, 'utf8'));
  if (source.passwordEnv === undefined) return null;
  throw new AppError(
    'KEYSTORE_PASSWORD_MISSING',
    `The profile takes the KeyStore password from the variable ${variable}, which is not set.`,
    `Set ${variable}, or give a password file.`,
  );
}

async function fromFile(file: string): Promise<SecretBytes> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new AppError('KEYSTORE_PASSWORD_MISSING', `The password file "${file}" can not be read.`, 'Check its path and permissions.', {
      cause: error,
    });
  }
  try {
    const end = bytes.findIndex((byte) => byte === 0x0a || byte === 0x0d);
    const line = end === -1 ? bytes : bytes.subarray(0, end);
    if (line.length === 0) {
      throw new AppError('KEYSTORE_PASSWORD_MISSING', `The password file "${file}" is empty.`, 'Put the password on its first line.');
    }
    return SecretBytes.copyOf(line);
  } finally {
    bytes.fill(0);
  }
}

/** Takes a typed password over into bytes that can be zeroed; the string itself is the garbage collector's. */
export function passwordOf(typed: string): SecretBytes {
  return SecretBytes.take(Buffer.from(typed, 'utf8'));
}
