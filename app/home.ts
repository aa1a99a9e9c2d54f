import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const FOLDER = 'fabric-key-console';

/**
 * The folder that holds the profiles, the demo cluster and the logs: `FKC_HOME`, else the platform's data folder
 * (XDG Base Directory specification on Linux, Application Support on macOS, the roaming profile on Windows).
 */
export function homeFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  user: string = homedir(),
): string {
  const own = environment['FKC_HOME'];
  if (own !== undefined && own !== '') return own;
  if (platform === 'win32') return join(environment['APPDATA'] || join(user, 'AppData', 'Roaming'), FOLDER);
  if (platform === 'darwin') return join(user, 'Library', 'Application Support', FOLDER);
  return join(environment['XDG_DATA_HOME'] || join(user, '.local', 'share'), FOLDER);
}

/** A path as a person types it, made whole: `~/` is the user's own folder; the rest starts where the program was started. */
export function wholePath(typed: string, user: string = homedir()): string {
  return /^~[/\\]/.test(typed) ? join(user, typed.slice(2)) : resolve(typed);
}
