import { printable, table } from '../text.ts';

interface Unreadable {
  readonly what: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** More lines than these help nobody; `--json` has them all. */
const SHOWN = 50;

/** What can not be read, with its code; for each code what it means and what to do. */
export function unreadableText(all: readonly Unreadable[]): string {
  if (all.length === 0) return '';
  const rows = table(['NOT READABLE', 'CODE'], all.slice(0, SHOWN).map(({ what, code }) => [what, code]), '');
  const more = all.length > SHOWN ? `… and ${all.length - SHOWN} more; --json has them all.\n` : '';
  const kinds = [...new Map(all.map((one) => [one.code, one])).values()];
  return `\n${rows}${more}\n${kinds.map(({ code, message, remedy }) => `${code}: ${printable(message)}\n  ${printable(remedy)}\n`).join('')}`;
}
