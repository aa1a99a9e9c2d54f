import { hostname, userInfo } from 'node:os';

/** Who acts: OS user and host as `user@host`; the user's number where the system knows no name for it. */
export function actorOf(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
