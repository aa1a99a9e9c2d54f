import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

export const SCHEME = 'app';
export const HOST = 'console';
export const ORIGIN = `${SCHEME}://${HOST}`;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/**
 * What the page may do: load its own scripts, styles, fonts and pictures. No network at all: everything goes over the
 * bridge. `sandbox` takes away new windows, downloads and modal dialogs in the engine itself.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  'sandbox allow-scripts allow-same-origin allow-forms',
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), display-capture=(), clipboard-read=()',
  'cache-control': 'no-store',
};

/**
 * Answers `app://console/…` from the files in `root`; `/` is index.html. Everything outside `root`, another host,
 * another method and unknown kinds of file are refused, with the same headers as any answer.
 */
export function serve(root: string): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405);
    const file = fileFor(root, request.url);
    const type = file === null ? undefined : TYPES[extname(file)];
    const body = file === null || type === undefined ? null : await readFile(file).catch(() => null);
    if (body === null || type === undefined) return refusal(404);
    return new Response(body, { headers: { ...HEADERS, 'content-type': type } });
  };
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' } });
}

/** The file inside `root` that `url` means, or null for a URL that means none. */
export function fileFor(root: string, url: string): string | null {
  let path: string;
  try {
    const parsed = new URL(url);
    if (parsed.protocol !== `${SCHEME}:` || parsed.host !== HOST) return null;
    path = decodeURIComponent(parsed.pathname);
  } catch {
    return null;
  }
  if (/[\0\\:]/.test(path) || path.split('/').includes('..')) return null;
  const file = join(root, path === '/' ? 'index.html' : path);
  return file.startsWith(root.endsWith(sep) ? root : root + sep) ? file : null;
}
