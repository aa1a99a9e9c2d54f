import { useEffect, useSyncExternalStore } from 'react';

/** A key of a page, for the sheet that `?` opens. */
export interface PageKey {
  readonly keys: readonly string[];
  readonly does: string;
}

let pages: readonly (readonly PageKey[])[] = [];
const listeners = new Set<() => void>();

function change(next: typeof pages): void {
  pages = next;
  for (const listener of listeners) listener();
}

/** Tells the sheet of keys which ones the page has while it is shown. `keys` is a constant of the page. */
export function usePageKeys(keys: readonly PageKey[]): void {
  useEffect(() => {
    change([...pages, keys]);
    return () => change(pages.filter((other) => other !== keys));
  }, [keys]);
}

/** The keys of what is shown now. */
export function useShownKeys(): readonly PageKey[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => pages,
  ).flat();
}
