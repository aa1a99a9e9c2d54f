import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findChromium } from '../app/chromium/find.ts';
import { settings } from '../app/chromium/settings.ts';
import { homeFolder } from '../app/home.ts';
import { DEMO_PROFILE } from '../app/services/demo.ts';
import { build } from './build.ts';
import { ensureElectron } from './electron-binary.ts';
import { ensureChromium } from './system-parts.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = new URL('../out/electron/main.js', import.meta.url);
const TOUR = fileURLToPath(new URL('../out/tour', import.meta.url));

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `npm start`: builds what changed, finds a host, opens the console; without a display, walks the tour instead. */
async function start(): Promise<void> {
  const { values } = parseArgs({ options: { profile: { type: 'string' }, tour: { type: 'boolean' } } });
  if (values.profile !== undefined) process.env['FKC_PROFILE'] = values.profile;
  process.env['FKC_HOME'] = homeFolder();

  const touring = values.tour === true || settings.headless;
  if (touring) assertDemo();
  if ((await build()).length > 0) say('Built the console.');
  if (touring) {
    if (values.tour !== true) say('There is no display here: the window runs without one and walks through the main job.');
    await walkTheTour();
    return;
  }
  const electron = await ensureElectron(say);
  if (electron !== null) openInElectron(electron);
  else await openInChromium();
}

function openInElectron(binary: string): void {
  // As root on Linux the engine starts only without its sandbox.
  if (settings.noSandbox) warnOfNoSandbox();
  const child = spawn(binary, [...(settings.noSandbox ? ['--no-sandbox'] : []), ROOT], { stdio: 'inherit' });
  child.once('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1;
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
}

/** In this very process: the hook makes `electron` mean the host on an installed Chromium. */
async function openInChromium(): Promise<void> {
  requireChromium();
  await import('../app/chromium/register.ts');
  await import(ENTRY.href);
}

async function walkTheTour(): Promise<void> {
  requireChromium();
  const { launchConsole } = await import('../app/chromium/launch.ts');
  const { tour } = await import('./tour.ts');
  const opened = await launchConsole({
    home: homeFolder(),
    headless: true,
    size: { width: 1360, height: 860 },
  });
  try {
    await tour(opened, TOUR);
  } finally {
    await opened.close();
  }
  say(`The report and a screenshot of every page are in ${TOUR}.`);
}

/** The tour activates a key, which nobody confirms: never on anything but the demo cluster. */
function assertDemo(): void {
  const profile = process.env['FKC_PROFILE'] || DEMO_PROFILE;
  if (profile === DEMO_PROFILE) return;
  throw new Error(
    `The profile "${profile}" was asked for, and the walk through the window activates a key, so it is for the demo cluster alone. Nothing was opened.\n` +
      `Work on "${profile}" where there is a display, or in the terminal: npm run -s fkc -- --profile ${profile} keys list`,
  );
}

function requireChromium(): void {
  if (findChromium() === null) ensureChromium();
  if (settings.noSandbox) warnOfNoSandbox();
}

function warnOfNoSandbox(): void {
  process.stderr.write('Warning: started as root, the browser engine runs without its sandbox. Start the console as an ordinary user.\n');
}

try {
  await start();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
