import { app, ipcMain, safeStorage, type BrowserWindow } from 'electron';
import { IPC_REQUEST, type ChannelName } from '../contract/index.ts';
import { consoleLog, type ErrorLog } from '../error-log.ts';
import { createHandlers } from '../handlers/index.ts';
import { Services } from '../services.ts';
import { hostActions } from './host.ts';
import { createEmitter, createRequestHandler } from './ipc.ts';
import { osKeychain } from './keychain.ts';
import { setMenu } from './menu.ts';
import { Opening } from './opening.ts';

/** What is answered without an open profile, so that another one can be chosen while this one can not be opened. */
const NEED_NO_PROFILE: ReadonlySet<ChannelName> = new Set([
  'session.host',
  'session.outage',
  'session.touch',
  'profiles.list',
  'profiles.create',
  'profiles.test',
  'profiles.select',
  'preferences.get',
  'preferences.set',
  'dialog.chooseFile',
  'files.save',
] as const);

/**
 * Opens the services and lets `window` ask them. The profile opens while the page loads; what goes wrong there is the
 * answer to the page's first request that needs it, and the next one opens it again.
 */
export function serveWindow(window: BrowserWindow, { home, profile }: { readonly home: string; readonly profile?: string }): void {
  const log = consoleLog(home);
  const current = (): BrowserWindow | null => (window.isDestroyed() ? null : window);
  const contents = () => current()?.webContents ?? null;
  const emit = createEmitter(contents, log);

  const services = new Services({ home, emit, keychain: osKeychain(safeStorage), ...(profile === undefined ? {} : { profile }) });
  const handlers = createHandlers(services, hostActions(home, current));
  const opening = new Opening<void>(async () => {
    if (await services.openFirst()) services.start().catch((error: unknown) => log.record('start', error));
  });
  opening.last().catch((error: unknown) => log.record('start', error));

  const handlersFor = async (channel: ChannelName): Promise<typeof handlers> => {
    if (!NEED_NO_PROFILE.has(channel)) await opening.get();
    return handlers;
  };
  ipcMain.handle(IPC_REQUEST, createRequestHandler({ contents, handlers: handlersFor, log }));
  setMenu({
    navigate: (to) => emit({ type: 'navigate', to }),
    lock: () => void handlers['session.lock'](undefined).catch((error: unknown) => log.record('menu lock', error)),
  });
  closeBeforeQuitting(services, opening, log);
}

/** Keys are zeroed and the database is closed before the process ends, however it was asked to. */
function closeBeforeQuitting(services: Services, opening: Opening<void>, log: ErrorLog): void {
  let state: 'open' | 'closing' | 'closed' = 'open';
  app.on('will-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'closing') return;
    state = 'closing';
    void opening
      .end()
      .then(() => services.close())
      .catch((error: unknown) => log.record('quit', error))
      .finally(() => {
        state = 'closed';
        app.quit();
      });
  });
}
