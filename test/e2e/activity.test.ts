import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeHome, PROFILE } from '../faults/cluster.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { sentence } from './window.ts';

const IDLE_MINUTES = 7;
/** How long those minutes last here, in milliseconds. */
const IDLE = 6_000;

/** On this host the main process is this one, so that its minutes can be made short. */
describe.runIf((await hosts()).includes('chromium'))('the idle clock', () => {
  const { setTimeout: real } = globalThis;
  let opened: OpenConsole;
  let remove: () => Promise<void>;

  beforeAll(async () => {
    globalThis.setTimeout = Object.assign((act: () => void, delay?: number) => real(act, delay === IDLE_MINUTES * 60_000 ? IDLE : delay), real);
    const made = await makeHome({ keystore: false });
    remove = made.remove;
    opened = await openConsole('chromium', { home: made.home, profile: PROFILE });
  });
  afterAll(async () => {
    globalThis.setTimeout = real;
    await opened.close();
    await remove();
  });

  test('starts anew with a key press; left alone, it locks the console', async () => {
    const { page } = opened;
    const lock = page.getByRole('dialog', { name: `${PROFILE} is locked` });
    await sentence(page, /readable/);
    await page.evaluate((idleMinutes) => window.keyConsole?.preferences.set({ theme: 'system', idleMinutes }), IDLE_MINUTES);
    const began = performance.now();
    const until = (time: number): Promise<void> => page.waitForTimeout(Math.max(0, began + time - performance.now()));
    await until(0.6 * IDLE);
    await page.keyboard.press('Tab');
    await until(1.3 * IDLE);
    expect(await lock.count()).toBe(0);
    await page.getByRole('banner').getByText('Unlocked').waitFor();
    await lock.waitFor({ timeout: IDLE });
    expect(performance.now() - began).toBeGreaterThan(1.5 * IDLE);
  });
});
