import { corrupt } from './errors.ts';

/** The object of texts in a column that holds JSON. @throws AppError `DATABASE_CORRUPT` */
export function parseStoredTexts(column: unknown, file: string): Record<string, string> {
  const value = parseStored(column, file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Record<string, string>;
  }
  throw corrupt(file);
}

/** The value of a column that holds JSON. @throws AppError `DATABASE_CORRUPT` */
export function parseStored(column: unknown, file: string): unknown {
  try {
    return JSON.parse(String(column));
  } catch (error) {
    throw corrupt(file, error);
  }
}
