import { createDecipheriv } from 'node:crypto';

import { TAG, type DerReader } from '../der.ts';
import { toBmpPassword } from '../password.ts';
import { derivePkcs12Key } from '../pkcs12/kdf.ts';
import { checkIterations } from '../pkcs12/limits.ts';
import { decryptCbc, type PasswordScheme } from '../pkcs12/password-scheme.ts';

/**
 * Legacy: `pbeWithSHAAnd3-KeyTripleDES-CBC` (RFC 7292, appendix C), which JDKs wrote before 16 and still write with
 * `-Dkeystore.pkcs12.legacy`. Reading only: nothing here can encrypt.
 * @throws AppError `KEYSTORE_MALFORMED`
 */
export function readPbeSha1TripleDes(algorithm: DerReader): PasswordScheme {
  const parameters = algorithm.enter(TAG.sequence);
  algorithm.end();
  const salt = parameters.octets();
  const iterations = parameters.integer();
  parameters.end();
  return {
    name: 'PBE-SHA1 3DES-CBC',
    iterations,
    decrypt(ciphertext, password) {
      checkIterations(iterations);
      using bmpPassword = toBmpPassword(password);
      using key = derivePkcs12Key(bmpPassword, { hash: 'sha1', purpose: 'key', salt, iterations, length: 24 });
      using iv = derivePkcs12Key(bmpPassword, { hash: 'sha1', purpose: 'iv', salt, iterations, length: 8 });
      return key.use((keyBytes) => iv.use((ivBytes) => decryptCbc(createDecipheriv('des-ede3-cbc', keyBytes, ivBytes), ciphertext)));
    },
  };
}
