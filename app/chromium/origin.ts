/**
 * A browser has no schemes of one's own: `app://console/x` is served as `https://console.app.invalid/x`, a secure
 * origin on a top-level domain that can not exist (RFC 2606), and never reaches the network.
 */
const WEB = /^https:\/\/([a-z0-9-]+)\.([a-z][a-z0-9+-]*)\.invalid(\/.*)?$/;
const OWN = /^([a-z][a-z0-9+-]*):\/\/([a-z0-9-]+)(\/.*)?$/;

const schemes = new Set<string>();

/** Declares that URLs of `scheme` are carried this way. */
export function addScheme(scheme: string): void {
  schemes.add(scheme);
}

/** `app://console/x` → `https://console.app.invalid/x`; any other URL stays as it is. */
export function toWeb(url: string): string {
  const match = OWN.exec(url);
  return match?.[1] !== undefined && schemes.has(match[1]) ? `https://${match[2]}.${match[1]}.invalid${match[3] ?? '/'}` : url;
}

/** `https://console.app.invalid/x` → `app://console/x`; any other URL stays as it is. */
export function fromWeb(url: string): string {
  const match = WEB.exec(url);
  return match?.[2] !== undefined && schemes.has(match[2]) ? `${match[2]}://${match[1]}${match[3] ?? ''}` : url;
}
