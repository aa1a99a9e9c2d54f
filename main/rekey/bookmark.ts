/**
 * What a worker keeps in the cursor of a campaign's range: where to go on, and since when it treated how many instances,
 * so that anybody can tell the rate from the records alone.
 */
import { z } from 'zod';
import { AppError } from '../errors.ts';

const mark = z.strictObject({ at: z.number(), treated: z.int().nonnegative() });
const rangeFailure = z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() });
/** Why a range is `failed`. */
export type RangeFailure = z.infer<typeof rangeFailure>;
const bookmark = z.strictObject({
  /** Where `scanRange` goes on; null at the start of the range. */
  cursor: z.string().nullable(),
  /** The rate is counted from here. */
  since: mark,
  /** Becomes `since` when that grows old. */
  next: mark,
  failure: rangeFailure.optional(),
  /** Field values that were re-encrypted, by the generation that they had. */
  renewed: z.record(z.string(), z.int().nonnegative()).optional(),
});
export type Bookmark = z.infer<typeof bookmark>;

/** A rate is told of about this time. */
export const RATE_WINDOW_MS = 60_000;

/** @param treated instances that the range counted until now. */
export function startBookmark(cursor: string | null, at: number, treated: number): Bookmark {
  return { cursor, since: { at, treated }, next: { at, treated } };
}

export function moveBookmark(book: Bookmark, cursor: string | null, at: number, treated: number): Bookmark {
  if (at - book.next.at < RATE_WINDOW_MS / 2) return { ...book, cursor };
  return { ...book, cursor, since: book.next, next: { at, treated } };
}

/** Of a range that is opened again, from its start: what was re-encrypted in it stays counted. */
export function reopenedBookmark(before: Bookmark | null, at: number, treated: number): Bookmark {
  return { ...startBookmark(null, at, treated), ...(before?.renewed === undefined ? {} : { renewed: before.renewed }) };
}

export function writeBookmark(book: Bookmark): string {
  return JSON.stringify(book);
}

/** @returns null where nobody worked on the range yet. @throws AppError `DATABASE_CORRUPT` */
export function readBookmark(stored: string | null): Bookmark | null {
  if (stored === null) return null;
  try {
    return bookmark.parse(JSON.parse(stored));
  } catch (cause) {
    throw new AppError('DATABASE_CORRUPT', 'A range of a rekey campaign does not hold what the console writes there: it was changed from outside. The instances are not touched by that.', 'Cancel this campaign and plan a new one: what it did already need not be done again.', { cause });
  }
}

/** Instances a second that a range went through lately; 0 where nothing moved within the last window. */
export function rateOf(book: Bookmark | null, treated: number, updatedAt: number, now: number): number {
  if (book === null || now - updatedAt > RATE_WINDOW_MS || updatedAt <= book.since.at) return 0;
  const perMs = (treated - book.since.treated) / (updatedAt - book.since.at);
  // A range that ended early in the window counts for the part of the window in which it ran.
  const from = Math.max(book.since.at, now - RATE_WINDOW_MS);
  return (perMs * 1000 * (updatedAt - from)) / RATE_WINDOW_MS;
}
