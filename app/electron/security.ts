import type { App, Session, WebContents } from 'electron';
import { ORIGIN } from './protocol.ts';

/** The only permission the page has: to copy an identifier when the user clicks "copy". It can not read the clipboard. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

const isOurs = (url: string): boolean => url === ORIGIN || url.startsWith(`${ORIGIN}/`);

/** Cuts the browser engine off the network below anything a page can do: name look-ups, prefetching. Node's own connections stay. */
export function denyNetwork(app: App): void {
  // A proxy that nobody serves (RFC 863, discard): the engine then asks no name server either.
  app.commandLine.appendSwitch('proxy-server', 'socks5://127.0.0.1:9');
  app.commandLine.appendSwitch('proxy-bypass-list', '<-loopback>');
}

/** Denies every web contents, now and later, to leave our page, to open windows and to embed other contents. */
export function guardContents(app: App): void {
  app.on('web-contents-created', (_event, contents: WebContents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
    contents.on('will-navigate', (event) => {
      if (!isOurs(event.url)) event.preventDefault();
    });
    contents.on('will-frame-navigate', (event) => {
      if (!event.isMainFrame || !isOurs(event.url)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
}

/** Denies permissions, devices, downloads and every request that is not for our own files. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, callback, details) => {
    callback(permission === ALLOWED_PERMISSION && details.isMainFrame && isOurs(details.requestingUrl));
  });
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin) => permission === ALLOWED_PERMISSION && isOurs(requestingOrigin));
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest((details, callback) => {
    callback({ cancel: !isOurs(details.url) && !details.url.startsWith('data:') && !details.url.startsWith('devtools:') });
  });
}
