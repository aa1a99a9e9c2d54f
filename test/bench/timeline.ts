import { chromium } from 'playwright-core';
import { findChromium } from '../../app/chromium/find.ts';
import { settings } from '../../app/chromium/settings.ts';
import type { BenchRow } from './row.ts';

const GENERATIONS = 100_000;
const FRAMES = 600;
const LIMIT_MS = 8;
const NAME = `timeline of ${GENERATIONS.toLocaleString('en-US')} generations, frame (p95 against ${LIMIT_MS} ms)`;

/** Main-thread time of a frame while zooming and panning 100,000 generations in a real Chromium: the 95th percentile against 8 ms. */
export async function timelineBench(): Promise<BenchRow[]> {
  const executablePath = findChromium();
  if (executablePath === null) return [{ name: NAME, ratio: Number.NaN, goal: 1, met: false, bound: 'not measured: no Chromium is installed' }];
  const browser = await chromium.launch({ executablePath, args: settings.noSandbox ? ['--no-sandbox'] : [] });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const { script, style } = await bundle();
    await page.setContent(`<!doctype html><title>Timeline</title><style>${style}</style>`);
    await page.addScriptTag({ content: script });
    // The first frames compile the code; they are another matter than a steady hand.
    await page.evaluate((count) => window.measureTimeline(count, 60), GENERATIONS);
    const times = (await page.evaluate(([count, frames]) => window.measureTimeline(count, frames), [GENERATIONS, FRAMES] as const)).toSorted((a, b) => a - b);
    const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
    const ratio = at(0.95) / LIMIT_MS;
    return [
      {
        name: NAME,
        ratio,
        goal: 1,
        met: ratio <= 1,
        bound: `drawing on the canvas: median ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, worst ${at(1).toFixed(1)} ms`,
      },
    ];
  } finally {
    await browser.close();
  }
}

async function bundle(): Promise<{ script: string; style: string }> {
  const { build } = await import('vite');
  const [result] = [
    await build({
      configFile: false,
      logLevel: 'error',
      build: { write: false, lib: { entry: new URL('./timeline-page.ts', import.meta.url).pathname, name: 'timeline', formats: ['iife'], fileName: 'timeline' } },
    }),
  ].flat();
  if (result === undefined || !('output' in result)) throw new Error('The page of the bench could not be built.');
  const script = result.output.find((part) => part.type === 'chunk')?.code ?? '';
  const style = result.output.find((part) => part.type === 'asset' && part.fileName.endsWith('.css'));
  return { script, style: style?.type === 'asset' ? String(style.source) : '' };
}
