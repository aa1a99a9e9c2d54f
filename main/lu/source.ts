import { AppError } from '../errors.ts';

/** The value of a root row's key column: an SQLite integer or text. */
export type RootKey = bigint | string;

/**
 * Where an import takes its instances from: one consistent view of the source from opening to closing. Everything of
 * it that is kept is kept in memory, never on disk.
 */
export interface LuSource {
  /** File or folder, as it was opened. */
  readonly location: string;
  /** Instances in the source. */
  readonly total: number;
  /** The next keys in the source's own order (numbers, then texts by code point), from the first one on for null. */
  keysAfter(after: RootKey | null, limit: number): RootKey[];
  /**
   * The MicroDB image of one instance, in memory that is the caller's alone: equal rows give equal bytes, whatever was
   * built before.
   * @throws AppError `LU_SOURCE_INVALID`
   */
  image(key: RootKey): Uint8Array;
  close(): void;
}

/** Which instance a root row is. */
export function instanceIdOf(key: RootKey): string {
  return String(key);
}

/** A key as text for a cursor; {@link parseKey} reads it back. */
export function formatKey(key: RootKey): string {
  return typeof key === 'bigint' ? `integer:${key}` : `text:${key}`;
}

/** @returns null if `text` is not of {@link formatKey}'s making. */
export function parseKey(text: string): RootKey | null {
  if (text.startsWith('text:')) return text.slice(5);
  return /^integer:-?\d{1,19}$/.test(text) ? BigInt(text.slice(8)) : null;
}

/** A source that can not be imported. `why` says where and what; never a value of a row beyond its key. */
export function sourceInvalid(location: string, why: string, details: Record<string, string | number> = {}, cause?: unknown): AppError {
  return new AppError(
    'LU_SOURCE_INVALID',
    `The source ${location} can not be imported: ${why}. What was imported before this point stays as it is.`,
    'Correct the source or the LU definition, then import again: what is already there is not imported twice.',
    { details: { location, ...details }, ...(cause === undefined ? {} : { cause }) },
  );
}
