import type * as Electron from 'electron';

/** The subset of the `electron` module that app/electron uses, on an installed Chromium. */
export { app } from './app.ts';
export { BrowserWindow } from './browser-window.ts';
export { dialog } from './dialog.ts';
export { ipcMain } from './ipc-main.ts';
export { protocol } from './protocol.ts';
export { session } from './session.ts';

/** No keychain of the operating system: nothing secret is ever stored here. */
export const safeStorage = {
  isEncryptionAvailable: () => false,
  encryptString: noKeychain,
  decryptString: noKeychain,
  getSelectedStorageBackend: () => 'basic_text',
} satisfies Pick<Electron.SafeStorage, 'isEncryptionAvailable' | 'encryptString' | 'decryptString' | 'getSelectedStorageBackend'>;

function noKeychain(): never {
  throw new Error('This host has no keychain.');
}

/** A browser window has no application menu; its commands are in the window itself. */
export const Menu = {
  buildFromTemplate: () => null as unknown as Electron.Menu,
  setApplicationMenu: () => undefined,
} satisfies Pick<typeof Electron.Menu, 'buildFromTemplate' | 'setApplicationMenu'>;
