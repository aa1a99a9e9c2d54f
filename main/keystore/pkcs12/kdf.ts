import { hash } from 'node:crypto';

import { SecretBytes } from '../../secret.ts';

/** Hash functions of PKCS#12's key derivation, with block and output size in bytes. */
export const KDF_HASHES = {
  sha1: { block: 64, output: 20 },
  sha256: { block: 64, output: 32 },
  sha384: { block: 128, output: 48 },
  sha512: { block: 128, output: 64 },
} as const;
export type KdfHash = keyof typeof KDF_HASHES;

/** What the derived bytes are for: the "ID" of RFC 7292, B.3. */
const KDF_PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

export interface Pkcs12KdfParameters {
  readonly hash: KdfHash;
  readonly purpose: keyof typeof KDF_PURPOSE;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Bytes wanted. */
  readonly length: number;
}

/** PKCS#12's own key derivation (RFC 7292, B.2) from a {@link toBmpPassword BMP password}. The caller disposes the result. */
export function derivePkcs12Key(bmpPassword: SecretBytes, parameters: Pkcs12KdfParameters): SecretBytes {
  const { block, output } = KDF_HASHES[parameters.hash];
  const salt = repeatToBlocks(parameters.salt, block);
  const password = bmpPassword.use((bytes) => repeatToBlocks(bytes, block));
  // D || S || P in one buffer; S and P are changed in place between rounds.
  const input = Buffer.concat([Buffer.alloc(block, KDF_PURPOSE[parameters.purpose]), salt, password]);
  const rounds = Math.ceil(parameters.length / output);
  const derived = Buffer.alloc(rounds * output);
  try {
    for (let round = 0; round < rounds; round += 1) {
      const digest = iterateHash(parameters.hash, input, parameters.iterations);
      derived.set(digest, round * output);
      addToBlocks(input.subarray(block), repeatToBlocks(digest, block), block);
      digest.fill(0);
    }
    return SecretBytes.copyOf(derived.subarray(0, parameters.length));
  } finally {
    for (const buffer of [password, input, derived]) buffer.fill(0);
  }
}

function iterateHash(name: KdfHash, input: Buffer, iterations: number): Buffer {
  let digest = hash(name, input, 'buffer');
  for (let done = 1; done < iterations; done += 1) {
    const next = hash(name, digest, 'buffer');
    digest.fill(0);
    digest = next;
  }
  return digest;
}

/** `bytes` repeated up to the next multiple of `block`; empty stays empty. */
function repeatToBlocks(bytes: Uint8Array, block: number): Buffer {
  const repeated = Buffer.alloc(Math.ceil(bytes.length / block) * block);
  for (let offset = 0; offset < repeated.length; offset += bytes.length) {
    repeated.set(bytes.subarray(0, Math.min(bytes.length, repeated.length - offset)), offset);
  }
  return repeated;
}

/** Adds `addend` + 1 to every block of `blocks`, as big-endian numbers modulo 2^(8 × block); zeroes `addend`. */
function addToBlocks(blocks: Buffer, addend: Buffer, block: number): void {
  for (let start = 0; start < blocks.length; start += block) {
    let carry = 1;
    for (let index = block - 1; index >= 0; index -= 1) {
      carry += (blocks[start + index] ?? 0) + (addend[index] ?? 0);
      blocks[start + index] = carry & 0xff;
      carry >>= 8;
    }
  }
  addend.fill(0);
}
