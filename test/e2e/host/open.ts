import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type Page } from 'playwright-core';
import { findChromium } from '../../../app/chromium/find.ts';
import { build } from '../../../scripts/build.ts';
import { installedElectron } from '../../../scripts/electron-binary.ts';

export type HostName = 'chromium' | 'electron';

export interface OpenConsole {
  readonly page: Page;
  readonly home: string;
  /** Leaves a picture of the window in the folder that `FKC_PICTURES` names; without one, none. */
  picture(name: string): Promise<void>;
  /** Quits the console; its home stays. */
  close(): Promise<void>;
  /** Quits the console and removes its home. */
  remove(): Promise<void>;
}

const PICTURES = process.env['FKC_PICTURES'];
/** How long a locator waits. */
const PATIENCE_MS = 30_000;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
// Loaded by Node itself: the test runner's own loader would pass by the hook that makes `electron` mean the host.
const { launchConsole } = createRequire(import.meta.url)('../../../app/chromium/launch.ts') as typeof import('../../../app/chromium/launch.ts');

/** The hosts to test: those named in `FKC_TEST_HOSTS`, else every one that this machine can run. */
export async function hosts(): Promise<HostName[]> {
  const named = process.env['FKC_TEST_HOSTS'];
  if (named !== undefined && named !== '') return named.split(',').map((name) => name.trim() as HostName);
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
  return [...(findChromium() === null ? [] : ['chromium' as const]), ...(hasDisplay && (await installedElectron()) !== null ? ['electron' as const] : [])];
}

export interface OpenOptions {
  /** Default: a new one in the temporary folder. */
  readonly home?: string;
  readonly profile?: string;
  readonly size?: { readonly width: number; readonly height: number };
}

/** Builds what changed and opens the console on `host`, as a user would have it after `npm start`. */
export async function openConsole(host: HostName, options: OpenOptions = {}): Promise<OpenConsole> {
  await build();
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'fkc-e2e-'));
  const size = options.size ?? { width: 1360, height: 860 };
  const opened = host === 'chromium' ? await launchConsole({ ...options, home, size, headless: true }) : await openElectron({ ...options, home, size });
  opened.page.setDefaultTimeout(PATIENCE_MS);
  return {
    ...opened,
    home,
    picture: async (name) => {
      if (PICTURES !== undefined) await opened.page.screenshot({ path: join(PICTURES, `${name}.png`), animations: 'disabled' });
    },
    remove: async () => {
      await opened.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function openElectron(options: OpenOptions & { readonly home: string; readonly size: { readonly width: number; readonly height: number } }): Promise<{ page: Page; close(): Promise<void> }> {
  const executablePath = await installedElectron();
  if (executablePath === null || !existsSync(executablePath)) throw new Error('Electron is not installed on this machine.');
  const app = await _electron.launch({
    executablePath,
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ROOT],
    env: { ...environment(), FKC_HOME: options.home, ...(options.profile === undefined ? {} : { FKC_PROFILE: options.profile }) },
  });
  const page = await app.firstWindow();
  await page.setViewportSize(options.size);
  await page.waitForLoadState('load');
  return { page, close: () => app.close() };
}

function environment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
