import { randomSecret } from '../../main/crypto/random.ts';
import { isAppError } from '../../main/errors.ts';
import { type KmsContext, type KmsProvider, MASTER_KEY_BYTES, type WrappedKey } from '../../main/kms/provider.ts';
import type { SecretBytes } from '../../main/secret.ts';

/** A KMS with keys of one test run. */
export interface OpenedKms {
  readonly provider: KmsProvider;
  /** The same KMS with a new key of its own configured. */
  another(): Promise<KmsProvider>;
  /** The same KMS with a key configured that does not exist. */
  missing(): KmsProvider;
  /** The credentials that it was opened with: none may ever be seen. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

/** What a test of the suite works on. */
export interface KmsSubject {
  readonly opened: OpenedKms;
}

export const CONTEXT: KmsContext = { name: 'masterkey_key_name', description: 'masterkey_key_name-20260101-000000-1', cluster: 'dev' };

/** A line out of the middle of a PEM: a form of it without its line ends, or with others, has it as well. */
export function lineOf(pem: string): string {
  const lines = pem.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('-----'));
  const line = lines[Math.floor(lines.length / 2)];
  if (line === undefined) throw new Error('It is no PEM.');
  return line;
}

/** Wraps a new key under the configured one. */
export async function wrapNew(provider: KmsProvider): Promise<WrappedKey> {
  using plain = randomSecret(MASTER_KEY_BYTES);
  return await provider.wrap(plain, CONTEXT);
}

/** The code that a promise fails with; null where it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string | null> {
  const error = await failureOf(promise);
  if (error !== null && !isAppError(error)) throw error;
  return error?.code ?? null;
}

/** What a promise fails with; null where it does not. A key that it answers is zeroed. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    const answer = await promise;
    (answer as SecretBytes | undefined)?.dispose?.();
    return null;
  } catch (error) {
    return error;
  }
}
