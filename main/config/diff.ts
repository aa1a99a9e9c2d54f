import { DOTS, maskedLines } from './mask.ts';
import { rawText, type ConfigFile } from './parse.ts';

/** Unchanged lines around a change. */
const CONTEXT = 3;
/** Cells of the table that compares two texts; files that differ more than that are shown as replaced. */
const MAX_CELLS = 4_000_000;

type Step = { readonly sign: ' ' | '-' | '+'; readonly before: number; readonly after: number };

/**
 * What changed, as a unified diff for people: secrets are dots, line ends are not shown. Empty where nothing changed.
 * A secret that changed shows as a line taken away and the same line added.
 * @param name of the file, as its header shows it
 */
export function unifiedDiff(before: ConfigFile, after: ConfigFile, name: string): string {
  const steps = stepsOf(before, after);
  const shown = { before: maskedLines(before), after: maskedLines(after) };
  const hunks = hunksOf(steps).map((hunk) => hunkText(hunk, shown.before, shown.after));
  return hunks.length === 0 ? '' : [`--- ${name}\n`, `+++ ${name}\n`, ...hunks].join('');
}

function stepsOf(before: ConfigFile, after: ConfigFile): Step[] {
  const old = before.lines.map((line) => rawText(line) + line.end);
  const now = after.lines.map((line) => rawText(line) + line.end);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const steps: Step[] = [];
  for (let line = 0; line < head; line += 1) steps.push({ sign: ' ', before: line, after: line });
  steps.push(...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail), head));
  for (let line = tail; line > 0; line -= 1) steps.push({ sign: ' ', before: old.length - line, after: now.length - line });
  return steps;
}

/** The longest common subsequence of lines stays; what is left was taken away or added. */
function middle(old: readonly string[], now: readonly string[], offset: number): Step[] {
  const width = now.length + 1;
  const tooLarge = (old.length + 1) * width > MAX_CELLS;
  const common = new Uint32Array(tooLarge ? 0 : (old.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  if (!tooLarge) {
    for (let row = old.length - 1; row >= 0; row -= 1) {
      for (let column = now.length - 1; column >= 0; column -= 1) {
        common[row * width + column] = old[row] === now[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
      }
    }
  }
  const steps: Step[] = [];
  let row = 0;
  let column = 0;
  while (row < old.length || column < now.length) {
    const place = { before: offset + row, after: offset + column };
    if (!tooLarge && row < old.length && column < now.length && old[row] === now[column]) {
      steps.push({ sign: ' ', ...place });
      row += 1;
      column += 1;
    } else if (row < old.length && (column === now.length || at(row + 1, column) >= at(row, column + 1))) {
      steps.push({ sign: '-', ...place });
      row += 1;
    } else {
      steps.push({ sign: '+', ...place });
      column += 1;
    }
  }
  return steps;
}

function hunksOf(steps: readonly Step[]): Step[][] {
  const hunks: Step[][] = [];
  let end = -1;
  steps.forEach((step, index) => {
    if (step.sign === ' ') return;
    const from = Math.max(end, index - CONTEXT, 0);
    const to = Math.min(steps.length, index + CONTEXT + 1);
    const last = hunks.at(-1);
    if (last !== undefined && index - CONTEXT <= end) last.push(...steps.slice(end, to));
    else hunks.push(steps.slice(from, to));
    end = to;
  });
  return hunks;
}

function hunkText(hunk: readonly Step[], before: readonly string[], after: readonly string[]): string {
  const first = hunk[0] ?? { before: 0, after: 0 };
  const old = hunk.filter(({ sign }) => sign !== '+').length;
  const now = hunk.filter(({ sign }) => sign !== '-').length;
  // As diff(1) writes it: an empty side stands at the line before it.
  const place = (start: number, count: number): string => `${count === 0 ? start : start + 1},${count}`;
  const lines = hunk.map((step) => `${step.sign}${(step.sign === '+' ? after[step.after] : before[step.before]) ?? DOTS}\n`);
  return `@@ -${place(first.before, old)} +${place(first.after, now)} @@\n${lines.join('')}`;
}
