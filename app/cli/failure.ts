import type { Failure } from '../../main/errors.ts';
import { printable } from './text.ts';

/** Characters of a command line that are shown around its mistake. */
const SHOWN = 100;

/** A failure as people read it: code, what happened, the place in the command line where there is one, remedy. */
export function failureText({ code, message, remedy, details }: Failure, line: string | null): string {
  const { start, end, suggestion } = details ?? {};
  const place = line !== null && typeof start === 'number' && typeof end === 'number' ? placeText(line, start, end) : '';
  const meant = typeof suggestion === 'string' && suggestion !== '' ? `  Did you mean: ${printable(suggestion.trim())}\n` : '';
  return `${code}: ${printable(message)}\n${place}${meant}  ${printable(remedy)}\n`;
}

/** The line with carets under [start, end), cut around them where it is long. Offsets count UTF-16 units. */
function placeText(line: string, start: number, end: number): string {
  const from = start <= SHOWN / 2 ? 0 : start - SHOWN / 2;
  const cells = (text: string): string => printable(text.replaceAll('\t', ' '));
  const before = cells(line.slice(from, start));
  const wrong = cells(line.slice(start, Math.min(end, start + SHOWN / 2)));
  const after = cells(line.slice(Math.min(end, start + SHOWN / 2), from + SHOWN));
  const blank = ' '.repeat([...before].length);
  return `\n  ${before}${wrong}${after}\n  ${blank}${'^'.repeat(Math.max(1, [...wrong].length))}\n\n`;
}
