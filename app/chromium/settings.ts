/** How this host runs; changed only before the first window opens. */
export interface Settings {
  /** No window on a screen: the same browser, the same page, drawn in memory. */
  headless: boolean;
  /** Chromium refuses its own sandbox to root on Linux. */
  readonly noSandbox: boolean;
  /** The browser's executable; null: the installed one is looked for. */
  executable: string | null;
  /** Driven from within another program: signals and the end of the process stay that program's. */
  embedded: boolean;
}

export const settings: Settings = {
  headless: process.env['FKC_HEADLESS'] === '1' || !hasDisplay(),
  noSandbox: process.platform === 'linux' && process.getuid?.() === 0,
  executable: process.env['FKC_CHROMIUM'] || null,
  embedded: false,
};

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}
