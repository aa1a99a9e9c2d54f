import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../../../package.json', import.meta.url));

/** What Node gets told where it runs `fkc`, so that a bench measures a worker as admins start it. */
export function productNodeFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { scripts: { fkc: string } };
  return scripts.fkc.split(' ').filter((word) => word.startsWith('--'));
}
