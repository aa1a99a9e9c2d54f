import { fileURLToPath } from 'node:url';
import { BrowserWindow } from 'electron';
import { ORIGIN } from './protocol.ts';

const PRELOAD = fileURLToPath(new URL('../../out/preload/preload.cjs', import.meta.url));

/** The console's one window, still empty: sandboxed, isolated, without Node. */
export function createWindow(title: string): BrowserWindow {
  return new BrowserWindow({
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
}

/** Loads the console's page; the window shows itself with the page's first frame. */
export async function showPage(window: BrowserWindow): Promise<void> {
  window.once('ready-to-show', () => window.show());
  await window.loadURL(`${ORIGIN}/`).catch(() => {
    // Closed while it was still loading.
  });
}
