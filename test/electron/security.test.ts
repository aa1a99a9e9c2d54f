import { EventEmitter } from 'node:events';
import type { App, Session } from 'electron';
import { describe, expect, test, vi } from 'vitest';
import { denyNetwork, guardContents, guardSession } from '../../app/electron/security.ts';

/** Stands for the engine's objects: remembers the rules that it is given. */
class Recorder extends EventEmitter {
  readonly rules: Record<string, (...values: unknown[]) => unknown> = {};
  readonly record = (name: string) => (rule: (...values: unknown[]) => unknown) => {
    this.rules[name] = rule;
  };
}

function guardedContents() {
  const app = new EventEmitter();
  guardContents(app as unknown as App);
  const contents = Object.assign(new Recorder(), { setWindowOpenHandler: (_rule: () => unknown) => undefined as unknown, setWebRTCIPHandlingPolicy: vi.fn() });
  contents.setWindowOpenHandler = contents.record('open');
  app.emit('web-contents-created', {}, contents);
  return contents;
}

function isPrevented(contents: EventEmitter, name: string, event: object): boolean {
  const preventDefault = vi.fn();
  contents.emit(name, { ...event, preventDefault });
  return preventDefault.mock.calls.length > 0;
}

describe('every page', () => {
  const elsewhere = ['https://example.com/', 'app://other/', 'app://console.evil/', 'file:///etc/passwd', 'about:blank', 'data:text/html,x', 'javascript:1', ''];

  test.each(elsewhere)('does not leave for %j', (url) => {
    expect(isPrevented(guardedContents(), 'will-navigate', { url })).toBe(true);
    expect(isPrevented(guardedContents(), 'will-frame-navigate', { url, isMainFrame: true })).toBe(true);
  });

  test('may load itself again, but in no frame', () => {
    expect(isPrevented(guardedContents(), 'will-navigate', { url: 'app://console/' })).toBe(false);
    expect(isPrevented(guardedContents(), 'will-frame-navigate', { url: 'app://console/', isMainFrame: true })).toBe(false);
    expect(isPrevented(guardedContents(), 'will-frame-navigate', { url: 'app://console/', isMainFrame: false })).toBe(true);
  });

  test('opens no window, follows no redirect, embeds nothing, and keeps WebRTC off the network', () => {
    const contents = guardedContents();
    expect(contents.rules['open']?.({ url: 'app://console/' })).toEqual({ action: 'deny' });
    expect(isPrevented(contents, 'will-redirect', { url: 'app://console/' })).toBe(true);
    expect(isPrevented(contents, 'will-attach-webview', {})).toBe(true);
    expect(contents.setWebRTCIPHandlingPolicy).toHaveBeenCalledWith('disable_non_proxied_udp');
  });
});

describe('the session', () => {
  function guardedSession() {
    const session = new Recorder();
    const webRequest = { onBeforeRequest: session.record('request') };
    guardSession(
      Object.assign(session, {
        webRequest,
        setPermissionRequestHandler: session.record('ask'),
        setPermissionCheckHandler: session.record('check'),
        setDevicePermissionHandler: session.record('device'),
      }) as unknown as Session,
    );
    return session;
  }
  const asked = (permission: string, requestingUrl: string, isMainFrame = true): unknown => {
    let granted: unknown;
    guardedSession().rules['ask']?.(null, permission, (answer: boolean) => (granted = answer), { requestingUrl, isMainFrame });
    return granted;
  };

  test.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'display-capture', 'usb', 'serial', 'openExternal', 'fullscreen', 'unknown'])('denies %s', (permission) => {
    expect(asked(permission, 'app://console/')).toBe(false);
    expect(guardedSession().rules['check']?.(null, permission, 'app://console')).toBe(false);
  });

  test('lets our page copy to the clipboard, and nobody else', () => {
    expect(asked('clipboard-sanitized-write', 'app://console/')).toBe(true);
    expect(asked('clipboard-sanitized-write', 'app://console/', false)).toBe(false);
    expect(asked('clipboard-sanitized-write', 'https://example.com/')).toBe(false);
    expect(guardedSession().rules['check']?.(null, 'clipboard-sanitized-write', 'app://console')).toBe(true);
    expect(guardedSession().rules['check']?.(null, 'clipboard-sanitized-write', 'https://example.com')).toBe(false);
  });

  test.each([
    ['app://console/assets/a.js', false],
    ['data:image/png;base64,AA', false],
    ['https://example.com/', true],
    ['ws://127.0.0.1/', true],
    ['file:///etc/passwd', true],
    ['app://other/', true],
  ])('a request for %s: cancelled %s', (url, cancelled) => {
    let cancel: unknown;
    guardedSession().rules['request']?.({ url }, (answer: { cancel: boolean }) => (cancel = answer.cancel));
    expect(cancel).toBe(cancelled);
  });

  test('has no devices and no downloads', () => {
    const session = guardedSession();
    expect(session.rules['device']?.({})).toBe(false);
    expect(isPrevented(session, 'will-download', {})).toBe(true);
  });
});

test('the engine is given a proxy that nobody serves, also for this machine', () => {
  const switches: string[][] = [];
  denyNetwork({ commandLine: { appendSwitch: (...values: string[]) => void switches.push(values) } } as unknown as App);
  expect(switches).toContainEqual(['proxy-server', 'socks5://127.0.0.1:9']);
  expect(switches).toContainEqual(['proxy-bypass-list', '<-loopback>']);
});
