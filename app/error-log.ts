import { randomUUID } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAppError, toFailure, type Failure } from '../main/errors.ts';

const ROTATE_AT_BYTES = 1024 * 1024;
const SHORTEST_SECRET = 3;

/** Keeps what the window must not see of an unforeseen error. */
export interface ErrorLog {
  /**
   * Writes the error's kind, place and redacted text under a new id.
   * @param input what the request carried: none of its texts is written.
   * @returns the id that the window shows.
   */
  record(where: string, error: unknown, input?: unknown): string;
}

/** An {@link ErrorLog} in `file` (mode 0600); the file before the last megabyte is kept beside it as `.1`. */
export function fileErrorLog(file: string): ErrorLog {
  return {
    record(where, error, input) {
      const id = randomUUID().slice(0, 8);
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_AT_BYTES) renameSync(file, `${file}.1`);
        appendFileSync(file, `${new Date().toISOString()} ${id} ${where}\n${describe(error, input)}\n`, { mode: 0o600 });
        chmodSync(file, 0o600);
      } catch {
        // A full disk must not turn one failure into two: the answer still carries the id.
      }
      return id;
    },
  };
}

/** Where the console under this home folder keeps unforeseen errors. */
export function consoleLog(home: string): ErrorLog {
  return fileErrorLog(join(home, 'logs', 'console.log'));
}

/** The failure that may cross a boundary; what nobody foresaw is kept in `log` under the id that the failure names. */
export function failureOf(log: ErrorLog, where: string, error: unknown, input?: unknown): Failure {
  return toFailure(error, isAppError(error) ? '' : log.record(where, error, input));
}

/** Name, code, redacted message and stack frames of `error` and of its causes. */
export function describe(error: unknown, input: unknown): string {
  const lines: string[] = [];
  const seen = new Set<unknown>();
  for (let at: unknown = error; at !== undefined && !seen.has(at) && lines.length < 200; at = at instanceof Error ? at.cause : undefined) {
    seen.add(at);
    if (!(at instanceof Error)) {
      lines.push(`  ${typeof at} thrown`);
      continue;
    }
    const code = 'code' in at && typeof at.code === 'string' ? ` [${at.code}]` : '';
    lines.push(`  ${at.name}${code}: ${redact(at.message, textsOf(input))}`);
    // The first lines of a stack repeat the message; only the frames are sure to hold places and nothing else.
    lines.push(...(at.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).slice(0, 30));
  }
  return lines.join('\n');
}

/** Removes the request's own texts, everything quoted (a JSON error quotes what it read) and everything that looks like key bytes. */
function redact(message: string, texts: readonly string[]): string {
  let clean = message;
  for (const text of texts) clean = clean.replaceAll(text, '[input]');
  return clean
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '[quoted]')
    .replace(/[0-9a-zA-Z+/_-]{24,}={0,2}/g, '[long]')
    // Bytes one by one, as an array or a Buffer is printed.
    .replace(/(?:\b[0-9a-fA-F]{1,3}\b[\s,:]+){7,}[0-9a-fA-F]{1,3}\b/g, '[long]')
    .slice(0, 500);
}

function textsOf(input: unknown, depth = 0): string[] {
  if (typeof input === 'string') return input.length >= SHORTEST_SECRET ? [input] : [];
  if (typeof input !== 'object' || input === null || depth > 4) return [];
  return Object.values(input).flatMap((value) => textsOf(value, depth + 1)).sort((a, b) => b.length - a.length);
}
