import { AppError, type ErrorCode } from '../errors.ts';

/** A place in the line: [start, end) in UTF-16 units, always inside the text. Empty where something is missing. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The first mistake in a line. */
export interface CommandProblem extends Range {
  readonly code: ErrorCode;
  /** What is wrong. Never repeats the value of `ARGS`. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  /** What to write at [start, end) instead, where that is clear; the empty string: leave it out. */
  readonly suggestion: string | null;
}

/** A {@link CommandProblem} at `range`. */
export function problemAt(
  range: Range,
  code: ErrorCode,
  message: string,
  remedy: string,
  suggestion: string | null = null,
): CommandProblem {
  return { code, message, remedy, start: range.start, end: range.end, suggestion };
}

/** The problem as the error that stops a command, with the place in `details` (`start`, `end`, `suggestion`). */
export function commandProblemToError(problem: CommandProblem): AppError {
  const { code, message, remedy, start, end, suggestion } = problem;
  return new AppError(code, message, remedy, {
    details: { start, end, ...(suggestion === null ? {} : { suggestion }) },
  });
}

const SHOWN_LENGTH = 40;

/** `text` in quotes for a message, cut where it is long. */
export function shown(text: string): string {
  const characters = [...text.slice(0, 2 * SHOWN_LENGTH)];
  const cut = characters.length > SHOWN_LENGTH || text.length > 2 * SHOWN_LENGTH;
  return `"${cut ? `${characters.slice(0, SHOWN_LENGTH).join('')}…` : text}"`;
}

/** `a`, `a or b`, `a, b or c`. */
export function anyOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
