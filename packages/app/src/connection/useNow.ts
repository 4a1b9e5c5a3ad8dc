/**
 * The present time (epoch ms) for sentences whose numbers run. It changes at the moments at which the words do, and
 * not at all while nothing runs.
 */
import { useEffect, useState } from 'react';
import { QUIET_CONNECT_MS } from '../limits.js';
import type { ConnectionView } from './connection-view.js';

/** Ms until the words of this state change by themselves; null where they do not. */
export function untilNextChange(view: ConnectionView, nowMs: number): number | null {
  switch (view.kind) {
    case 'connecting': {
      const left = view.sinceMs + QUIET_CONNECT_MS - nowMs;
      return left > 0 ? left : null;
    }
    case 'connected':
      return view.stalledSinceMs === null ? null : 1000 - (Math.max(0, nowMs - view.stalledSinceMs) % 1000);
    case 'retrying': {
      if (view.nextRetryAtMs === null) return null;
      const left = view.nextRetryAtMs - nowMs;
      // The number is rounded up, so it changes just after each whole second that is left.
      return left <= 0 ? null : (left % 1000) + 1;
    }
    case 'starting':
    case 'start-failed':
    case 'stopped':
    case 'refused':
      return null;
  }
}

/** Renders again whenever the words of this state change. `fixedMs` holds the time still (for the gallery). */
export function useNow(view: ConnectionView, fixedMs: number | null): number {
  const [, changed] = useState(0);
  const nowMs = fixedMs ?? Date.now();
  const wait = fixedMs === null ? untilNextChange(view, nowMs) : null;
  useEffect(() => {
    if (wait === null) return undefined;
    const timer = setTimeout(() => {
      changed((count) => count + 1);
    }, wait);
    return () => {
      clearTimeout(timer);
    };
  });
  return nowMs;
}
