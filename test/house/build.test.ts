import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build } from '../../scripts/build.ts';

const ASSETS = new URL('../../out/renderer/assets', import.meta.url).pathname;
/** What React's development build alone says. */
const DEVELOPMENT = 'React DevTools';

it('builds the same for users whoever asks: a test runner gets no development build, and keeps its own environment', async () => {
  expect(process.env['NODE_ENV']).toBe('test');
  await build({ force: true });
  expect(process.env['NODE_ENV']).toBe('test');
  const built = readdirSync(ASSETS).filter((name) => name.endsWith('.js'));
  expect(built.length).toBeGreaterThan(5);
  expect(built.filter((name) => readFileSync(join(ASSETS, name), 'utf8').includes(DEVELOPMENT))).toEqual([]);
});
