import type { Client, Host } from 'cassandra-driver';

/**
 * Ends the connections of nodes that the driver replaced. Where no node answered for long, the driver (4.10.0) knows the
 * nodes anew once they are back, and forgets the former ones without closing them: those go on connecting by
 * themselves, beyond the driver's own shutdown, and keep the process from ending.
 */
export function closeReplacedHosts(client: Client): void {
  client.hosts.on('remove', (host: Host & { readonly shutdown?: (waitForPending: boolean) => Promise<void> }) => {
    // No part of the driver's declared interface; its own shutdown does the same.
    host.shutdown?.(false).catch(() => undefined);
  });
}
