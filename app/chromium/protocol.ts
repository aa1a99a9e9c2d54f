import type { Protocol } from 'electron';
import { addScheme } from './origin.ts';

type Handler = Parameters<Protocol['handle']>[1];

const handlers = new Map<string, Handler>();

export const protocol = {
  registerSchemesAsPrivileged: (schemes) => {
    for (const { scheme } of schemes) addScheme(scheme);
  },
  handle: (scheme, handler) => {
    handlers.set(scheme, handler);
  },
  isProtocolHandled: (scheme) => handlers.has(scheme),
} satisfies Pick<Protocol, 'registerSchemesAsPrivileged' | 'handle' | 'isProtocolHandled'>;

/** The answer of the scheme's handler; null where the scheme has none. */
export async function respond(url: string, method: string): Promise<Response | null> {
  const handler = handlers.get(url.slice(0, url.indexOf(':')));
  return handler === undefined ? null : await handler(new Request(url, { method }) as Parameters<Handler>[0]);
}
