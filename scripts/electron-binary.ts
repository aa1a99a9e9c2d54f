import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where Electron's package is, and what may be waited for. */
export interface ElectronPlace {
  readonly folder: string;
  /** Remembers that the binary could not be fetched. Beside the packages: a new `npm ci` asks again. */
  readonly refusal: string;
  readonly fetchLimitMs: number;
}

const ELECTRON: ElectronPlace = {
  folder: fileURLToPath(new URL('../node_modules/electron', import.meta.url)),
  refusal: fileURLToPath(new URL('../node_modules/.cache/fabric-key-console/electron-refused.json', import.meta.url)),
  fetchLimitMs: 120_000,
};
const ASK_AGAIN_AFTER_MS = 24 * 3600 * 1000;
const START_LIMIT_MS = 15_000;

/** The Electron binary that is there already and starts on this machine; null where there is none. */
export async function installedElectron(place = ELECTRON): Promise<string | null> {
  const binary = binaryPath(place);
  // A binary without the system's graphical libraries is as good as none.
  return binary !== null && (await run(binary, ['--version'], START_LIMIT_MS)) ? binary : null;
}

/**
 * The Electron binary, fetched by Electron's own installer where it is missing. A refusal or a time-out is remembered
 * for a day, so that the next start does not wait for it again.
 */
export async function ensureElectron(say: (line: string) => void, place = ELECTRON): Promise<string | null> {
  const there = await installedElectron(place);
  if (there !== null || binaryPath(place) !== null || refusedLately(place)) return there;
  say('Fetching Electron…');
  if (await run(process.execPath, [join(place.folder, 'install.js')], place.fetchLimitMs)) return installedElectron(place);
  mkdirSync(dirname(place.refusal), { recursive: true });
  writeFileSync(place.refusal, JSON.stringify({ version: version(place), at: Date.now() }));
  say('Electron can not be fetched on this machine; the console opens in an installed browser instead.');
  return null;
}

function binaryPath({ folder }: ElectronPlace): string | null {
  try {
    const path = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim());
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

function version({ folder }: ElectronPlace): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

function refusedLately(place: ElectronPlace): boolean {
  try {
    const refusal = JSON.parse(readFileSync(place.refusal, 'utf8')) as { version: string; at: number };
    return refusal.version === version(place) && Date.now() - refusal.at < ASK_AGAIN_AFTER_MS;
  } catch {
    return false;
  }
}

/** Whether the program ended with 0 within the limit. */
function run(program: string, args: readonly string[], limit: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', timeout: limit, killSignal: 'SIGKILL' });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
