import { EventEmitter } from 'node:events';
import type { BrowserWindow as ElectronWindow, BrowserWindowConstructorOptions } from 'electron';
import type { Page } from 'playwright-core';
import { app, beforeExit } from './app.ts';
import { openBrowser, type Browser, type BrowserOptions } from './browser.ts';
import { setUserAgent } from './session.ts';
import { WebContents } from './web-contents.ts';

const DEFAULT_SIZE = { width: 800, height: 600 };

let only: BrowserWindow | null = null;

/** A window of the installed browser. There is one: a second browser would be a second program. */
export class BrowserWindow extends EventEmitter implements Pick<ElectronWindow, 'loadURL' | 'show' | 'focus' | 'close' | 'isDestroyed' | 'isMinimized' | 'restore'> {
  readonly webContents: WebContents;
  readonly #browser: Promise<Browser>;
  readonly #loaded = Promise.withResolvers<void>();
  #destroyed = false;

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super();
    if (only !== null) throw new Error('This host has one window.');
    only = this;
    this.webContents = new WebContents(options.webPreferences?.preload);
    app.emit('web-contents-created', {}, this.webContents);
    const { title = app.getName(), width = DEFAULT_SIZE.width, height = DEFAULT_SIZE.height } = options;
    this.#browser = this.#open({ title, width, height, switches: [...app.switches, ...this.webContents.switches] });
    this.#browser.catch((error: unknown) => app.fail(error));
  }

  async loadURL(url: string): Promise<void> {
    await this.#browser;
    await this.webContents.load(url);
    this.#loaded.resolve();
    this.emit('ready-to-show');
  }

  /** Resolves when the first page has loaded. */
  async loaded(): Promise<void> {
    await this.#loaded.promise;
  }

  /** The driver's handle, for the program that drives this window from outside. */
  async page(): Promise<Page> {
    return (await this.#browser).page;
  }

  /** The window shows itself as soon as it is there. */
  show(): void {}

  focus(): void {
    void this.#browser.then(({ page }) => page.bringToFront()).catch(() => undefined);
  }

  isMinimized(): boolean {
    return false;
  }

  restore(): void {}

  close(): void {
    void this.#browser.then(({ page }) => page.close()).catch(() => undefined);
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  async #open(options: BrowserOptions): Promise<Browser> {
    const opening = openBrowser(options, () => app.emit('browser-window-created', {}, this));
    // Also when it is asked to end before the browser has started.
    beforeExit(async () => (await opening).close());
    const browser = await opening;
    browser.page.on('close', () => this.#closed());
    browser.page.on('crash', () => app.fail(new Error('The page of the window crashed.')));
    setUserAgent(browser.context.browser()?.version() ?? 'unknown');
    await this.webContents.attach(browser);
    return browser;
  }

  #closed(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    only = null;
    this.emit('closed');
    app.windowClosed();
  }
}

/** The open window, if any. */
export function openWindow(): BrowserWindow | null {
  return only;
}
