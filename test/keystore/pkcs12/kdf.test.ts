import { expect, test } from 'vitest';

import { toBmpPassword } from '../../../main/keystore/password.ts';
import { derivePkcs12Key, type Pkcs12KdfParameters } from '../../../main/keystore/pkcs12/kdf.ts';
import { fixture, hexOf, secret } from '../fixtures.ts';

type Vector = [password: string, hash: Pkcs12KdfParameters['hash'], purpose: Pkcs12KdfParameters['purpose'], salt: string, iterations: number, expected: string];

// Computed by OpenSSL 3 (`openssl kdf … PKCS12KDF`). The first seven are the well-known cases "smeg" and "queeg".
const VECTORS: Vector[] = JSON.parse(fixture('kdf-vectors.json').toString('utf8')) as Vector[];

test.each(VECTORS)('%s %s %s salt %s, %i iterations', (password, hash, purpose, salt, iterations, expected) => {
  using bmpPassword = toBmpPassword(secret(password));
  const key = derivePkcs12Key(bmpPassword, { hash, purpose, salt: Buffer.from(salt, 'hex'), iterations, length: expected.length / 2 });
  expect(hexOf(key)).toBe(expected);
});
