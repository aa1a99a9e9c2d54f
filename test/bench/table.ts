import type { BenchRow } from './row.ts';

/** The rows as an aligned table, a line each. */
export function printTable(rows: readonly BenchRow[]): string {
  const cells = [['', 'figure', 'ratio', 'goal', 'bound by'], ...rows.map((row) => [row.met ? '✓' : '✗', row.name, Number.isFinite(row.ratio) ? row.ratio.toFixed(2) : '—', row.goal.toFixed(2), row.bound])];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('');
}
