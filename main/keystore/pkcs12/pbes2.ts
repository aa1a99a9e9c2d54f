import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';

import { SecretBytes } from '../../secret.ts';
import type { DerReader} from '../der.ts';
import { TAG, derInteger, derNull, derOctets, derOid, derSequence } from '../der.ts';
import { malformed, unsupported } from '../failures.ts';
import { checkIterations } from './limits.ts';
import { OID } from './oids.ts';
import { decryptCbc, type PasswordScheme } from './password-scheme.ts';

const PRFS: Readonly<Record<string, string>> = {
  [OID.hmacSha1]: 'sha1',
  [OID.hmacSha256]: 'sha256',
  [OID.hmacSha384]: 'sha384',
  [OID.hmacSha512]: 'sha512',
};

const CIPHERS: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  [OID.aes128Cbc]: { name: 'aes-128-cbc', keyBytes: 16 },
  [OID.aes192Cbc]: { name: 'aes-192-cbc', keyBytes: 24 },
  [OID.aes256Cbc]: { name: 'aes-256-cbc', keyBytes: 32 },
};

const IV_BYTES = 16;

/** As keytool writes it: PBKDF2-HMAC-SHA256, 10,000 iterations, a salt of 20 bytes, AES-256-CBC. */
const WRITTEN = { iterations: 10_000, saltBytes: 20 } as const;

/**
 * Reads the parameters of PBES2 (RFC 8018, A.4): PBKDF2 and AES in CBC mode.
 * @throws AppError `KEYSTORE_ALGORITHM_UNSUPPORTED`, `KEYSTORE_MALFORMED`
 */
export function readPbes2(algorithm: DerReader): PasswordScheme {
  const parameters = algorithm.enter(TAG.sequence);
  algorithm.end();
  const kdf = parameters.enter(TAG.sequence);
  const encryption = parameters.enter(TAG.sequence);
  parameters.end();

  const kdfOid = kdf.oid();
  if (kdfOid !== OID.pbkdf2) throw unsupported(`the key derivation ${kdfOid}`);
  const pbkdf2 = kdf.enter(TAG.sequence);
  kdf.end();
  const salt = pbkdf2.octets();
  const iterations = pbkdf2.integer();
  const keyLength = pbkdf2.nextTag === TAG.integer ? pbkdf2.integer() : null;
  const prfOid = pbkdf2.done ? OID.hmacSha1 : readPrf(pbkdf2.enter(TAG.sequence));
  pbkdf2.end();

  const cipherOid = encryption.oid();
  const cipher = CIPHERS[cipherOid];
  if (cipher === undefined) throw unsupported(`the cipher ${cipherOid}`);
  const iv = encryption.octets();
  encryption.end();

  const prf = PRFS[prfOid];
  if (prf === undefined) throw unsupported(`the pseudo-random function ${prfOid}`);
  if (iv.length !== IV_BYTES) throw malformed('an initialization vector of the wrong size');
  if (keyLength !== null && keyLength !== cipher.keyBytes) throw malformed('a key length that does not fit its cipher');

  return {
    name: `PBES2 PBKDF2-HMAC-${prf.toUpperCase()} ${cipher.name.toUpperCase()}`,
    iterations,
    decrypt(ciphertext, password) {
      checkIterations(iterations);
      using key = pbkdf2Key(password, salt, iterations, cipher.keyBytes, prf);
      return key.use((bytes) => decryptCbc(createDecipheriv(cipher.name, bytes, iv), ciphertext));
    },
  };
}

/** An EncryptedPrivateKeyInfo (RFC 5958, section 3) around `plaintext`, as keytool writes it. */
export function writePbes2(plaintext: Uint8Array, password: SecretBytes): Buffer {
  const salt = randomBytes(WRITTEN.saltBytes);
  const iv = randomBytes(IV_BYTES);
  using key = pbkdf2Key(password, salt, WRITTEN.iterations, 32, 'sha256');
  const ciphertext = key.use((bytes) => {
    const cipher = createCipheriv('aes-256-cbc', bytes, iv);
    return Buffer.concat([cipher.update(plaintext), cipher.final()]);
  });
  const prf = derSequence(derOid(OID.hmacSha256), derNull());
  const pbkdf2 = derSequence(derOctets(salt), derInteger(WRITTEN.iterations), derInteger(32), prf);
  const parameters = derSequence(derSequence(derOid(OID.pbkdf2), pbkdf2), derSequence(derOid(OID.aes256Cbc), derOctets(iv)));
  return derSequence(derSequence(derOid(OID.pbes2), parameters), derOctets(ciphertext));
}

function readPrf(algorithm: DerReader): string {
  const oid = algorithm.oid();
  if (!algorithm.done) algorithm.any();
  algorithm.end();
  return oid;
}

function pbkdf2Key(password: SecretBytes, salt: Uint8Array, iterations: number, length: number, prf: string): SecretBytes {
  return password.use((bytes) => SecretBytes.take(pbkdf2Sync(bytes, salt, iterations, length, prf)));
}
