import type { HostActions } from './host-actions.ts';
import type { HandlersOf } from './index.ts';

export function fileHandlers(host: HostActions): HandlersOf<'files'> {
  return {
    'files.save': async ({ name, base64 }) => ({ file: await host.saveFile(name, Buffer.from(base64, 'base64')) }),
  };
}
