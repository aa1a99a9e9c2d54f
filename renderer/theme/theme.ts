import { useEffect, useSyncExternalStore } from 'react';
import type { Preferences } from '../../app/contract/settings.ts';

export type ThemeName = Preferences['theme'];
export type ShownTheme = Exclude<ThemeName, 'system'>;

const REMEMBERED = 'theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const contrast = matchMedia('(prefers-contrast: more)');

/** What `theme` means on this screen now. */
export function shownTheme(theme: ThemeName): ShownTheme {
  if (theme !== 'system') return theme;
  if (contrast.matches) return 'high-contrast';
  return dark.matches ? 'dark' : 'light';
}

/** The theme of the last time, so that the first paint already has it; preferences arrive later. */
export function rememberedTheme(): ThemeName {
  const name = localStorage.getItem(REMEMBERED);
  return name === 'light' || name === 'dark' || name === 'high-contrast' ? name : 'system';
}

/** Puts `theme` on the document. */
export function showTheme(theme: ThemeName): void {
  const shown = shownTheme(theme);
  document.documentElement.dataset['theme'] = shown;
  document.documentElement.dataset['mantineColorScheme'] = shown === 'light' ? 'light' : 'dark';
  localStorage.setItem(REMEMBERED, theme);
}

function followSystem(changed: () => void): () => void {
  dark.addEventListener('change', changed);
  contrast.addEventListener('change', changed);
  return () => {
    dark.removeEventListener('change', changed);
    contrast.removeEventListener('change', changed);
  };
}

/** Keeps the document in `theme`, and in step with the system where that is the choice. */
export function useTheme(theme: ThemeName): ShownTheme {
  const shown = useSyncExternalStore(followSystem, () => shownTheme(theme));
  useEffect(() => showTheme(theme), [theme, shown]);
  return shown;
}
