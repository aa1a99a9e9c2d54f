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

/** Single keys of the page; left alone while something is being typed or a dialog is open. */
export function usePlainKeys(acts: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      const act = acts[event.key];
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey || typing || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [acts]);
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
