import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { app, dialog, safeStorage, session, type BrowserWindow } from 'electron';
import type { Host } from '../contract/session.ts';
import type { HostActions } from '../handlers/index.ts';
import { writeOutput } from '../output-file.ts';
import { osKeychain } from './keychain.ts';

const FILTERS = {
  keystore: [{ name: 'KeyStore', extensions: ['p12', 'pfx', 'keystore', 'jks', 'jceks'] }, { name: 'All files', extensions: ['*'] }],
  database: [{ name: 'SQLite database', extensions: ['db', 'sqlite', 'sqlite3'] }, { name: 'All files', extensions: ['*'] }],
  config: [{ name: 'Configuration', extensions: ['ini', 'conf', 'cfg'] }, { name: 'All files', extensions: ['*'] }],
  folder: [],
};

/** What the handlers need of the host: file dialogs over `window`, and what is different here. */
export function hostActions(home: string, window: () => BrowserWindow | null): HostActions {
  return {
    async chooseFile(purpose, create) {
      const parent = window();
      if (parent === null) return null;
      if (create) {
        const chosen = await dialog.showSaveDialog(parent, { filters: FILTERS[purpose], properties: ['createDirectory', 'dontAddToRecent'] });
        return chosen.canceled ? null : chosen.filePath;
      }
      const chosen = await dialog.showOpenDialog(parent, { filters: FILTERS[purpose], properties: [purpose === 'folder' ? 'openDirectory' : 'openFile', 'dontAddToRecent'] });
      return chosen.canceled ? null : (chosen.filePaths[0] ?? null);
    },
    chooseSaveFile: (suggestedName) => chooseSaveFile(home, window(), suggestedName),
    async saveFile(suggestedName, bytes) {
      const file = await chooseSaveFile(home, window(), suggestedName);
      if (file !== null) await writeOutput(file, bytes, true);
      return file;
    },
    info: () => hostInfo(home),
  };
}

async function chooseSaveFile(home: string, parent: BrowserWindow | null, suggestedName: string): Promise<string | null> {
  if (parent === null) return null;
  const folder = exportsFolder(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const chosen = await dialog.showSaveDialog(parent, { defaultPath: join(folder, suggestedName), properties: ['createDirectory', 'dontAddToRecent'] });
  return chosen.canceled ? null : chosen.filePath;
}

const exportsFolder = (home: string): string => join(home, 'exports');

/** Which host this is, what is different on it and what its user is warned of. */
export function hostInfo(home: string): Host {
  const electron = process.versions['electron'];
  const differences: string[] = [];
  if (electron === undefined) {
    differences.push(
      'File dialogs are missing here: type the path of a file to open.',
      `Exports are saved in ${exportsFolder(home)}.`,
      'The application menu is missing here; every command of it is in the window and in the palette.',
      'Starting the console a second time does not bring this window to the front.',
    );
  }
  if (!osKeychain(safeStorage).available()) {
    differences.push('The operating system’s keychain is not used here: passwords are asked for and never stored, and AWS credentials that are given here are held in memory until the console is locked or ends.');
  }
  return {
    kind: electron === undefined ? 'chromium' : 'electron',
    version: electron === undefined ? chromiumVersion() : `${electron} (Chromium ${chromiumVersion()})`,
    differences,
    warnings: app.commandLine.hasSwitch('no-sandbox')
      ? ['The browser engine runs without its sandbox, because the console was started as root. Start it as an ordinary user.']
      : [],
  };
}

function chromiumVersion(): string {
  return process.versions['chrome'] ?? /Chrome\/([\d.]+)/.exec(session.defaultSession.getUserAgent())?.[1] ?? 'unknown';
}
