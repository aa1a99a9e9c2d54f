import { HASHES, type HashName } from './algorithms.ts';
import { hmac } from './hmac.ts';

/**
 * KDF in counter mode, SP 800-108r1 section 4.1, PRF = HMAC, r = 32: the counter stands before the fixed input.
 * @param fixedInput everything after the counter, as given.
 * @param bits length of the output, a multiple of 8.
 * @returns a new buffer, the caller's to zero.
 */
export function counterModeKdf(hash: HashName, key: Uint8Array, fixedInput: Uint8Array, bits: number): Buffer {
  const bytes = bits / 8;
  if (!Number.isInteger(bytes) || bytes < 1) throw new RangeError(`A key has a whole number of bytes, not ${bits} bits.`);
  const { digestBytes } = HASHES[hash];
  const output = Buffer.allocUnsafeSlow(bytes);
  const message = Buffer.allocUnsafe(4 + fixedInput.length);
  message.set(fixedInput, 4);
  for (let i = 1, offset = 0; offset < bytes; i++, offset += digestBytes) {
    message.writeUInt32BE(i, 0);
    const block = hmac(hash, key, message);
    output.set(offset + digestBytes > bytes ? block.subarray(0, bytes - offset) : block, offset);
    block.fill(0);
  }
  return output;
}

/**
 * {@link counterModeKdf} over the fixed input that SP 800-108r1 recommends: Label || 0x00 || Context || [L]32.
 * @param label ASCII without 0x00: separates the uses of one key.
 */
export function kbkdfCounter(hash: HashName, key: Uint8Array, label: string, context: Uint8Array, bits: number): Buffer {
  const fixedInput = Buffer.allocUnsafe(label.length + 1 + context.length + 4);
  fixedInput.latin1Write(label, 0);
  fixedInput[label.length] = 0;
  fixedInput.set(context, label.length + 1);
  fixedInput.writeUInt32BE(bits, label.length + 1 + context.length);
  return counterModeKdf(hash, key, fixedInput, bits);
}
