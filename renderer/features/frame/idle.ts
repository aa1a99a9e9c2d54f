import { useEffect } from 'react';
import { ask } from '../../api.ts';

/** How often main is told that somebody is at work, at most, in milliseconds. */
const EVERY = 30_000;
const INPUT = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const;

/** Restarts main's idle clock while there is input. */
export function useActivity(): void {
  useEffect(() => {
    let told = -Infinity;
    const onInput = (event: Event): void => {
      if (event.timeStamp - told < EVERY) return;
      told = event.timeStamp;
      // Nothing follows from a touch that fails: the clock just runs on.
      ask((c) => c.session.touch()).catch(() => undefined);
    };
    for (const kind of INPUT) window.addEventListener(kind, onInput, { passive: true, capture: true });
    return () => {
      for (const kind of INPUT) window.removeEventListener(kind, onInput, { capture: true });
    };
  }, []);
}
