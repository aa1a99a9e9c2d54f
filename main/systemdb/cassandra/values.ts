import { corrupt } from './errors.ts';

/**
 * A stored number: `int`, `bigint` (which arrives as a BigInt and is written as one), or `timestamp` in milliseconds.
 * @throws AppError `DATABASE_CORRUPT` for null and for what a JavaScript number does not hold exactly: no program of
 *   ours wrote it (microseconds since the epoch are exact until the year 2255)
 */
export function asNumber(value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value instanceof Date ? value.getTime() : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw corrupt();
}

/** As {@link asNumber}, null for null. */
export function asNumberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : asNumber(value);
}

/** A stored text. @throws AppError `DATABASE_CORRUPT` */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw corrupt();
}

/** As {@link asText}, null for null. */
export function asTextOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : asText(value);
}
