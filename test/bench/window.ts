import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from '../../scripts/build.ts';
import type { BenchRow } from './row.ts';

const { launchConsole } = createRequire(import.meta.url)('../../app/chromium/launch.ts') as typeof import('../../app/chromium/launch.ts');

const GOAL = 1.5;
const ROUNDS = 7;
const EMPTY = new URL('./empty-window.ts', import.meta.url);

/**
 * From the start of the browser until the window can be used, against an empty window on the same host (1 = as fast).
 * Usable: the overview has its sentence, with the figures of a live cluster, and the button that activates a key can
 * be pressed. Both take turns; the medians are compared. The demo cluster was made before: its import is no start.
 */
export async function windowBench(): Promise<BenchRow[]> {
  await build();
  const home = mkdtempSync(join(tmpdir(), 'fkc-bench-'));
  try {
    await timeOf(home, undefined, isUsable);
    await timeOf(home, EMPTY, isDrawn);
    const usable: number[] = [];
    const empty: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      empty.push(await timeOf(home, EMPTY, isDrawn));
      usable.push(await timeOf(home, undefined, isUsable));
    }
    const ratio = median(usable) / median(empty);
    return [
      {
        name: 'window usable against an empty window',
        ratio,
        goal: GOAL,
        met: ratio <= GOAL,
        bound: `the start of the browser: ${median(empty).toFixed(0)} ms of ${median(usable).toFixed(0)} ms`,
      },
    ];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Milliseconds until `ready` holds in the page. */
async function timeOf(home: string, entry: URL | undefined, ready: (page: Page) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const opened = await launchConsole({ home, headless: true, ...(entry === undefined ? {} : { entry }) });
  try {
    await ready(opened.page);
    return performance.now() - began;
  } finally {
    await opened.close();
  }
}

const isDrawn = (page: Page): Promise<unknown> => page.waitForFunction(() => document.querySelector('h1') !== null);

function isUsable(page: Page): Promise<unknown> {
  return page.waitForFunction(
    () => /instances? (is|are) readable/.test(document.querySelector('main h1')?.textContent ?? '') && [...document.querySelectorAll('main a, main button')].some((button) => button.textContent.includes('Activate')),
    undefined,
    { timeout: 180_000 },
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
