import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretBytes } from '../../main/secret.ts';

/** Every way in which key bytes could have been written down. */
export function formsOf(bytes: Uint8Array): { readonly name: string; readonly form: Buffer }[] {
  const buffer = Buffer.from(bytes);
  const numbers = [...bytes];
  return [
    { name: 'raw', form: buffer },
    { name: 'hex', form: Buffer.from(buffer.toString('hex')) },
    { name: 'HEX', form: Buffer.from(buffer.toString('hex').toUpperCase()) },
    // Without the last group: padding, and what stood beside it, change that one.
    { name: 'base64', form: Buffer.from(buffer.toString('base64').slice(0, 40)) },
    { name: 'base64url', form: Buffer.from(buffer.toString('base64url').slice(0, 40)) },
    { name: 'JSON numbers', form: Buffer.from(numbers.slice(0, 16).join(',')) },
    { name: 'UTF-16', form: Buffer.from(buffer.toString('hex'), 'utf16le') },
  ];
}

/** Makes known keys, each another, and remembers them for the search. */
export function knownKeys(): { readonly generate: () => SecretBytes; readonly made: Buffer[] } {
  const made: Buffer[] = [];
  return {
    made,
    generate: () => {
      const bytes = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 37 + made.length * 101 + 11) % 256));
      made.push(Buffer.from(bytes));
      return SecretBytes.take(bytes);
    },
  };
}

/** The forms of `keys` found in `haystack`, as words. */
export function foundIn(haystack: Buffer, where: string, keys: readonly Uint8Array[]): string[] {
  return keys.flatMap((key, i) =>
    formsOf(key)
      .filter(({ form }) => haystack.includes(form))
      .map(({ name }) => `key ${i} as ${name} in ${where}`),
  );
}

/** Searches every file under a folder. */
export async function foundUnder(folder: string, keys: readonly Uint8Array[]): Promise<{ found: string[]; files: number }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found: string[] = [];
  for (const file of files) {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    found.push(...foundIn(bytes, file, keys));
  }
  return { found, files: files.length };
}
