import { SecretBytes } from '../../secret.ts';
import { DerReader, TAG, derHeader, derInteger, derNull, derOid, derSequence } from '../der.ts';
import { entryPasswordWrong, malformed, notAes256, unsupported } from '../failures.ts';
import { OID } from './oids.ts';
import { writePbes2 } from './pbes2.ts';
import { readEncryptedKey } from './schemes.ts';

export const AES_256_BYTES = 32;

/**
 * Opens the EncryptedPrivateKeyInfo of the AES-256 key `alias`. The caller disposes the key.
 * @throws AppError `KEYSTORE_PASSWORD_WRONG` (the entry has a password of its own), `KEYSTORE_ENTRY_NOT_AES256`,
 * `KEYSTORE_ALGORITHM_UNSUPPORTED`, `KEYSTORE_MALFORMED`
 */
export function openSecretKey(alias: string, encryptedKey: Buffer, password: SecretBytes): SecretBytes {
  const { scheme, ciphertext } = readEncryptedKey(encryptedKey);
  if (typeof scheme === 'string') throw unsupported(`the key encryption ${scheme}`);
  using privateKeyInfo = scheme.decrypt(ciphertext, password);
  if (privateKeyInfo === null) throw entryPasswordWrong(alias);
  return privateKeyInfo.use((bytes) => {
    const { algorithm, key } = readPrivateKeyInfo(alias, bytes);
    const isAes = algorithm === OID.aes || algorithm.startsWith(`${OID.aes}.`);
    if (!isAes) throw notAes256(alias, `a key of the algorithm ${algorithm}`);
    if (key.length !== AES_256_BYTES) throw notAes256(alias, `an AES key of ${key.length * 8} bits`);
    return SecretBytes.copyOf(key);
  });
}

/** The EncryptedPrivateKeyInfo of an AES-256 key, as keytool writes it. @throws AppError `KEYSTORE_ENTRY_NOT_AES256` */
export function sealSecretKey(alias: string, key: SecretBytes, password: SecretBytes): Buffer {
  if (key.length !== AES_256_BYTES) throw notAes256(alias, `a key of ${key.length * 8} bits`);
  using privateKeyInfo = key.use((bytes) => SecretBytes.take(writePrivateKeyInfo(bytes)));
  return privateKeyInfo.use((bytes) => writePbes2(bytes, password));
}

/** Views into the PrivateKeyInfo (RFC 5958) in which the JDK keeps a secret key. */
function readPrivateKeyInfo(alias: string, bytes: Buffer): { algorithm: string; key: Buffer } {
  try {
    const outer = new DerReader(bytes);
    const info = outer.enter(TAG.sequence);
    outer.end();
    if (info.integer() !== 0) throw malformed('a key of another version than 0');
    return { algorithm: info.enter(TAG.sequence).oid(), key: info.octets() };
  } catch {
    // The file's check value fits, so these bytes are as they were written: the padding of a wrong password fitted by chance.
    throw entryPasswordWrong(alias);
  }
}

/** Put together in one step, so that the key is copied into one buffer only. */
function writePrivateKeyInfo(key: Uint8Array): Buffer {
  const algorithm = derSequence(derOid(OID.aes), derNull());
  const head = Buffer.concat([derInteger(0), algorithm, derHeader(TAG.octetString, key.length)]);
  return Buffer.concat([derHeader(TAG.sequence, head.length + key.length), head, key]);
}
