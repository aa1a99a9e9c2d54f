import { readFileSync } from 'node:fs';

import { expect } from 'vitest';

import { AppError, type ErrorCode } from '../../main/errors.ts';
import { SecretBytes } from '../../main/secret.ts';

/** Files made by keytool 17 and OpenSSL 3, all under this password; see test/fixtures/keystore/README.md. */
export const FIXTURE_PASSWORD = 'changeit';

/** Key bytes as a Java program reads them (`KeyStore.getKey`): hex by alias. */
export const FIXTURE_KEYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'current.p12': { masterkey_key_name: '04af1c65ef13a7c5875d50ccb839f362a30a147ca63ec38d490dca0405370086' },
  'legacy.p12': { masterkey_key_name: '9786c75036ccf73c2c1bfb02f03706cf6f4a169b6e5d78898ff5784a0cbae9c0' },
  'sha384.p12': { masterkey_key_name: 'f274d86728e34cc7fe2a88b7f2a07518aa8afe09feffb414b977dfba068cba88' },
  'sha512.p12': { masterkey_key_name: 'be516ec688a4ecfb0064651e6b962bcb6d21aaf0789c4054e46df34249a5f25b' },
  'mixed-current.p12': {
    masterkey_key_name: '04af1c65ef13a7c5875d50ccb839f362a30a147ca63ec38d490dca0405370086',
    second_key: '9f0a6aa14c916e1bf8c526a42817e949939e0b640e1acc81fbd4cb5e6bc84002',
  },
  'mixed-legacy.p12': {
    masterkey_key_name: '9786c75036ccf73c2c1bfb02f03706cf6f4a169b6e5d78898ff5784a0cbae9c0',
    second_key: '6327e145780b10c8b53e79d64590ffcfde260a213aa844c5a58b5fadac450d16',
  },
};

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/keystore/${name}`, import.meta.url));
}

/** A secret from text, as a password or a key in hex would be given. */
export function secret(text: string, encoding: 'utf8' | 'hex' = 'utf8'): SecretBytes {
  return SecretBytes.copyOf(Buffer.from(text, encoding));
}

/** A key's bytes for comparison; disposes the key. */
export function hexOf(key: SecretBytes | null): string | null {
  const hex = key?.use((bytes) => bytes.toString('hex')) ?? null;
  key?.dispose();
  return hex;
}

/** The code that `act` fails with; fails the test for success and for any error that is not an AppError. */
export function codeOf(act: () => unknown): ErrorCode {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return (error as AppError).code;
  }
  throw new Error('it did not fail');
}

/** {@link codeOf} for promises. */
export async function codeOfPromise(act: Promise<unknown>): Promise<ErrorCode> {
  const failure = await act.then(
    () => null,
    (error: unknown) => error,
  );
  if (failure === null) throw new Error('it did not fail');
  expect(failure).toBeInstanceOf(AppError);
  return (failure as AppError).code;
}
