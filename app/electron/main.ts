import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, protocol, session } from 'electron';
import { homeFolder } from '../home.ts';
import { SCHEME, serve } from './protocol.ts';
import { denyNetwork, guardContents, guardSession } from './security.ts';
import { createWindow, showPage } from './window.ts';

/**
 * The entry of the window, on every host. It holds only what has to stand before there is a window; the services, the
 * larger part, are loaded while the browser engine starts.
 */
const TITLE = 'Fabric Key Console';
const home = homeFolder();
// Read at once, like the home: who embeds the console hands both over only while the entry is loaded.
const profile = process.env['FKC_PROFILE'] || undefined;
const windowData = join(home, 'window');

app.setName(TITLE);
mkdirSync(windowData, { recursive: true, mode: 0o700 });
app.setPath('userData', windowData);
protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);
denyNetwork(app);
guardContents(app);

if (app.requestSingleInstanceLock()) {
  void app.whenReady().then(open);
} else {
  process.stderr.write(`The console is already open on ${home}.\n`);
  app.quit();
}

async function open(): Promise<void> {
  guardSession(session.defaultSession);
  protocol.handle(SCHEME, serve(fileURLToPath(new URL('../../out/renderer', import.meta.url))));
  const created = once(app, 'browser-window-created');
  const window = createWindow(TITLE);
  app.on('second-instance', () => {
    if (window.isDestroyed()) return;
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  app.on('window-all-closed', () => app.quit());
  let ending = false;
  app.once('will-quit', () => {
    ending = true;
  });
  // Where a window is a process of its own, that one starts first: loading the services would keep it waiting.
  await created;
  const { serveWindow } = await import('./console.ts');
  // Asked to end meanwhile: services that open now would never be closed, nor their keys zeroed.
  if (ending) return;
  serveWindow(window, { home, ...(profile === undefined ? {} : { profile }) });
  await showPage(window);
}
