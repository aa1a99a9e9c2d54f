import { readFile } from 'node:fs/promises';
import { AppError, type ErrorCode } from '../main/errors.ts';
import { SecretBytes } from '../main/secret.ts';

/** A password that a profile needs: what it is called, where it may come from, and the code that says it is missing. */
interface PasswordKind {
  readonly called: string;
  /** The environment variable that may hold it. */
  readonly variable: string;
  readonly missing: ErrorCode;
}

export const KEYSTORE_PASSWORD: PasswordKind = { called: 'KeyStore password', variable: 'FKC_KEYSTORE_PASSWORD', missing: 'KEYSTORE_PASSWORD_MISSING' };
export const DATABASE_PASSWORD: PasswordKind = { called: 'password of the system database', variable: 'FKC_DATABASE_PASSWORD', missing: 'DATABASE_PASSWORD_MISSING' };

/**
 * A password from a file (its first line) or an environment variable; never from argv.
 * @returns null where no source is given: then it is asked for. @throws AppError `KEYSTORE_PASSWORD_MISSING`,
 *   `DATABASE_PASSWORD_MISSING`
 */
export async function passwordFrom(
  kind: PasswordKind,
  source: { passwordFile?: string | undefined; passwordEnv?: string | undefined },
): Promise<SecretBytes | null> {
  if (source.passwordFile !== undefined) return fromFile(kind, source.passwordFile);
  const variable = source.passwordEnv ?? kind.variable;
  const value = process.env[variable];
  if (value !== undefined && value !== '') return SecretBytes.take(Buffer.from(value, 'utf8'));
  if (source.passwordEnv === undefined) return null;
  throw new AppError(
    kind.missing,
    `The profile takes the ${kind.called} from the variable ${variable}, which is not set.`,
    `Set ${variable}, or give a password file.`,
  );
}

async function fromFile(kind: PasswordKind, file: string): Promise<SecretBytes> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new AppError(kind.missing, `The password file "${file}" can not be read.`, 'Check its path and permissions.', { cause: error });
  }
  try {
    const end = bytes.findIndex((byte) => byte === 0x0a || byte === 0x0d);
    const line = end === -1 ? bytes : bytes.subarray(0, end);
    if (line.length === 0) {
      throw new AppError(kind.missing, `The password file "${file}" is empty.`, 'Put the password on its first line.');
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
