const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether a host is this machine itself by its very name: what goes there in plain text crosses no network. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
