import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync as readlink, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hosts, openConsole, type OpenConsole } from './open.ts';

const PROFILE_PREFIX = `fabric-key-console-window-${process.pid}-`;
const profiles = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(PROFILE_PREFIX));

describe.runIf((await hosts()).includes('chromium'))('the Chromium host', () => {
  let opened: OpenConsole;

  beforeAll(async () => {
    opened = await openConsole('chromium');
  });
  afterAll(() => opened.remove());

  test('a request from a subframe is forbidden, even one that got hold of the binding', async () => {
    const { page } = opened;
    await page.evaluate(() => document.body.append(document.createElement('iframe')));
    const cdp = await page.context().newCDPSession(page);
    const { frameTree } = await cdp.send('Page.getFrameTree');
    const frameId = frameTree.childFrames?.[0]?.frame.id ?? '';
    const { executionContextId } = await cdp.send('Page.createIsolatedWorld', { frameId, worldName: 'Preload' });
    const run = async (expression: string): Promise<unknown> =>
      (await cdp.send('Runtime.evaluate', { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true })).result.value;
    const answer = await run(`new Promise((resolve) => {
      globalThis.fromHost = resolve;
      toHost(JSON.stringify({ id: 1, channel: 'key-console:request', values: JSON.stringify([['session.status'], []]) }));
    })`);
    const { value } = JSON.parse(String(answer)) as { value: string };
    expect(JSON.parse(value)).toMatchObject([[{ ok: false, code: 'IPC_FORBIDDEN' }]]);
    await page.evaluate(() => document.querySelector('iframe')?.remove());
  });

  test('says what is different here, and warns where the sandbox is off', async () => {
    const answer = await opened.page.evaluate(() => window.keyConsole?.session.host());
    expect(answer).toMatchObject({ ok: true, value: { kind: 'chromium', version: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) as string } });
    const { differences, warnings } = (answer as { value: { differences: string[]; warnings: string[] } }).value;
    expect(differences.join()).toMatch(/keychain.*/);
    expect(differences.join()).toContain(join(opened.home, 'exports'));
    expect(warnings.length).toBe(process.getuid?.() === 0 ? 1 : 0);
    const shown = opened.page.getByRole('contentinfo').getByText('The browser engine runs without its sandbox, because the console was started as root.');
    if (warnings.length > 0) await shown.waitFor();
    expect(await shown.filter({ visible: true }).count()).toBe(warnings.length);
  });

  test('without file dialogs, opening is left to the text field and exports go to their folder, none over another', async () => {
    const chosen = await opened.page.evaluate(() => window.keyConsole?.dialog.chooseFile({ purpose: 'keystore', create: false }));
    expect(chosen).toEqual({ ok: true, value: { file: null } });
    const files = await opened.page.evaluate(async () => {
      const first = await window.keyConsole?.audit.export();
      const second = await window.keyConsole?.audit.export();
      return [first, second].map((answer) => (answer?.ok === true ? answer.value.file : null));
    });
    expect(new Set(files).size).toBe(2);
    for (const file of files) {
      expect(file?.startsWith(join(opened.home, 'exports'))).toBe(true);
      expect(existsSync(file ?? '')).toBe(true);
    }
  });

  test('the driver opens no port', () => {
    const listening = descendants(process.pid).flatMap((pid) => listeningPorts(pid));
    expect(listening).toEqual([]);
  });

  test('a second console on the same home does not open', async () => {
    await expect(openConsole('chromium', { home: opened.home })).rejects.toThrow('already open');
  });

  test('the profile lies in the temporary folder and is gone after closing', async () => {
    const before = profiles();
    const second = await openConsole('chromium');
    expect(profiles().length).toBe(before.length + 1);
    await second.page.evaluate(() => localStorage.setItem('left', 'behind'));
    await second.remove();
    expect(profiles()).toEqual(before);
  });

  test('closing the window quits the console and frees its home', async () => {
    const home = mkdtempSync(join(tmpdir(), 'fkc-e2e-'));
    const second = await openConsole('chromium', { home });
    expect(existsSync(join(home, 'window', 'window.lock'))).toBe(true);
    await second.page.close();
    await expect.poll(() => existsSync(join(home, 'window', 'window.lock'))).toBe(false);
    const third = await openConsole('chromium', { home });
    expect(await third.page.evaluate(async () => (await window.keyConsole?.session.status())?.ok)).toBe(true);
    await third.remove();
  });

  describe('as a program of its own', () => {
    interface Program {
      readonly pid: number;
      /** What it wrote about failures. */
      errors(): string;
      /** Its temporary profiles. */
      profiles(): string[];
      /** Sends SIGTERM. @returns the exit code, and the browser's processes that it had started */
      terminate(): Promise<{ code: number | null; browsers: number[] }>;
    }

    function start(home: string): Program {
      const child = spawn(process.execPath, ['--import', path('app/chromium/register.ts'), path('out/electron/main.js')], {
        env: { ...process.env, FKC_HOME: home, FKC_HEADLESS: '1' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      let errors = '';
      child.stderr.on('data', (text: Buffer) => {
        errors += text.toString();
      });
      const pid = child.pid ?? 0;
      return {
        pid,
        errors: () => errors,
        profiles: () => readdirSync(tmpdir()).filter((name) => name.startsWith(`fabric-key-console-window-${pid}-`)),
        terminate: async () => {
          const browsers = descendants(pid).slice(1);
          child.kill('SIGTERM');
          return { code: await ended, browsers };
        },
      };
    }

    async function endsCleanly(home: string, program: Program): Promise<void> {
      const { code, browsers } = await program.terminate();
      expect(program.errors()).toBe('');
      expect(code).toBe(0);
      expect(program.profiles()).toEqual([]);
      expect(existsSync(join(home, 'window', 'window.lock'))).toBe(false);
      await expect.poll(() => browsers.filter((browser) => existsSync(`/proc/${browser}`)), { timeout: 5_000 }).toEqual([]);
      rmSync(home, { recursive: true, force: true });
    }

    test('it ends on SIGTERM with 0, leaving no browser and no profile', async () => {
      const home = mkdtempSync(join(tmpdir(), 'fkc-e2e-'));
      const program = start(home);
      await expect.poll(() => descendants(program.pid).length > 3 && program.profiles().length, { timeout: 30_000 }).toBe(1);
      await endsCleanly(home, program);
    });

    test.each([0, 30, 100, 200, 300, 400, 500, 700, 1_000])('so it does %d ms into its start', async (delay) => {
      const home = mkdtempSync(join(tmpdir(), 'fkc-e2e-'));
      const program = start(home);
      await expect.poll(() => existsSync(join(home, 'window', 'window.lock')), { timeout: 30_000, interval: 5 }).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, delay));
      await endsCleanly(home, program);
    });
  });
});

const path = (from: string): string => fileURLToPath(new URL(`../../../${from}`, import.meta.url));

/** The process and all that it started (Linux). */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // Ended meanwhile.
    }
  }
  const found = [pid];
  for (const at of found) for (const [child, parent] of parents) if (parent === at) found.push(child);
  return found;
}

/** Local addresses of the TCP sockets on which `pid` listens (Linux). */
function listeningPorts(pid: number): string[] {
  let sockets: Set<string>;
  try {
    sockets = new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(readlink(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
        } catch {
          return [];
        }
      }),
    );
  } catch {
    return [];
  }
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9] ?? ''))
      .map((fields) => fields[1] ?? ''),
  );
}
