import { app, BrowserWindow, protocol } from 'electron';

/** The least that can be called a window on this host: what the console's own window is measured against. */
protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
app.setName('Empty');
app.on('window-all-closed', () => app.quit());
void app.whenReady().then(() => {
  protocol.handle('app', () => new Response('<!doctype html><title>Empty</title><h1>Empty</h1>', { headers: { 'content-type': 'text/html' } }));
  void new BrowserWindow({ title: 'Empty', width: 1360, height: 860 }).loadURL('app://empty/').catch(() => undefined);
});
