import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const BENCH = fileURLToPath(new URL('../bench/index.ts', import.meta.url));

describe('the bench without a Chromium', () => {
  const bench = (...options: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, 'timeline', ...options], { encoding: 'utf8', env: { ...process.env, FKC_CHROMIUM: '/nowhere/chromium' } });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };

  test('names the timeline as not measured, and its goal as not met', () => {
    expect(JSON.parse(bench('--json'))).toEqual([
      { name: expect.stringMatching(/^timeline of 100,000 generations/) as string, ratio: null, goal: 1, met: false, bound: expect.stringMatching(/^not measured: no Chromium/) as string },
    ]);
    expect(bench()).toMatch(/✗ {2}timeline of 100,000 generations.* — .*not measured: no Chromium is installed/);
  });
});
