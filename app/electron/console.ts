import { app, ipcMain, type BrowserWindow } from 'electron';
import { IPC_REQUEST } from '../contract/index.ts';
import { consoleLog, type ErrorLog } from '../error-log.ts';
import { createHandlers, type Handlers } from '../handlers/index.ts';
import { openServices, type Services } from '../services.ts';
import { hostActions } from './host.ts';
import { createEmitter, createRequestHandler } from './ipc.ts';
import { setMenu } from './menu.ts';
import { Opening } from './opening.ts';

interface Served {
  readonly services: Services;
  readonly handlers: Handlers;
}

/**
 * Opens the services and lets `window` ask them. They open while the page loads; what goes wrong there is the answer
 * to the page's first request, and the next one opens them again.
 */
export function serveWindow(window: BrowserWindow, { home, profile }: { readonly home: string; readonly profile?: string }): void {
  const log = consoleLog(home);
  const current = (): BrowserWindow | null => (window.isDestroyed() ? null : window);
  const contents = () => current()?.webContents ?? null;
  const emit = createEmitter(contents, log);

  const opening = new Opening<Served>(async () => {
    const services = await openServices({ home, emit, ...(profile === undefined ? {} : { profile }) });
    const handlers = createHandlers(services, hostActions(home, current));
    services.start().catch((error: unknown) => log.record('start', error));
    return { services, handlers };
  });
  opening.last().catch((error: unknown) => log.record('start', error));

  ipcMain.handle(IPC_REQUEST, createRequestHandler({ contents, handlers: async () => (await opening.get()).handlers, log }));
  setMenu({
    navigate: (to) => emit({ type: 'navigate', to }),
    lock: () => void opening.last().then(({ handlers }) => handlers['session.lock'](undefined)).catch((error: unknown) => log.record('menu lock', error)),
  });
  closeBeforeQuitting(opening, log);
}

/** Keys are zeroed and the database is closed before the process ends, however it was asked to. */
function closeBeforeQuitting(opening: Opening<Served>, log: ErrorLog): void {
  let state: 'open' | 'closing' | 'closed' = 'open';
  app.on('will-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'closing') return;
    state = 'closing';
    void opening
      .end()
      .then((served) => served?.services.close())
      .catch((error: unknown) => log.record('quit', error))
      .finally(() => {
        state = 'closed';
        app.quit();
      });
  });
}
