import { app, ipcMain, type BrowserWindow } from 'electron';
import { IPC_REQUEST } from '../contract/index.ts';
import { consoleLog, type ErrorLog } from '../error-log.ts';
import { createHandlers, type Handlers } from '../handlers/index.ts';
import { openServices, type Services } from '../services.ts';
import { hostActions } from './host.ts';
import { createEmitter, createRequestHandler } from './ipc.ts';
import { setMenu } from './menu.ts';

/**
 * Opens the services and lets `window` ask them. They open while the page loads; what goes wrong there is the answer
 * to the page's first request.
 */
export function serveWindow(window: BrowserWindow, { home, profile }: { readonly home: string; readonly profile?: string }): void {
  const log = consoleLog(home);
  const current = (): BrowserWindow | null => (window.isDestroyed() ? null : window);
  const contents = () => current()?.webContents ?? null;
  const emit = createEmitter(contents, log);

  const services = openServices({ home, emit, ...(profile === undefined ? {} : { profile }) });
  const handlers: Promise<Handlers> = services.then((opened) => createHandlers(opened, hostActions(home, current)));
  services.then((opened) => opened.start()).catch((error: unknown) => log.record('start', error));

  ipcMain.handle(IPC_REQUEST, createRequestHandler({ contents, handlers, log }));
  setMenu({
    navigate: (to) => emit({ type: 'navigate', to }),
    lock: () => void handlers.then((ready) => ready['session.lock'](undefined)).catch((error: unknown) => log.record('menu lock', error)),
  });
  closeBeforeQuitting(services, log);
}

/** Keys are zeroed and the database is closed before the process ends, however it was asked to. */
function closeBeforeQuitting(services: Promise<Services>, log: ErrorLog): void {
  let state: 'open' | 'closing' | 'closed' = 'open';
  app.on('will-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'closing') return;
    state = 'closing';
    void services
      .then((opened) => opened.close())
      .catch((error: unknown) => log.record('quit', error))
      .finally(() => {
        state = 'closed';
        app.quit();
      });
  });
}
