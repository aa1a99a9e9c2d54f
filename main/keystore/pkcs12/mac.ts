import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import type { SecretBytes } from '../../secret.ts';
import type { DerReader} from '../der.ts';
import { TAG, derInteger, derNull, derOctets, derOid, derSequence } from '../der.ts';
import { malformed, unsupported } from '../failures.ts';
import { toBmpPassword } from '../password.ts';
import { KDF_HASHES, derivePkcs12Key, type KdfHash } from './kdf.ts';
import { checkIterations } from './limits.ts';
import { OID } from './oids.ts';

const MAC_HASHES: Readonly<Record<string, KdfHash>> = {
  [OID.sha1]: 'sha1',
  [OID.sha256]: 'sha256',
  [OID.sha384]: 'sha384',
  [OID.sha512]: 'sha512',
};

/** As keytool writes it: HmacPBESHA256 with 10,000 iterations and a salt of 20 bytes. */
const WRITTEN = { iterations: 10_000, saltBytes: 20 } as const;

/** MacData of RFC 7292, section 4: the check value over the whole AuthenticatedSafe. */
export interface Mac {
  /** Dotted object identifier of the hash function. */
  readonly hashOid: string;
  readonly digest: Buffer;
  readonly salt: Buffer;
  readonly iterations: number;
}

/** Name of the algorithm for people, `HMAC-SHA256`; the object identifier where it is not known. */
export function macAlgorithmName(mac: Mac): string {
  const name = MAC_HASHES[mac.hashOid];
  return name === undefined ? mac.hashOid : `HMAC-${name.toUpperCase()}`;
}

/** Reads MacData, the content of its SEQUENCE. @throws AppError `KEYSTORE_MALFORMED` */
export function readMac(macData: DerReader): Mac {
  const digestInfo = macData.enter(TAG.sequence);
  const algorithm = digestInfo.enter(TAG.sequence);
  const hashOid = algorithm.oid();
  if (!algorithm.done) algorithm.any();
  algorithm.end();
  const digest = digestInfo.octets();
  digestInfo.end();
  const salt = macData.octets();
  const iterations = macData.done ? 1 : macData.integer();
  macData.end();
  return { hashOid, digest, salt, iterations };
}

/**
 * Tells whether `password` gives the check value of `authenticatedSafe`: false for a wrong password as for changed bytes.
 * @throws AppError `KEYSTORE_ALGORITHM_UNSUPPORTED`, `KEYSTORE_MALFORMED`
 */
export function verifyMac(mac: Mac, authenticatedSafe: Uint8Array, password: SecretBytes): boolean {
  const name = MAC_HASHES[mac.hashOid];
  if (name === undefined) throw unsupported(`the integrity check ${mac.hashOid}`);
  checkIterations(mac.iterations);
  if (mac.digest.length !== KDF_HASHES[name].output) throw malformed('an integrity check of the wrong size');
  const expected = computeMac(name, mac.salt, mac.iterations, authenticatedSafe, password);
  return timingSafeEqual(expected, mac.digest);
}

/** A fresh MacData over `authenticatedSafe`, as keytool writes it. */
export function writeMac(authenticatedSafe: Uint8Array, password: SecretBytes): Buffer {
  const salt = randomBytes(WRITTEN.saltBytes);
  const digest = computeMac('sha256', salt, WRITTEN.iterations, authenticatedSafe, password);
  const digestInfo = derSequence(derSequence(derOid(OID.sha256), derNull()), derOctets(digest));
  return derSequence(digestInfo, derOctets(salt), derInteger(WRITTEN.iterations));
}

function computeMac(name: KdfHash, salt: Uint8Array, iterations: number, message: Uint8Array, password: SecretBytes): Buffer {
  using bmpPassword = toBmpPassword(password);
  using key = derivePkcs12Key(bmpPassword, { hash: name, purpose: 'mac', salt, iterations, length: KDF_HASHES[name].output });
  return key.use((bytes) => createHmac(name, bytes).update(message).digest());
}
