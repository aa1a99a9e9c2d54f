/**
 * The one table of algorithms: everything that main/crypto computes with stands here, and only what both OpenSSL
 * (Node) and BoringSSL (Electron) have, with @noble/hashes for the rest.
 */
import { hash as nodeHash } from 'node:crypto';
import { sha512_256 } from '@noble/hashes/sha2.js';
import { AppError } from '../errors.ts';

/** The AEAD of all formats, as node:crypto names it. */
export type CipherName = 'aes-256-gcm';

/** The hashes under every HMAC, as node:crypto names them. */
export type HashName = 'sha512' | 'sha512-256';

/** One set of algorithms. Its `id` stands in every header, so that data stays readable whatever the switch says now. */
export interface Suite {
  readonly id: number;
  readonly name: string;
  readonly cipher: CipherName;
  readonly hash: HashName;
  readonly ivBytes: 12;
  readonly tagBytes: 16;
  readonly keyBytes: 32;
}

/** A hash function with the sizes that HMAC (FIPS 198-1) and the KDF (SP 800-108r1) need. */
export interface Hash {
  readonly blockBytes: number;
  readonly digestBytes: number;
  /** The digest in a new array, which the caller may zero. */
  readonly digest: (data: Uint8Array) => Uint8Array;
  /**
   * Writes the digest to the start of `target`. On its way it may be a string, which nobody can zero: only for a digest that
   * is no secret by itself. A new array would cost more than the hash of a short message.
   */
  readonly digestInto: (data: Uint8Array, target: Buffer) => void;
}

const STANDARD: Suite = {
  id: 1,
  name: 'AES-256-GCM, HMAC-SHA-512',
  cipher: 'aes-256-gcm',
  hash: 'sha512',
  ivBytes: 12,
  tagBytes: 16,
  keyBytes: 32,
};

const FIPS: Suite = {
  id: 2,
  name: 'AES-256-GCM, HMAC-SHA-512/256',
  cipher: 'aes-256-gcm',
  hash: 'sha512-256',
  ivBytes: 12,
  tagBytes: 16,
  keyBytes: 32,
};

/** Every suite there is. Ids are never reused, and no suite is ever removed: old data names it. */
export const SUITES: readonly Suite[] = [STANDARD, FIPS];

/** FIPS 180-4 hashes. */
export const HASHES: Readonly<Record<HashName, Hash>> = {
  sha512: { blockBytes: 128, digestBytes: 64, ...nodeDigests('sha512') },
  'sha512-256': { blockBytes: 128, digestBytes: 32, ...sha512_256Digests() },
};

/** The suite that new data gets: `fips` is the platform's switch (`fips:mode=on`). */
export function suiteFor(fips: boolean): Suite {
  return fips ? FIPS : STANDARD;
}

/**
 * The suite that a header names.
 * @throws AppError `ENVELOPE_ALGORITHM_UNKNOWN`
 */
export function suiteById(id: number): Suite {
  const suite = SUITES.find((candidate) => candidate.id === id);
  if (suite === undefined) {
    throw new AppError(
      'ENVELOPE_ALGORITHM_UNKNOWN',
      `This data names algorithm ${id}, which this version does not know. It was not decrypted; nothing was changed.`,
      'Open it with the newest version of the console. If that does not know it either, the data is damaged: restore it from a backup.',
      { details: { algorithm: id } },
    );
  }
  return suite;
}

type Digests = Pick<Hash, 'digest' | 'digestInto'>;

function nodeDigests(name: HashName): Digests {
  return {
    digest: (data) => nodeHash(name, data, 'buffer'),
    digestInto: (data, target) => void target.write(nodeHash(name, data, 'binary'), 'latin1'),
  };
}

/** BoringSSL's lookup by name does not know SHA-512/256 in every version, so it is asked once, at load. */
function sha512_256Digests(): Digests {
  try {
    nodeHash('sha512-256', '', 'buffer');
  } catch {
    return { digest: sha512_256, digestInto: (data, target) => target.set(sha512_256(data)) };
  }
  return nodeDigests('sha512-256');
}
