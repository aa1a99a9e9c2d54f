/** Tables and pictures as files. */

export interface ExportColumn<Row> {
  readonly header: string;
  readonly value: (row: Row) => string | number | boolean | null;
}

/** A cell that a spreadsheet would run as a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * RFC 4180 with CRLF and a head line. Text that a spreadsheet would take for a formula gets an apostrophe before it,
 * since key names and instance IDs come from other people's data.
 */
export function toCsv<Row>(columns: readonly ExportColumn<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map((column) => csvCell(column.header)).join(',')];
  for (const row of rows) lines.push(columns.map((column) => csvCell(column.value(row))).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function csvCell(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The rows themselves, two blanks deep. */
export function toJson(rows: readonly unknown[]): string {
  return `${JSON.stringify(rows, null, 2)}\n`;
}

/** `master-keys-2026-10-02T14-03-11Z.csv`. */
export function exportName(subject: string, ending: string, at: number): string {
  return `${subject}-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '-')}Z.${ending}`;
}
