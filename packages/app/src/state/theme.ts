/**
 * Dark or light, by the person's setting or the system: written to `data-theme` of the document, where the tokens
 * read it. Followed from before the first frame, so that no window opens in the wrong one.
 */
import { useSettings } from './settings.js';

export type Theme = 'dark' | 'light';

const system = window.matchMedia('(prefers-color-scheme: light)');
const listeners = new Set<() => void>();

/** The theme in force. */
export function currentTheme(): Theme {
  const { theme } = useSettings.getState();
  if (theme !== 'system') return theme;
  return system.matches ? 'light' : 'dark';
}

function apply(): void {
  document.documentElement.dataset['theme'] = currentTheme();
  for (const listener of listeners) listener();
}

/** Begins to follow. Called once, when the page starts. */
export function followTheme(): void {
  apply();
  system.addEventListener('change', apply);
  useSettings.subscribe((now, before) => {
    if (now.theme !== before.theme) apply();
  });
}

/** Calls back after each change of the theme in force. Returns its own unsubscriber. */
export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
