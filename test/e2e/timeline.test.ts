import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BRUSH, GUTTER, RIGHT } from '../../renderer/features/keys/timeline/geometry.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { go, sentence } from './window.ts';

declare global {
  interface Window {
    /** The newest picture that the canvas got: the frame around the stretch in sight on the strip with all of time, and the words of the axis. */
    lastPicture: { frame: readonly [x: number, width: number]; words: string[] };
  }
}

describe.each(await hosts())('the timeline under the hand, on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;
  let canvas: Locator;
  let box: { x: number; y: number; width: number; height: number };

  beforeAll(async () => {
    opened = await openConsole(host);
    page = opened.page;
    await sentence(page, /instances are readable/, 180_000);
    // No short movements: a picture is there or it is not.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.evaluate(watchPictures, BRUSH);
    await go(page, 'Master keys');
    canvas = page.getByRole('application', { name: /^Timeline of/ });
    await canvas.waitFor();
    box = (await canvas.boundingBox()) as typeof box;
  });
  afterAll(() => opened.remove());
  beforeEach(async () => {
    await canvas.focus();
    await page.keyboard.press('0');
    await inSight(0, 1);
  });

  /** The place in the window of a share of what the canvas shows of time, on the lanes or on the strip with all of time. */
  const at = (share: number, on: 'lanes' | 'strip' = 'lanes'): [number, number] => [box.x + GUTTER + share * (box.width - GUTTER - RIGHT), box.y + (on === 'strip' ? box.height - BRUSH / 2 : 120)];
  const drag = async (from: [number, number], to: [number, number]): Promise<void> => {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(...to, { steps: 5 });
    await page.mouse.up();
  };
  const words = (): Promise<string> => page.evaluate(() => window.lastPicture.words.join(' '));

  /** The stretch that the canvas shows, as shares of all of time. */
  async function inSight(from: number, to: number): Promise<void> {
    const shown = async (): Promise<number[]> => {
      const [x, width] = await page.evaluate(() => window.lastPicture.frame);
      return [x, x + width].map((edge) => (edge - GUTTER) / (box.width - GUTTER - RIGHT));
    };
    await expect.poll(async () => (await shown()).map((share, side) => Math.abs(share - (side === 0 ? from : to)) < 0.015 ? 'there' : share)).toEqual(['there', 'there']);
  }

  test('the wheel zooms about the pointer, and sideways it pans; 0 brings all of time back', async () => {
    const all = await words();
    await page.mouse.move(...at(0.75));
    await page.mouse.wheel(0, -400);
    const span = Math.exp(-400 * 0.0018);
    await inSight(0.75 - 0.75 * span, 0.75 + 0.25 * span);
    expect(await words()).not.toBe(all);
    await page.mouse.wheel(-0.5 * (box.width - GUTTER - RIGHT), 0);
    await inSight(0.75 - 1.25 * span, 0.75 - 0.25 * span);
    await page.mouse.wheel(0, 400);
    await canvas.focus();
    await page.keyboard.press('0');
    await inSight(0, 1);
    expect(await words()).toBe(all);
  });

  test('+ and - zoom about the middle, the arrows pan, and the same keys go the way back', async () => {
    await page.keyboard.press('+');
    await inSight(0.2, 0.8);
    await page.keyboard.press('ArrowLeft');
    await inSight(0.2 - 0.15 * 0.6, 0.8 - 0.15 * 0.6);
    await page.keyboard.press('ArrowRight');
    await inSight(0.2, 0.8);
    await page.keyboard.press('-');
    await inSight(0, 1);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await inSight(0.2, 0.8);
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await inSight(0, 1);
  });

  test('a drag on the lanes takes time along; with Shift it chooses a stretch', async () => {
    await page.keyboard.press('+');
    await inSight(0.2, 0.8);
    await drag(at(0.4), at(0.6));
    await inSight(0.2 - 0.2 * 0.6, 0.8 - 0.2 * 0.6);
    await page.keyboard.press('0');
    await inSight(0, 1);
    await page.keyboard.down('Shift');
    await drag(at(0.25), at(0.5));
    await page.keyboard.up('Shift');
    await inSight(0.25, 0.5);
    expect(new URL(page.url()).hash).toBe('#/keys');
  });

  test('on the strip with all of time the frame is cut at its edge, moved, and drawn anew', async () => {
    await drag(at(0, 'strip'), at(0.5, 'strip'));
    await inSight(0.5, 1);
    await drag(at(0.75, 'strip'), at(0.5, 'strip'));
    await inSight(0.25, 0.75);
    await drag(at(0.85, 'strip'), at(0.95, 'strip'));
    await inSight(0.85, 0.95);
    await canvas.focus();
    await page.keyboard.press('0');
    await inSight(0, 1);
  });
});

/** In the page: keeps of every picture what tells the stretch in sight. */
function watchPictures(brush: number): void {
  const { setTransform, strokeRect, fillText } = CanvasRenderingContext2D.prototype;
  let words: string[] = [];
  CanvasRenderingContext2D.prototype.setTransform = function (this: CanvasRenderingContext2D, ...parts: unknown[]): void {
    words = [];
    Reflect.apply(setTransform, this, parts);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y): void {
    if (y < 20) words.push(text);
    fillText.call(this, text, x, y);
  };
  CanvasRenderingContext2D.prototype.strokeRect = function (x, y, width, height): void {
    // The frame on the strip is what is drawn last.
    if (y > this.canvas.clientHeight - brush) window.lastPicture = { frame: [x, width], words };
    strokeRect.call(this, x, y, width, height);
  };
}
