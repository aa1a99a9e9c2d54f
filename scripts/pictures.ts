/** `node scripts/pictures.ts`: takes the pictures of the README anew. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchConsole } from '../app/chromium/launch.ts';
import { build } from './build.ts';
import { tour } from './tour.ts';
import { SIZE } from './walk.ts';

/** The pictures of the README, by the names that the tour gives them. */
const KEPT: Readonly<Record<string, string>> = {
  'overview.png': 'overview-light.png',
  'keys-after.png': 'keys-light.png',
  'keys-after-dark.png': 'keys-dark.png',
  'activate.png': 'activate.png',
  'data-verified.png': 'data.png',
  'audit.png': 'audit.png',
};

/** The tour on a fresh demo cluster, headless; its pictures become those of the README. */
async function refreshPictures(): Promise<void> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const out = join(root, 'out', 'tour');
  const home = mkdtempSync(join(tmpdir(), 'fkc-tour-'));
  await build();
  const console = await launchConsole({ home, headless: true, size: SIZE });
  try {
    await tour(console, out);
  } finally {
    await console.close();
    rmSync(home, { recursive: true, force: true });
  }
  const kept = join(root, 'docs', 'screenshots');
  mkdirSync(kept, { recursive: true });
  for (const file of readdirSync(out)) {
    const name = KEPT[file.slice('00-'.length)];
    if (name !== undefined) copyFileSync(join(out, file), join(kept, name));
  }
}

try {
  await refreshPictures();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
