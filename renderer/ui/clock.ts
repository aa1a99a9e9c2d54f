import { useSyncExternalStore } from 'react';

/** How often relative times are told anew, in milliseconds. */
const TICK = 15_000;

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time of day for words such as "4 min ago": one clock for the whole window. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
