import { HASHES, type HashName } from './algorithms.ts';
import { hmac } from './hmac.ts';

const COUNTER_BYTES = 4;

/**
 * KDF in counter mode over the fixed input that SP 800-108r1 section 4 recommends:
 * Label || 0x00 || Context || [L]32, the 32-bit counter before it, PRF = HMAC.
 * @param label ASCII without 0x00: separates the uses of one key.
 * @param bits length of the output, a multiple of 8.
 * @returns a new array, the caller's to zero.
 */
export function kbkdfCounter(hash: HashName, key: Uint8Array, label: string, context: Uint8Array, bits: number): Uint8Array {
  const separatorAt = COUNTER_BYTES + label.length;
  const lengthAt = separatorAt + 1 + context.length;
  const message = Buffer.allocUnsafe(lengthAt + 4);
  message.write(label, COUNTER_BYTES, 'latin1');
  message[separatorAt] = 0;
  message.set(context, separatorAt + 1);
  message.writeUInt32BE(bits, lengthAt);
  return expand(hash, key, message, bits);
}

/** As {@link kbkdfCounter}, over fixed input as the caller gives it. */
export function kbkdfCounterOverFixedInput(hash: HashName, key: Uint8Array, fixedInput: Uint8Array, bits: number): Uint8Array {
  const message = Buffer.allocUnsafe(COUNTER_BYTES + fixedInput.length);
  message.set(fixedInput, COUNTER_BYTES);
  return expand(hash, key, message, bits);
}

/** SP 800-108r1 section 4.1. `message` has room for the counter at its start. */
function expand(hash: HashName, key: Uint8Array, message: Buffer, bits: number): Uint8Array {
  const { digestBytes } = HASHES[hash];
  const bytes = bits / 8;
  message.writeUInt32BE(1, 0);
  const first = hmac(hash, key, message);
  if (bytes <= digestBytes) {
    first.fill(0, bytes);
    return first.subarray(0, bytes);
  }
  const output = Buffer.allocUnsafe(bytes);
  output.set(first);
  first.fill(0);
  for (let i = 2, offset = digestBytes; offset < bytes; i++, offset += digestBytes) {
    message.writeUInt32BE(i, 0);
    const block = hmac(hash, key, message);
    output.set(block.subarray(0, bytes - offset), offset);
    block.fill(0);
  }
  return output;
}
