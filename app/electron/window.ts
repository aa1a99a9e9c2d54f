import { fileURLToPath } from 'node:url';
import { BrowserWindow } from 'electron';
import { ORIGIN } from './protocol.ts';

const PRELOAD = fileURLToPath(new URL('../../out/preload/preload.cjs', import.meta.url));

/** The console's one window: sandboxed, isolated, without Node; shown as soon as its first frame is there. */
export function openWindow(title: string): BrowserWindow {
  const window = new BrowserWindow({
    title,
    width: 1360,
    height: 860,
    minWidth: 1100,
    minHeight: 720,
    show: false,
    webPreferences: {
      preload: PRELOAD,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      // The spell checker would fetch its dictionaries from the network and see what is typed.
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${ORIGIN}/`).catch(() => {
    // Closed while it was still loading.
  });
  return window;
}
