import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AppError } from '../../errors.ts';
import { unreachable } from './errors.ts';
import { parseContactPoint, type Endpoint } from './settings.ts';

/** Where the contact points lead. */
export interface Resolved {
  /** Addresses, in the order of the contact points, each once. */
  readonly endpoints: readonly Endpoint[];
  /** For each address the names that led to it. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** Contact points that led nowhere. */
  readonly unknown: readonly string[];
}

/**
 * Looks the contact points' names up. One that leads somewhere is enough.
 * @throws AppError `INPUT_INVALID` for what is no contact point, `DATABASE_UNREACHABLE` where none leads anywhere
 */
export async function resolveContactPoints(contactPoints: readonly string[]): Promise<Resolved> {
  const endpoints = new Map<string, Endpoint>();
  const names = new Map<string, string[]>();
  const unknown: string[] = [];
  let cause: unknown;
  for (const contactPoint of contactPoints) {
    const { host, port } = parsed(contactPoint);
    try {
      const addresses = isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host];
      for (const address of addresses) {
        endpoints.set(`${address} ${port}`, { host: address, port });
        if (address !== host) names.set(address, [...(names.get(address) ?? []), host]);
      }
    } catch (error) {
      cause = error;
      unknown.push(contactPoint);
    }
  }
  if (endpoints.size === 0) throw unreachable({ contactPoints: [...contactPoints], unknown }, cause);
  return { endpoints: [...endpoints.values()], names, unknown };
}

function parsed(contactPoint: string): Endpoint {
  const endpoint = parseContactPoint(contactPoint);
  if (endpoint !== null) return endpoint;
  throw new AppError('INPUT_INVALID', `"${contactPoint}" is no contact point. Nothing was opened.`, 'Write it as host or host:port.', {
    details: { contactPoint },
  });
}
