import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { findChromium } from './find.ts';
import { settings } from './settings.ts';

const PROFILE_PREFIX = 'fabric-key-console-window-';

export interface Browser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Ends the browser and removes its profile; may be called more than once. */
  close(): Promise<void>;
}

export interface BrowserOptions {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** Asked for by the program that the window is for. */
  readonly switches: readonly string[];
}

/** The switches given to Chromium, besides those of the driver. */
function switches(options: BrowserOptions): string[] {
  return [
    `--app=data:text/html,${encodeURIComponent(`<title>${options.title}</title>`)}`,
    `--window-size=${options.width},${options.height}`,
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--disable-domain-reliability',
    // The driver has V8 note the place of every error. It would read all scripts a second time for the first one, and
    // React makes some while it loads: the places are kept at the first reading.
    '--js-flags=--no-enable-lazy-source-positions',
    ...(settings.headless ? ['--disable-gpu'] : []),
    ...options.switches,
  ];
}

/**
 * Starts the installed Chromium with an empty profile and one bare window, over a pipe: no port is opened.
 * `started` is called when its process runs, long before there is a page.
 */
export async function openBrowser(options: BrowserOptions, started: () => void): Promise<Browser> {
  const executablePath = settings.executable ?? findChromium();
  if (executablePath === null) throw new Error('No Chromium or Chrome is installed. Install one, or name it in FKC_CHROMIUM.');
  removeLeftProfiles();
  const profile = mkdtempSync(join(tmpdir(), `${PROFILE_PREFIX}${process.pid}-`));
  const removeProfile = (): void => rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', removeProfile);
  const close = async (context: BrowserContext | null): Promise<void> => {
    await context?.close();
    process.off('exit', removeProfile);
    removeProfile();
  };
  let context: BrowserContext | null = null;
  afterNextProcess(started);
  try {
    context = await launch(executablePath, profile, options);
    const opened = context;
    const page = opened.pages()[0] ?? (await opened.waitForEvent('page'));
    return { context: opened, page, close: () => close(opened) };
  } catch (error) {
    await close(context);
    throw error;
  }
}

function launch(executablePath: string, profile: string, options: BrowserOptions): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath,
    headless: settings.headless,
    chromiumSandbox: !settings.noSandbox,
    args: switches(options),
    // Without these two there is neither a banner about automation nor a page that may open windows by itself.
    ignoreDefaultArgs: ['--enable-automation', '--disable-popup-blocking'],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    acceptDownloads: false,
    serviceWorkers: 'block',
    // The user's own choices of the system are what the page sees.
    viewport: null,
    colorScheme: null,
    reducedMotion: null,
    forcedColors: null,
    contrast: null,
  });
}

/** Calls `started` after this process has started another one; the driver itself does not tell. */
function afterNextProcess(started: () => void): void {
  const listen = (): void => {
    unsubscribe('child_process', listen);
    setImmediate(started);
  };
  subscribe('child_process', listen);
}

/** Removes the profiles of hosts that were killed. */
function removeLeftProfiles(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PROFILE_PREFIX)) continue;
    const pid = Number(name.slice(PROFILE_PREFIX.length).split('-')[0]);
    if (!isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Whether a process with this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
