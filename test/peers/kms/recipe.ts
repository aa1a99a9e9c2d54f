import { readFileSync } from 'node:fs';

/** The table "Act" of a provider's recipe: the rights (at KMIP the operations) of each act, in the recipe's own words. */
export function rightsOf(recipe: string): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(new URL(`../../../docs/recipes/${recipe}`, import.meta.url), 'utf8');
  const table = text.split(/^\| Act \|.*\n\|---\|---\|\n/m)[1]?.split(/^(?!\|)/m)[0] ?? '';
  const rows = table.trim().split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
  return new Map(rows.map(([, act = '', rights = '']) => [act.replace(/ \(.*$/, ''), [...rights.matchAll(/`((?:kms:|cloudkms\.)[A-Za-z.]+|[A-Z][A-Za-z -]+)`/g)].map(([, right = '']) => right)]));
}
