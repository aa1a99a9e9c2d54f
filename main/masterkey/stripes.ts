import { AppError } from '../errors.ts';
import type { StripeRepository } from '../systemdb/repositories.ts';
import { codeLength, decodeStripes, encodeStripes, findChangedStripes, isCodeLength, MAX_STRIPES } from './stripe-code.ts';

const REMEDY =
  'Restore these records from a backup of the system database, or from another replica. Data under other generations is not affected; never delete this generation while instances still need it.';

/** The number of stripe records for a wrapped key of `bytes` bytes. */
export function stripeCount(bytes: number): number {
  return codeLength(bytes);
}

/**
 * @param bytes length of a wrapped key
 * @throws AppError `WRAPPED_KEY_MALFORMED` for what is longer than any KMS wraps a key. Nothing was stored.
 */
export function assertStorable(bytes: number): void {
  const stripes = stripeCount(bytes);
  if (bytes > 0 && stripes <= MAX_STRIPES) return;
  throw new AppError(
    'WRAPPED_KEY_MALFORMED',
    `The wrapped form of the new key has ${bytes} bytes, which needs ${stripes} stripes: at most ${MAX_STRIPES} are stored. The key was not stored, and the old one stays active.`,
    'Wrap it under another KMS key.',
  );
}

/** Stores a wrapped key, one record a byte, check bytes included. `onStored` tells how many records are durable. */
export async function storeStripes(
  repository: StripeRepository,
  description: string,
  wrapped: Uint8Array,
  onStored?: (stored: number, total: number) => void,
): Promise<void> {
  const total = stripeCount(wrapped.length);
  await repository.write(description, encodeStripes(wrapped), (stored) => onStored?.(stored, total));
}

/**
 * Reads a wrapped key back from its stripes.
 * @param expected the number of stripes that the key's facts name, as it stands there.
 * @throws AppError `KEY_STRIPES_MISSING`, `KEY_STRIPES_CHANGED`, both with the places in `details.stripes`;
 *   `WRAPPED_KEY_MALFORMED` where `expected` is impossible.
 */
export async function loadStripes(
  repository: StripeRepository,
  description: string,
  expected: number,
): Promise<Uint8Array> {
  if (!isCodeLength(expected)) {
    throw new AppError(
      'WRAPPED_KEY_MALFORMED',
      `The facts of key "${description}" name ${expected} stripes, which no wrapped key has: they were changed. The key is refused, and what is encrypted under it can not be read until they are right again.`,
      'Restore the facts of this key description from a backup of the system database.',
      { details: { description, stripes: expected } },
    );
  }
  const stripes = await repository.read(description);
  const code = new Uint8Array(expected);
  const seen = new Set<number>();
  const foreign: number[] = [];
  for (const { idx, value } of stripes) {
    if (idx < 0 || idx >= expected || seen.has(idx) || value < 0 || value > 255) foreign.push(idx);
    else {
      seen.add(idx);
      code[idx] = value;
    }
  }
  const missing = Array.from({ length: expected }, (_, idx) => idx).filter((idx) => !seen.has(idx));
  if (missing.length > 0) {
    throw new AppError(
      'KEY_STRIPES_MISSING',
      `Key "${description}" is not complete: ${missing.length} of ${expected} stripes are missing (${places(missing)}). It is refused, and what is encrypted under it can not be read until they are back.`,
      REMEDY,
      { details: { description, stripes: missing } },
    );
  }
  const changed = foreign.length > 0 ? foreign : findChangedStripes(code);
  if (changed !== null) {
    throw new AppError(
      'KEY_STRIPES_CHANGED',
      `Key "${description}" was changed in its storage: ${changed.length > 0 ? places(changed) : 'more than two stripes, so their places can not be told'}. It is refused, and what is encrypted under it can not be read until the records are right again.`,
      REMEDY,
      { details: { description, stripes: changed } },
    );
  }
  return decodeStripes(code);
}

function places(stripes: readonly number[]): string {
  const shown = stripes.slice(0, 8).join(', ');
  return `${stripes.length === 1 ? 'stripe' : 'stripes'} ${shown}${stripes.length > 8 ? ' …' : ''}`;
}
