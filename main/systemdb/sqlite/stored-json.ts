import { corrupt } from './errors.ts';

/** The value of a column that holds JSON. @throws AppError `DATABASE_CORRUPT` */
export function parseStored(column: unknown, file: string): unknown {
  try {
    return JSON.parse(String(column));
  } catch (error) {
    throw corrupt(file, error);
  }
}
