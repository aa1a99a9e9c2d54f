import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, ipcMain, protocol, session, type BrowserWindow } from 'electron';
import { IPC_REQUEST } from '../contract/index.ts';
import { createHandlers, type Handlers } from '../handlers/index.ts';
import { homeFolder } from '../home.ts';
import { openServices } from '../services.ts';
import { hostActions } from './host.ts';
import { createEmitter, createRequestHandler } from './ipc.ts';
import { fileErrorLog } from '../error-log.ts';
import { setMenu } from './menu.ts';
import { SCHEME, serve } from './protocol.ts';
import { denyNetwork, guardContents, guardSession } from './security.ts';
import { openWindow } from './window.ts';

const TITLE = 'Fabric Key Console';
const home = homeFolder();
const log = fileErrorLog(join(home, 'logs', 'console.log'));
const windowData = join(home, 'window');

let window: BrowserWindow | null = null;
const contents = () => (window === null || window.isDestroyed() ? null : window.webContents);

app.setName(TITLE);
mkdirSync(windowData, { recursive: true, mode: 0o700 });
app.setPath('userData', windowData);
protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);
denyNetwork(app);
guardContents(app);

if (app.requestSingleInstanceLock()) {
  run();
} else {
  process.stderr.write(`The console is already open on ${home}.\n`);
  app.quit();
}

function run(): void {
  // Opened while the window starts; a failure reaches the window as the answer to its first request.
  const emit = createEmitter(contents, log);
  const profile = process.env['FKC_PROFILE'];
  const services = openServices({ home, emit, ...(profile === undefined || profile === '' ? {} : { profile }) });
  const handlers: Promise<Handlers> = services.then((opened) => createHandlers(opened, hostActions(home, () => window)));
  services.then((opened) => opened.start()).catch((error: unknown) => log.record('start', error));

  ipcMain.handle(IPC_REQUEST, createRequestHandler({ contents, handlers, log }));

  app.on('second-instance', () => {
    if (window?.isMinimized() === true) window.restore();
    window?.focus();
  });
  app.on('window-all-closed', () => app.quit());
  closeServicesBeforeQuitting(services);

  void app.whenReady().then(() => {
    guardSession(session.defaultSession);
    protocol.handle(SCHEME, serve(fileURLToPath(new URL('../../out/renderer', import.meta.url))));
    setMenu({
      navigate: (to) => emit({ type: 'navigate', to }),
      lock: () => void handlers.then((ready) => ready['session.lock'](undefined)).catch((error: unknown) => log.record('menu lock', error)),
    });
    window = openWindow(TITLE);
    window.on('closed', () => {
      window = null;
    });
  });
}

/** Keys are zeroed and the database is closed before the process ends, however it was asked to. */
function closeServicesBeforeQuitting(services: ReturnType<typeof openServices>): void {
  let closed = false;
  let closing = false;
  app.on('will-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    if (closing) return;
    closing = true;
    void services
      .then((opened) => opened.close())
      .catch((error: unknown) => log.record('quit', error))
      .finally(() => {
        closed = true;
        app.quit();
      });
  });
}
