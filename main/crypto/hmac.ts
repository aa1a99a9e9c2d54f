import { HASHES, type HashName } from './algorithms.ts';

/** Longest message whose padded form fits the scratch; longer ones get memory of their own. */
const SCRATCH_MESSAGE_BYTES = 4096;
const BLOCK_BYTES = 128;
const scratch = Buffer.allocUnsafeSlow(BLOCK_BYTES + SCRATCH_MESSAGE_BYTES);

/**
 * HMAC (FIPS 198-1, RFC 2104) of `message`, as a new array that the caller may zero.
 *
 * Made of two one-shot hashes: createHmac costs four times as much, since it first makes a KeyObject of the key, and
 * an instance of 1 KiB is sealed in the time of a few HMACs. Every copy of key material is zeroed before it returns.
 */
export function hmac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
  const { blockBytes, digestBytes, digest } = HASHES[hash];
  const shortKey = key.length > blockBytes ? digest(key) : key;
  const ownBytes = blockBytes + Math.max(message.length, digestBytes);
  const work = ownBytes > scratch.length ? Buffer.allocUnsafeSlow(ownBytes) : scratch;
  let inner: Uint8Array | undefined;
  try {
    padKey(work, shortKey, blockBytes, 0x36);
    work.set(message, blockBytes);
    inner = digest(work.subarray(0, blockBytes + message.length));
    padKey(work, shortKey, blockBytes, 0x5c);
    work.set(inner, blockBytes);
    return digest(work.subarray(0, blockBytes + digestBytes));
  } finally {
    work.fill(0, 0, ownBytes);
    inner?.fill(0);
    if (shortKey !== key) shortKey.fill(0);
  }
}

function padKey(work: Uint8Array, key: Uint8Array, blockBytes: number, pad: number): void {
  work.fill(pad, 0, blockBytes);
  for (let i = 0; i < key.length; i++) work[i] = (key[i] as number) ^ pad;
}
