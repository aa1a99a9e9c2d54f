import { EventEmitter } from 'node:events';
import type { Session, WebRequest } from 'electron';
import type { BrowserContext } from 'playwright-core';
import { fromWeb } from './origin.ts';

type CheckHandler = Parameters<Session['setPermissionCheckHandler']>[0];
type BeforeRequest = (
  details: { url: string },
  callback: (response: { cancel?: boolean }) => void,
) => void;

/** The permissions that an allowing check can grant, by Electron's name and by the driver's. All others are always denied. */
const GRANTABLE = [['clipboard-sanitized-write', 'clipboard-write']] as const;

let userAgent = '';
let checkHandler: CheckHandler = null;
let beforeRequest: BeforeRequest | null = null;

const webRequest = {
  onBeforeRequest: (first: unknown, second?: unknown) => {
    beforeRequest = (typeof first === 'function' ? first : second) as BeforeRequest | null;
  },
} satisfies Pick<WebRequest, 'onBeforeRequest'>;

class DefaultSession extends EventEmitter implements Pick<Session, 'setPermissionCheckHandler' | 'setPermissionRequestHandler' | 'setDevicePermissionHandler' | 'getUserAgent'> {
  readonly webRequest = webRequest;

  getUserAgent(): string {
    return userAgent;
  }

  setPermissionCheckHandler(handler: CheckHandler): void {
    checkHandler = handler;
  }

  /** Nobody is ever asked here: what the check does not allow is denied before a request is made. */
  setPermissionRequestHandler(): void {}

  /** Devices are always denied here. */
  setDevicePermissionHandler(): void {}
}

const defaultSession = new DefaultSession();

export const session = { defaultSession };

/** Whether the session's rule lets a request for `url` through. */
export function isRequestAllowed(url: string): boolean {
  let allowed = true;
  beforeRequest?.({ url }, (response) => {
    allowed = response.cancel !== true;
  });
  return allowed;
}

/** Tells the browser which permissions the page of `webOrigin` has by the check handler; it then denies all others, to everybody. */
export async function applyPermissions(context: BrowserContext, webOrigin: string): Promise<void> {
  const origin = fromWeb(webOrigin);
  const details = { isMainFrame: true, requestingUrl: `${origin}/` };
  const granted = GRANTABLE.filter(([name]) => checkHandler?.(null, name, origin, details) === true).map(([, name]) => name);
  await context.grantPermissions([]);
  await context.grantPermissions(granted, { origin: webOrigin });
}

export function setUserAgent(version: string): void {
  userAgent = `Mozilla/5.0 Chrome/${version}`;
}
