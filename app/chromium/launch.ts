import { registerHooks } from 'node:module';
import type { Page } from 'playwright-core';
import './register.ts';

export interface LaunchOptions {
  readonly home: string;
  readonly profile?: string;
  readonly headless?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
  /** The entry to run; default: the built one. */
  readonly entry?: URL;
}

export interface LaunchedConsole {
  /** The driver's handle on the console's page. */
  readonly page: Page;
  /** Quits as the user would: services closed, keys zeroed, browser ended. */
  close(): Promise<void>;
}

const ENTRY = new URL('../../out/electron/main.js', import.meta.url);
const RUN = /[?&](run=\d+)/;
let runs = 0;

// Each launch has modules of its own (`?run=…`), as if it were a process of its own: `app` is quit only once.
registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const run = RUN.exec(context.parentURL ?? '')?.[1];
    const mine = run !== undefined && resolved.url.startsWith('file:') && !resolved.url.includes('/node_modules/') && !RUN.test(resolved.url);
    return mine ? { ...resolved, url: `${resolved.url}?${run}` } : resolved;
  },
});

/**
 * Opens the console's window in this process, for the tour, the end-to-end tests and the benches.
 * Launches must not overlap while they start: `home` and `profile` are handed over in the environment.
 */
export async function launchConsole(options: LaunchOptions): Promise<LaunchedConsole> {
  runs += 1;
  const own = <T>(file: URL): Promise<T> => import(`${file.href}?run=${runs}`) as Promise<T>;
  const { settings } = await own<typeof import('./settings.ts')>(new URL('./settings.ts', import.meta.url));
  settings.embedded = true;
  settings.headless = options.headless ?? settings.headless;

  const { app } = await own<typeof import('./app.ts')>(new URL('./app.ts', import.meta.url));
  const before = { FKC_HOME: process.env['FKC_HOME'], FKC_PROFILE: process.env['FKC_PROFILE'] };
  setEnvironment({ FKC_HOME: options.home, FKC_PROFILE: options.profile });
  try {
    await own(options.entry ?? ENTRY);
  } finally {
    setEnvironment(before);
  }
  await app.whenReady();
  const windows = await own<typeof import('./browser-window.ts')>(new URL('./browser-window.ts', import.meta.url));
  const window = windows.openWindow();
  if (window === null) throw new Error('The console opened no window: is it already open on this home?');
  const page = await window.page();
  if (options.size !== undefined) await page.setViewportSize(options.size);
  await window.loaded();
  return {
    page,
    close: async () => {
      app.quit();
      await app.ended.promise;
    },
  };
}

function setEnvironment(values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
