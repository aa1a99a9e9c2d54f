import { readPbeSha1TripleDes } from '../dangerous/pbe-sha1-3des.ts';
import { DerReader, TAG } from '../der.ts';
import { OID } from './oids.ts';
import type { PasswordScheme } from './password-scheme.ts';
import { readPbes2 } from './pbes2.ts';

/** Every scheme that can be read, by the object identifier of its AlgorithmIdentifier. */
const SCHEMES: Readonly<Record<string, (algorithm: DerReader) => PasswordScheme>> = {
  [OID.pbes2]: readPbes2,
  [OID.pbeSha1TripleDes]: readPbeSha1TripleDes,
};

/**
 * The scheme of an AlgorithmIdentifier (the content of its SEQUENCE), or the object identifier where it is none that
 * can be read (for example RC2-40 of legacy certificate safes).
 * @throws AppError `KEYSTORE_ALGORITHM_UNSUPPORTED` for parameters of a known scheme that can not be done, `KEYSTORE_MALFORMED`
 */
export function readScheme(algorithm: DerReader): PasswordScheme | string {
  const oid = algorithm.oid();
  return SCHEMES[oid]?.(algorithm) ?? oid;
}

/** An EncryptedPrivateKeyInfo (RFC 5958, section 3), not yet decrypted. */
export interface EncryptedKey {
  readonly scheme: PasswordScheme | string;
  readonly ciphertext: Buffer;
}

/** @throws AppError `KEYSTORE_ALGORITHM_UNSUPPORTED`, `KEYSTORE_MALFORMED` */
export function readEncryptedKey(der: Uint8Array): EncryptedKey {
  const outer = new DerReader(der);
  const info = outer.enter(TAG.sequence);
  outer.end();
  const scheme = readScheme(info.enter(TAG.sequence));
  const ciphertext = info.octets();
  info.end();
  return { scheme, ciphertext };
}
