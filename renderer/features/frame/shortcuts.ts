import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';

const PLACES: Readonly<Record<string, '/' | '/keys' | '/data' | '/kms' | '/rekey' | '/nodes' | '/regions' | '/configuration' | '/audit' | '/settings' | '/activate'>> = {
  o: '/',
  k: '/keys',
  d: '/data',
  m: '/kms',
  r: '/rekey',
  e: '/nodes',
  i: '/regions',
  c: '/configuration',
  a: '/audit',
  s: '/settings',
  n: '/activate',
};

/** How long `g` waits for its second key, in milliseconds. */
const SEQUENCE = 1200;

export interface Shortcuts {
  readonly palette: () => void;
  readonly help: () => void;
  readonly lock: () => void;
}

/** The keys that work on every page. Single letters are left alone while something is being typed. */
export function useShortcuts({ palette, help, lock }: Shortcuts): void {
  const navigate = useNavigate();
  useEffect(() => {
    let armed = 0;
    const onKeyDown = (event: KeyboardEvent): void => {
      const command = event.ctrlKey || event.metaKey;
      if (command && event.key.toLowerCase() === 'k') palette();
      else if (command && event.shiftKey && event.key.toLowerCase() === 'l') lock();
      else if (command || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
      else if (event.key === '?') help();
      else if (event.key === '/') focusFilter();
      else if (event.key === 'g') {
        armed = event.timeStamp;
        return;
      } else {
        const place = PLACES[event.key];
        if (place === undefined || event.timeStamp - armed > SEQUENCE) return;
        armed = 0;
        void navigate({ to: place });
      }
      event.preventDefault();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [navigate, palette, help, lock]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function focusFilter(): void {
  document.querySelector<HTMLElement>('[data-page-filter] input, input[data-page-filter]')?.focus();
}
