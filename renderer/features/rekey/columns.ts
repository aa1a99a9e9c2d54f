import { readFieldName, type FieldName } from '../../../app/contract/rekey.ts';

/** Columns as they are typed, `LU:TABLE.COLUMN` on each line; none while one of them is wrong. */
export function readColumns(text: string): { fields: FieldName[]; mistake: string | null } {
  const fields = new Map<string, FieldName>();
  for (const [place, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const name = readFieldName(line.trim());
    if (name === null) return { fields: [], mistake: `Line ${place + 1} is not LU:TABLE.COLUMN.` };
    fields.set(line.trim(), name);
  }
  return { fields: [...fields.values()], mistake: null };
}
