import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as host from '../../app/chromium/index.ts';

const folder = new URL('../../app/electron/', import.meta.url);

test('the host has everything that app/electron imports from electron', () => {
  const names = readdirSync(folder).flatMap((file) =>
    [...readFileSync(new URL(file, folder), 'utf8').matchAll(/^import \{([^}]*)\} from 'electron';/gm)].flatMap((match) =>
      (match[1] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith('type ')),
    ),
  );
  expect(names.length).toBeGreaterThan(5);
  expect(Object.keys(host)).toEqual(expect.arrayContaining(names));
});
