import { z } from 'zod';
import { AppError } from '../errors.ts';

/** A column of a table. */
export interface ColumnRef {
  readonly table: string;
  readonly column: string;
}

/** Far above any real definition, far below what would hurt. */
const MAX_JSON_CHARACTERS = 1_000_000;
const MAX_TABLES = 64;
const MAX_HOPS = 8;

const luName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'is no LU name: a letter, then letters, digits or _, at most 64');

/** Names of tables are file names of CSV sources too, so nothing that means something in a path. */
const name = z
  .string()
  .min(1, 'is empty')
  .max(128, 'is longer than 128 characters')
  .regex(/^[^./\\:*?"<>|\p{Cc}]+$/u, 'is no name: it holds a dot, a slash or another character that names can not have')
  .refine((text) => !/^sqlite_/i.test(text), 'is a name that SQLite keeps for itself');

const columnText = z.string().refine((text) => {
  const parts = text.split('.');
  return parts.length === 2 && parts.every((part) => name.safeParse(part).success);
}, 'is not of the form "table.column"');

/** One step from a table towards the root: the rows where `from` equals `to`. */
const hop = z.strictObject({ from: columnText, to: columnText });

/**
 * A definition as it stands in JSON. `root.key` gives each instance its ID; `join` is a table's way to the root: the
 * first `from` is a column of the table, each next one of the table where the hop before ended, the last `to` one of
 * the root.
 */
export const luDefinition = z
  .strictObject({
    lu: luName,
    root: z.strictObject({ table: name, key: name }),
    tables: z
      .array(
        z.strictObject({
          table: name,
          join: z.array(hop).min(1, 'is empty: say how the table hangs on the root').max(MAX_HOPS),
        }),
      )
      .max(MAX_TABLES),
  })
  .superRefine((definition, context) => {
    const seen = new Set([fold(definition.root.table)]);
    definition.tables.forEach(({ table, join }, index) => {
      const issue = (path: (string | number)[], message: string): void =>
        context.addIssue({ code: 'custom', path: ['tables', index, ...path], message });
      if (seen.has(fold(table))) issue(['table'], `"${table}" stands twice (the root counts too, and case does not)`);
      seen.add(fold(table));
      let at = table;
      join.forEach(({ from, to }, index) => {
        if (fold(columnRef(from).table) !== fold(at)) issue(['join', index, 'from'], `must be a column of "${at}", where the path stands`);
        at = columnRef(to).table;
      });
      if (fold(at) !== fold(definition.root.table)) issue(['join'], `ends at "${at}", not at the root table "${definition.root.table}"`);
    });
  });

/** What an LU is made of: the root table, its key column, and how each other table hangs on it. */
export type LuDefinition = z.output<typeof luDefinition>;

/**
 * Reads a definition from its JSON text:
 * `{"lu", "root": {"table", "key"}, "tables": [{"table", "join": [{"from": "rental.customer_id", "to": "customer.customer_id"}]}]}`.
 * @param origin the file that the text comes from, for the message.
 * @throws AppError `LU_DEFINITION_INVALID` with every place and reason.
 */
export function parseLuDefinition(json: string, origin?: string): LuDefinition {
  const invalid = (reasons: readonly string[]): AppError => invalidDefinition(reasons, origin);
  if (json.length > MAX_JSON_CHARACTERS) throw invalid([`the text is longer than ${MAX_JSON_CHARACTERS} characters`]);
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw invalid([`it is not JSON: ${(cause as Error).message}`]);
  }
  const parsed = luDefinition.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => `${place(issue.path)} ${reason(issue)}`));
}

/** The two names in `table.column`. */
export function columnRef(text: string): ColumnRef {
  const [table = '', column = ''] = text.split('.');
  return { table, column };
}

/** Root first, then the others in the order of the definition. */
export function tableNames(definition: LuDefinition): string[] {
  return [definition.root.table, ...definition.tables.map(({ table }) => table)];
}

/** Names of tables and columns are compared as SQLite does. */
export function fold(identifier: string): string {
  return identifier.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the definition' : path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`)).join('');
}

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `has unknown parts: ${issue.keys.slice(0, 5).join(', ')}`;
  if (issue.code === 'invalid_type') return issue.input === undefined && issue.message.includes('undefined') ? 'is missing' : `is no ${issue.expected}`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `has more than ${issue.maximum} entries`;
  return issue.message;
}

function invalidDefinition(reasons: readonly string[], origin: string | undefined): AppError {
  return new AppError(
    'LU_DEFINITION_INVALID',
    `The LU definition${origin === undefined ? '' : ` ${origin}`} can not be used: ${reasons.slice(0, 5).join('; ')}. Nothing was imported.`,
    'Correct the definition: {"lu", "root": {"table", "key"}, "tables": [{"table", "join": [{"from": "table.column", "to": "table.column"}]}]}.',
    { details: { reasons: reasons.slice(0, 20), ...(origin === undefined ? {} : { origin }) } },
  );
}
