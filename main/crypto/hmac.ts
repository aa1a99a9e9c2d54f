import { HASHES, type HashName } from './algorithms.ts';

const BLOCK_BYTES = 128;
/** Longest message whose padded form fits the scratch; longer ones get memory of their own. */
const SCRATCH_MESSAGE_BYTES = 4096;
// Of one's own ArrayBuffer: small typed arrays may live on the heap, where the collector moves them and leaves copies.
const scratch = new Uint8Array(new ArrayBuffer(BLOCK_BYTES + SCRATCH_MESSAGE_BYTES));
const afterPad = Buffer.from(scratch.buffer, BLOCK_BYTES);
const OUTER: Readonly<Record<HashName, Uint8Array>> = {
  sha512: scratch.subarray(0, BLOCK_BYTES + HASHES.sha512.digestBytes),
  'sha512-256': scratch.subarray(0, BLOCK_BYTES + HASHES['sha512-256'].digestBytes),
};

/**
 * HMAC (FIPS 198-1, RFC 2104) of `message`, as a new array that the caller may zero.
 *
 * Made of two one-shot hashes: createHmac costs four times as much, since it first makes a KeyObject of the key, and
 * an instance of 1 KiB is sealed in the time of a few HMACs. Every copy of key material is zeroed before it returns. The
 * inner hash is none: who knows it but not the key learns neither the key nor the HMAC from it.
 */
export function hmac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
  const { digest, digestInto } = HASHES[hash];
  const messageEnd = BLOCK_BYTES + message.length;
  const work = messageEnd > scratch.length ? new Uint8Array(new ArrayBuffer(messageEnd)) : scratch;
  const shortKey = key.length > BLOCK_BYTES ? digest(key) : key;
  const outer = OUTER[hash];
  try {
    padKey(work, shortKey, 0x36);
    work.set(message, BLOCK_BYTES);
    digestInto(work.subarray(0, messageEnd), afterPad);
    padKey(scratch, shortKey, 0x5c);
    return digest(outer);
  } finally {
    work.fill(0, 0, messageEnd);
    outer.fill(0);
    if (shortKey !== key) shortKey.fill(0);
  }
}

function padKey(work: Uint8Array, key: Uint8Array, pad: number): void {
  const keyBytes = key.length;
  for (let i = 0; i < keyBytes; i++) work[i] = (key[i] as number) ^ pad;
  work.fill(pad, keyBytes, BLOCK_BYTES);
}
