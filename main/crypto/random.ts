import { randomBytes as nodeRandomBytes, randomFillSync } from 'node:crypto';
import { SecretBytes } from '../secret.ts';

/** `bytes` from the operating system's CSPRNG (through OpenSSL or BoringSSL); not for keys, see {@link randomSecret}. */
export function randomBytes(bytes: number): Buffer {
  return nodeRandomBytes(bytes);
}

/** A new random secret of `bytes` length. */
export function randomSecret(bytes: number): SecretBytes {
  // Of its own ArrayBuffer: up to 64 bytes, a Buffer lives on the heap, where the collector moves it and leaves copies.
  return SecretBytes.take(randomFillSync(Buffer.from(new ArrayBuffer(bytes))));
}

const POOL_BYTES = 12 * 256;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Writes a fresh random 96-bit IV into `target` at `offset`. Drawn from a pool that is filled many at a time, since one
 * call of the generator costs as much as a hash; no byte of the pool is ever used twice.
 */
export function writeFreshIv(target: Uint8Array, offset: number): void {
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += 12;
  for (let i = 0; i < 12; i++) target[offset + i] = pool[start + i] as number;
}
