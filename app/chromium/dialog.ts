import { existsSync } from 'node:fs';
import { isAbsolute, parse, join } from 'node:path';
import type { BaseWindow, Dialog, OpenDialogOptions, SaveDialogOptions } from 'electron';

/**
 * There are no file dialogs here. Opening is answered as if cancelled (the window has a field for the path); saving
 * goes to the suggested place, under a name that is still free.
 */
export const dialog = {
  showOpenDialog: (_window: BaseWindow | OpenDialogOptions, _options?: OpenDialogOptions) => Promise.resolve({ canceled: true, filePaths: [] }),
  showSaveDialog: (first: BaseWindow | SaveDialogOptions, second?: SaveDialogOptions) => {
    const suggested = (second ?? (first as SaveDialogOptions)).defaultPath;
    if (suggested === undefined || !isAbsolute(suggested)) return Promise.resolve({ canceled: true, filePath: '' });
    return Promise.resolve({ canceled: false, filePath: freeName(suggested) });
  },
} satisfies Pick<Dialog, 'showOpenDialog' | 'showSaveDialog'>;

function freeName(file: string): string {
  const { dir, name, ext } = parse(file);
  for (let number = 2, free = file; ; number += 1) {
    if (!existsSync(free)) return free;
    free = join(dir, `${name}-${number}${ext}`);
  }
}
