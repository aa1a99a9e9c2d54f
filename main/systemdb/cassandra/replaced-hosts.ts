import type { Client, Host } from 'cassandra-driver';

/**
 * Remembers the nodes that the driver replaced. Where no node answered for long, the driver (4.10.0) knows the nodes anew
 * once they are back, and forgets the former ones without closing them: those go on connecting by themselves, beyond the
 * driver's own shutdown, and keep the process from ending. One that is closed while the driver still comes back by it
 * keeps the driver from ever coming back: so all of them are closed at the end only.
 * @returns closes them
 */
export function replacedHosts(client: Client): () => void {
  const replaced = new Set<Host & { readonly shutdown?: (waitForPending: boolean) => Promise<void> }>();
  client.hosts.on('remove', (host: Host) => replaced.add(host));
  return () => {
    // No part of the driver's declared interface; its own shutdown does the same.
    for (const host of replaced) host.shutdown?.(false).catch(() => undefined);
  };
}
