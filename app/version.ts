import { readFileSync } from 'node:fs';

/** The version in package.json, from the checkout as well as from the built app. */
export const VERSION: string = readVersion();

function readVersion(): string {
  for (const up of ['..', '../..']) {
    try {
      const text = readFileSync(new URL(`${up}/package.json`, import.meta.url), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not there: the built app lies one folder deeper than the checkout.
    }
  }
  return '0.0.0';
}
