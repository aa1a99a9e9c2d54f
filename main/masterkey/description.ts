import { randomBytes } from 'node:crypto';

/** `<name>-<yyyymmdd>t<hhmmss>.<mmm>z-<8 hex digits>`, all lower case, so that it can be a KeyStore alias as it is. */
const PATTERN = /-(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2})\.(\d{3})z-[0-9a-f]{8}$/;

/**
 * A new key description: readable, unique (32 random bits beside the millisecond), and sorting as text after every
 * description in `existing` of the same name, even where the clock went back.
 */
export function newKeyDescription(name: string, now: number, existing: readonly string[]): string {
  let at = now;
  for (const other of existing) {
    if (other.startsWith(`${name}-`)) at = Math.max(at, (descriptionTime(other) ?? 0) + 1);
  }
  const stamp = new Date(at).toISOString().replace(/[-:]/g, '').toLowerCase();
  return `${name}-${stamp}-${randomBytes(4).toString('hex')}`;
}

/** The time in a key description, in ms since the epoch; null where the text is not one of ours. */
export function descriptionTime(description: string): number | null {
  const match = PATTERN.exec(description);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, milli] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}Z`);
}
