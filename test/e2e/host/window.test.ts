import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channelNames, type KeyConsole } from '../../../app/contract/index.ts';
import { CONTENT_SECURITY_POLICY } from '../../../app/electron/protocol.ts';
import { hosts, openConsole, type OpenConsole } from './open.ts';

declare global {
  interface Window {
    readonly keyConsole?: KeyConsole;
    /** Filled by a test inside the page. */
    heard?: unknown[];
  }
}

describe.each(await hosts())('the window on %s', (host) => {
  let opened: OpenConsole;
  const problems: string[] = [];

  beforeAll(async () => {
    opened = await openConsole(host);
    opened.page.on('pageerror', (error) => problems.push(error.message));
    opened.page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
  });
  afterAll(() => opened.remove());

  test('opens our page with the policy in force, and the page obeys it', async () => {
    const { page } = opened;
    problems.length = 0;
    const response = await page.reload();
    expect(response?.headers()['content-security-policy']).toBe(CONTENT_SECURITY_POLICY);
    expect(await page.title()).toContain('Fabric Key Console');
    await page.waitForFunction(() => (document.getElementById('root')?.childElementCount ?? 0) > 0);
    expect(problems).toEqual([]);
  });

  test('has a method for every channel, and nothing can be put in its place', async () => {
    const shape = await opened.page.evaluate(() => {
      const bridge = window.keyConsole as unknown as Record<string, Record<string, unknown>>;
      const names = Object.entries(bridge).flatMap(([domain, methods]) =>
        Object.entries(methods).map(([method, value]) => `${domain}.${method}: ${typeof value}`),
      );
      let replaced = false;
      try {
        (window as unknown as Record<string, unknown>)['keyConsole'] = {};
        (bridge['session'] as Record<string, unknown>)['unlock'] = () => null;
      } catch {
        // Frozen, and this is a strict script.
      }
      replaced = window.keyConsole !== (bridge as unknown as KeyConsole) || !String(bridge['session']?.['unlock']).length;
      return { names, replaced };
    });
    expect(shape.names.sort()).toEqual([...channelNames, 'events.subscribe'].map((name) => `${name}: function`).sort());
    expect(shape.replaced).toBe(false);
  });

  test('answers the page’s first script', async () => {
    const answer = await opened.page.evaluate(() => window.keyConsole?.session.host());
    expect(answer).toMatchObject({ ok: true, value: { kind: host } });
  });

  test('refuses input that does not fit, without an exception', async () => {
    const answer = await opened.page.evaluate(() => window.keyConsole?.data.instance({ lu: 'CUSTOMER', id: 7 as unknown as string }));
    expect(answer).toMatchObject({ ok: false, code: 'INPUT_INVALID', details: { field: 'id' } });
  });

  test('hears events until it unsubscribes', async () => {
    const heard = await opened.page.evaluate(async () => {
      const events: string[] = [];
      const end = window.keyConsole?.events.subscribe((event) => events.push(event.type));
      await window.keyConsole?.session.lock();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const before = events.length;
      end?.();
      await window.keyConsole?.session.unlock({});
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { events, before, after: events.length };
    });
    expect(heard.events).toContain('status');
    expect(heard.after).toBe(heard.before);
  });

  test('has nothing of Node, of Electron or of the driver in the page', async () => {
    const found = await opened.page.evaluate(() => {
      const names = ['require', 'process', 'global', 'Buffer', 'module', 'exports', '__dirname', 'ipcRenderer', 'contextBridge', 'electron', 'toHost', 'fromHost', 'chrome.runtime.sendMessage'];
      const present = names.filter((name) => name.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], window) !== undefined);
      const suspicious = Object.getOwnPropertyNames(window).filter((name) => !/^[A-Z]/.test(name) && /host|binding|ipc|playwright|electron|preload/i.test(name));
      return [...present, ...suspicious];
    });
    expect(found).toEqual([]);
  });

  test('stays on its page', async () => {
    const { page } = opened;
    const home = page.url();
    const elsewhere = ['https://example.com/', 'http://127.0.0.1:1/', 'file:///etc/passwd', 'data:text/html,x', 'javascript:document.title="owned"', 'chrome://version/'];
    for (const url of elsewhere) {
      await page.evaluate((to) => {
        location.href = to;
      }, url);
      await page.waitForTimeout(150);
      expect(page.url(), url).toBe(home);
    }
    expect(await page.title()).toContain('Fabric Key Console');
    expect(await page.evaluate(() => typeof window.keyConsole)).toBe('object');
  });

  test('comes back from places that need no request', async () => {
    const { page } = opened;
    await page.evaluate(() => {
      setTimeout(() => {
        location.href = 'about:blank';
      });
    });
    await page.waitForTimeout(300);
    await page.waitForFunction(() => location.protocol !== 'about:' && window.keyConsole !== undefined && document.getElementById('root') !== null);
    expect(await page.evaluate(async () => (await window.keyConsole?.session.host())?.ok)).toBe(true);
  });

  test('opens no other window, and its frames have no bridge', async () => {
    const { page } = opened;
    const found = await page.evaluate(() => {
      const link = Object.assign(document.createElement('a'), { href: 'https://example.com/', target: '_blank' });
      document.body.append(link);
      link.click();
      link.remove();
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const inFrame = (frame.contentWindow as Window | null)?.keyConsole !== undefined;
      frame.remove();
      return { opened: window.open('https://example.com/') !== null, inFrame };
    });
    expect(found).toEqual({ opened: false, inFrame: false });
    await page.waitForTimeout(200);
    expect(page.context().pages()).toHaveLength(1);
  });

  test('reaches nothing on the network', async () => {
    const reached = await opened.page.evaluate(async () => {
      const tries: Record<string, () => Promise<unknown>> = {
        fetch: () => fetch('https://example.com/', { mode: 'no-cors' }),
        loopback: () => fetch('http://127.0.0.1:9/', { mode: 'no-cors' }),
        own: () => fetch(location.href),
        beacon: () => (navigator.sendBeacon('https://example.com/', 'x') ? new Promise((_, reject) => setTimeout(reject, 300)) : Promise.reject(new Error('refused'))),
        socket: () =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket('wss://example.com/');
            socket.onopen = resolve;
            socket.onerror = reject;
          }),
        image: () =>
          new Promise((resolve, reject) => {
            Object.assign(new Image(), { onload: resolve, onerror: reject, src: 'https://example.com/x.png' });
          }),
        script: () =>
          new Promise((resolve, reject) => {
            document.head.append(Object.assign(document.createElement('script'), { onload: resolve, onerror: reject, src: 'data:text/javascript,0' }));
          }),
        peer: async () => {
          const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:stun.example.com' }] });
          peer.createDataChannel('x');
          const candidates: string[] = [];
          peer.onicecandidate = ({ candidate }) => {
            if (candidate !== null && candidate.candidate !== '') candidates.push(candidate.candidate);
          };
          await peer.setLocalDescription();
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          peer.close();
          if (candidates.length === 0) throw new Error('no way out');
          return candidates;
        },
      };
      const results = await Promise.all(
        Object.entries(tries).map(async ([name, attempt]) => {
          try {
            await attempt();
            return name;
          } catch {
            return null;
          }
        }),
      );
      return results.filter((name) => name !== null);
    });
    expect(reached).toEqual([]);
  });

  test('runs no text as code', async () => {
    const ran = await opened.page.evaluate(() => {
      const results: string[] = [];
      document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.heard = ["inline"]' }));
      document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.heard = [1]"><b style="color:rgb(1,2,3)" id="styled">x</b>');
      const styled = document.getElementById('styled');
      if (styled !== null && getComputedStyle(styled).color === 'rgb(1, 2, 3)') results.push('style');
      styled?.remove();
      return results;
    });
    await opened.page.waitForTimeout(100);
    expect(ran).toEqual([]);
    expect(await opened.page.evaluate(() => window.heard)).toBeUndefined();
  });

  test('is denied every permission but writing to the clipboard', async () => {
    const states = await opened.page.evaluate(async () => {
      const names = ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read', 'midi', 'persistent-storage', 'screen-wake-lock'];
      const found = await Promise.all(
        names.map(async (name) => {
          try {
            return [name, (await navigator.permissions.query({ name: name as PermissionName })).state];
          } catch {
            return [name, 'denied'];
          }
        }),
      );
      return found.filter(([, state]) => state !== 'denied').map(([name]) => name);
    });
    expect(states).toEqual([]);
    const asked = await opened.page.evaluate(async () => {
      const refused = (promise: Promise<unknown>): Promise<boolean> => promise.then(() => false, () => true);
      return Promise.all([
        refused(navigator.mediaDevices.getUserMedia({ audio: true })),
        refused(navigator.clipboard.readText()),
        refused(new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject))),
        Notification.requestPermission().then((state) => state === 'denied'),
      ]);
    });
    expect(asked).toEqual([true, true, true, true]);
  });

  test('downloads nothing', async () => {
    const { page } = opened;
    const downloads: string[] = [];
    page.on('download', (download) => downloads.push(download.suggestedFilename()));
    await page.evaluate(() => {
      Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob(['x'])), download: 'x.txt' }).click();
    });
    await page.waitForTimeout(300);
    expect(downloads).toEqual([]);
  });
});
