import { EventEmitter } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App as ElectronApp } from 'electron';
import { isAlive } from './browser.ts';
import { settings } from './settings.ts';

const LOCK_FILE = 'window.lock';

let closeBrowser: (() => Promise<void>) | null = null;

/** What has to end before the process does. */
export function beforeExit(close: () => Promise<void>): void {
  closeBrowser = close;
}

class App
  extends EventEmitter
  implements Pick<ElectronApp, 'whenReady' | 'setName' | 'getName' | 'setPath' | 'getPath' | 'quit' | 'requestSingleInstanceLock'>
{
  readonly isPackaged = false;
  readonly commandLine = {
    appendSwitch: (name, value) => {
      this.switches.push(value === undefined ? `--${name}` : `--${name}=${value}`);
    },
    hasSwitch: (name) =>
      (name === 'no-sandbox' && settings.noSandbox) || this.switches.some((known) => known === `--${name}` || known.startsWith(`--${name}=`)),
  } satisfies Pick<ElectronApp['commandLine'], 'appendSwitch' | 'hasSwitch'>;
  /** What the entry wants the browser to be started with. */
  readonly switches: string[] = [];
  /** Resolves with the exit code after the browser ended. */
  readonly ended = Promise.withResolvers<number>();

  #name = '';
  #userData = '';
  #lock: string | null = null;
  #quitting = false;
  #exiting = false;

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  setName(name: string): void {
    this.#name = name;
  }

  getName(): string {
    return this.#name;
  }

  setPath(name: string, path: string): void {
    if (name !== 'userData') throw new Error(`This host keeps no path for '${name}'.`);
    this.#userData = path;
  }

  getPath(name: string): string {
    if (name !== 'userData') throw new Error(`This host keeps no path for '${name}'.`);
    return this.#userData;
  }

  /** True for the first process on this `userData` folder; a lock that a killed process left is taken over. */
  requestSingleInstanceLock(): boolean {
    const file = join(this.#userData, LOCK_FILE);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
        this.#lock = file;
        process.once('exit', () => this.#unlock());
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const owner = Number(readFileSync(file, 'utf8'));
        if (owner > 0 && isAlive(owner)) return false;
        rmSync(file, { force: true });
      }
    }
    return false;
  }

  /** Asks the listeners of `will-quit`, which may hold it up and quit later, then ends the browser and the process. */
  quit(): void {
    this.#quitting = true;
    if (this.#isPrevented('before-quit') || this.#isPrevented('will-quit')) return;
    this.exit(0);
  }

  exit(code: number): void {
    if (this.#exiting) return;
    this.#exiting = true;
    void (closeBrowser?.() ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.emit('quit', {}, code);
        this.#unlock();
        this.ended.resolve(code);
        if (!settings.embedded) process.exit(code);
      });
  }

  /**
   * The host itself can not go on: says so and quits, so that the services are closed in order. While the browser is
   * being ended this is quiet: whatever still waits for it, as an opening window does, can only fail.
   */
  fail(error: unknown): void {
    if (this.#exiting) return;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (!settings.embedded) process.exitCode = 1;
    this.quit();
  }

  windowClosed(): void {
    if (!this.#quitting) this.emit('window-all-closed');
  }

  #isPrevented(name: string): boolean {
    let prevented = false;
    this.emit(name, {
      preventDefault: () => {
        prevented = true;
      },
    });
    return prevented;
  }

  #unlock(): void {
    if (this.#lock !== null) rmSync(this.#lock, { force: true });
    this.#lock = null;
  }
}

export const app = new App();

if (!settings.embedded) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
