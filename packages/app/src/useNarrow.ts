/** Whether the window is so narrow that the sidebar is a sheet. */
import { useSyncExternalStore } from 'react';
import { SHEET_BELOW_PX } from './limits.js';

const query = window.matchMedia(`(max-width: ${String(SHEET_BELOW_PX - 1)}px)`);

function subscribe(listener: () => void): () => void {
  query.addEventListener('change', listener);
  return () => {
    query.removeEventListener('change', listener);
  };
}

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
