import { SecretBytes } from '../../../secret.ts';
import type { TtlvItem } from './item.ts';

/** Moves the bytes of a byte string that was read into an owner of their own, and zeroes them in the message. */
export function takeSecret(item: Extract<TtlvItem, { type: 'ByteString' | 'BigInteger' }>): SecretBytes {
  return SecretBytes.take(item.value);
}

/**
 * Zeroes every byte string and big integer inside `item`, in the message that it was read from: for an answer that is
 * refused, and that may hold key material where none was expected. Texts are JavaScript strings, which can not be zeroed.
 */
export function wipe(item: TtlvItem): void {
  if (item.type === 'Structure') for (const child of item.value) wipe(child);
  else if (item.type === 'ByteString' || item.type === 'BigInteger') item.value.fill(0);
}
