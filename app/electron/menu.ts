import { Menu, type MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  /** Asks the window to show the page at `route`. */
  navigate(route: string): void;
  /** Zeroes the plain keys now. */
  lock(): void;
}

const PAGES: readonly (readonly [label: string, route: string])[] = [
  ['Overview', '/'],
  ['Master keys', '/keys'],
  ['Activate', '/activate'],
  ['Data', '/data'],
  ['Audit', '/audit'],
  ['Settings', '/settings'],
];

/** Sets the application menu: pages, lock, editing and zoom; nothing that reloads, opens or inspects. */
export function setMenu(actions: MenuActions, platform: NodeJS.Platform = process.platform): void {
  const template: MenuItemConstructorOptions[] = [
    ...(platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    {
      label: 'Console',
      submenu: [
        { label: 'Lock now', accelerator: 'CommandOrControl+Shift+L', click: () => actions.lock() },
        { type: 'separator' },
        { role: platform === 'darwin' ? 'close' : 'quit' },
      ],
    },
    { role: 'editMenu' },
    { label: 'Go', submenu: PAGES.map(([label, route]) => ({ label, click: () => actions.navigate(route) })) },
    {
      label: 'View',
      submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' }],
    },
    { role: 'windowMenu' },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
