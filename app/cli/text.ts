/** How the CLI writes figures, times and tables for people. */

const MINUTE_MS = 60_000;
const UNITS: readonly (readonly [string, number])[] = [
  ['day', 24 * 60 * MINUTE_MS],
  ['hour', 60 * MINUTE_MS],
  ['minute', MINUTE_MS],
];

/** Control characters and those that turn the direction of writing, which could make a terminal show something else. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text from the database, a file or argv, safe to show in a terminal on one line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

/** `1,234` */
export function figure(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 instance`, `1,234 instances` */
export function counted(count: number, noun: string): string {
  return `${figure(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `3 days ago (2026-03-01 12:00:00 UTC)`; an en dash for null. @param at milliseconds since the epoch */
export function moment(at: number | null, now: number = Date.now()): string {
  return at === null ? '–' : `${relative(at, now)} (${utc(at)})`;
}

/** How old the figures of a census are, and whether they are all. */
export function countedAt({ at, live, complete }: { at: number | null; live: boolean; complete: boolean }): string {
  if (at === null) return 'not counted yet: fkc census';
  return `counted ${moment(at)}${live ? '' : complete ? ', every range' : ', not every range'}`;
}

function relative(at: number, now: number): string {
  const apart = Math.abs(now - at);
  const unit = UNITS.find(([, length]) => apart >= length);
  if (unit === undefined) return 'just now';
  const words = counted(Math.floor(apart / unit[1]), unit[0]);
  return at <= now ? `${words} ago` : `in ${words}`;
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A column's title; a leading `>` aligns it to the right. */
export type Column = string;

/** Aligned columns under their titles, each line ended; `empty` where there are no rows. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return `${empty}\n`;
  const right = columns.map((column) => column.startsWith('>'));
  const lines = [columns.map((column) => column.replace('>', '')), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, index) => lines.reduce((widest, line) => Math.max(widest, width(line[index] ?? '')), 0));
  return lines
    .map((line) => line.map((cell, index) => pad(cell, widths[index] ?? 0, right[index] === true)).join('  ').trimEnd())
    .join('\n')
    .concat('\n');
}

/** `Label  value` lines with the values aligned. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const widest = Math.max(...pairs.map(([label]) => label.length));
  return pairs.map(([label, value]) => `${label.padEnd(widest)}  ${printable(value)}\n`).join('');
}

function pad(cell: string, to: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, to - width(cell)));
  return right ? blanks + cell : cell + blanks;
}

function width(text: string): number {
  return [...text].length;
}
