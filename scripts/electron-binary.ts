import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../node_modules/electron', import.meta.url));
/** Beside the packages: a new `npm ci` asks again. */
const REFUSAL = fileURLToPath(new URL('../node_modules/.cache/fabric-key-console/electron-refused.json', import.meta.url));
const ASK_AGAIN_AFTER_MS = 24 * 3600 * 1000;
const FETCH_LIMIT_MS = 120_000;
const START_LIMIT_MS = 15_000;

/** The Electron binary that is there already and starts on this machine; null where there is none. */
export async function installedElectron(): Promise<string | null> {
  const binary = binaryPath();
  // A binary without the system's graphical libraries is as good as none.
  return binary !== null && (await run(binary, ['--version'], START_LIMIT_MS)) ? binary : null;
}

/**
 * The Electron binary, fetched by Electron's own installer where it is missing. A refusal or a time-out is remembered
 * for a day, so that the next start does not wait for it again.
 */
export async function ensureElectron(say: (line: string) => void): Promise<string | null> {
  const there = await installedElectron();
  if (there !== null || binaryPath() !== null || refusedLately()) return there;
  say('Fetching Electron…');
  if (await run(process.execPath, [join(PACKAGE, 'install.js')], FETCH_LIMIT_MS)) return installedElectron();
  mkdirSync(dirname(REFUSAL), { recursive: true });
  writeFileSync(REFUSAL, JSON.stringify({ version: version(), at: Date.now() }));
  say('Electron can not be fetched on this machine; the console opens in an installed browser instead.');
  return null;
}

function binaryPath(): string | null {
  try {
    const path = join(PACKAGE, 'dist', readFileSync(join(PACKAGE, 'path.txt'), 'utf8').trim());
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

function version(): string {
  return (JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string }).version;
}

function refusedLately(): boolean {
  try {
    const refusal = JSON.parse(readFileSync(REFUSAL, 'utf8')) as { version: string; at: number };
    return refusal.version === version() && Date.now() - refusal.at < ASK_AGAIN_AFTER_MS;
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
