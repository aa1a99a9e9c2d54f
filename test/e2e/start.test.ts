import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hosts } from './host/open.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOUR = join(ROOT, 'out', 'tour');
/** The pages of the navigation, by the names of their pictures. */
const PAGES = ['overview', 'keys', 'data', 'kms', 'rekey', 'nodes', 'regions', 'configuration', 'audit', 'settings'];

describe.runIf(process.platform === 'linux' && (await hosts()).includes('chromium'))('npm start on a machine without a display', () => {
  const home = mkdtempSync(join(tmpdir(), 'fkc-start-'));
  let ended: { code: number | null; out: string; errors: string };

  beforeAll(async () => {
    const { DISPLAY: _x, WAYLAND_DISPLAY: _wayland, FKC_PROFILE: _profile, FKC_HEADLESS: _headless, ...environment } = process.env;
    const child = spawn(process.execPath, ['scripts/start.ts'], { cwd: ROOT, env: { ...environment, FKC_HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
    ended = { code, out, errors };
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test('says so, walks the main job, and ends with 0', () => {
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('There is no display here: the window runs without one') as string });
    expect(ended.out).toContain(`The report and a screenshot of every page are in ${TOUR}.`);
    expect(existsSync(join(home, 'demo', 'system.sqlite'))).toBe(true);
  });

  test('warns in the terminal where it runs as root, without the sandbox, and says nothing else', () => {
    const lines = ended.errors.split('\n').filter((line) => line !== '');
    expect(lines).toEqual(process.getuid?.() === 0 ? [expect.stringMatching(/^Warning: started as root.*without its sandbox/)] : []);
  });

  test('leaves a report with figures and a picture of every page', () => {
    const files = readdirSync(TOUR);
    const pictured = files.map((file) => /^\d\d-(.*)\.png$/.exec(file)?.[1]);
    for (const page of PAGES) expect(pictured, page).toContain(page);
    expect(files).not.toContain('failed.png');
    const report = readFileSync(join(TOUR, 'report.md'), 'utf8');
    expect(report).toMatch(/Instances readable before \| 658 \|\n\| Instances readable after \| 658 \|/);
    for (const [, file] of report.matchAll(/\]\(([^)]+\.png)\)/g)) {
      expect(readFileSync(join(TOUR, file as string)).subarray(1, 4).toString(), file).toBe('PNG');
    }
  });
});
