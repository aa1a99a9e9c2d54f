import type { Host } from '../contract/session.ts';

/** What only the window's host can do. */
export interface HostActions {
  info(): Host;
  /** A file dialog; null where the user chose none, or where this host has no dialogs. */
  chooseFile(purpose: 'keystore' | 'database' | 'config' | 'folder', create: boolean): Promise<string | null>;
  /** A save dialog; where this host has none, a free name in the folder of exports. Null where the user chose none. */
  chooseSaveFile(suggestedName: string): Promise<string | null>;
  /** Writes what a page exports to the place that {@link chooseSaveFile} gives; null where it gives none. */
  saveFile(suggestedName: string, bytes: Uint8Array): Promise<string | null>;
}
