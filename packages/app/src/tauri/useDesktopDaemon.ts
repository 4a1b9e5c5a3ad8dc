/**
 * Keeps the desktop's daemon as React state: asked for once when the window opens and again when the person presses
 * Start it. Two asks never overlap. In a browser it is null and does nothing.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import { askForDaemon, isDesktop, onDaemonProgress, type DesktopState } from './desktop-daemon.js';

/** One ask for the whole page, so that strict mode's second mount joins the first one's. */
let underWay: Promise<DesktopState> | null = null;

function askOnce(): Promise<DesktopState> {
  underWay ??= askForDaemon().finally(() => {
    underWay = null;
  });
  return underWay;
}

export type DesktopDaemonHandle = {
  /** Null in a browser. */
  readonly state: DesktopState | null;
  /** Starts the daemon if none runs, and learns its address anew. Resolves when the answer is in the state. */
  readonly ask: () => Promise<void>;
};

export function useDesktopDaemon(): DesktopDaemonHandle {
  const desktop = isDesktop();
  const [state, setState] = useState<DesktopState | null>(
    desktop ? { kind: 'starting', step: '', elapsedMs: 0 } : null,
  );
  const mounted = useRef(true);

  const ask = useCallback(async () => {
    if (!isDesktop()) return;
    setState({ kind: 'starting', step: '', elapsedMs: 0 });
    const next = await askOnce();
    if (mounted.current) setState(next);
  }, []);

  useEffect(() => {
    mounted.current = true;
    if (!desktop) return undefined;
    void ask();
    const stop = onDaemonProgress((step, elapsedMs) => {
      setState((before) => (before?.kind === 'starting' ? { kind: 'starting', step, elapsedMs } : before));
    });
    return () => {
      mounted.current = false;
      stop();
    };
  }, [ask, desktop]);

  // The seconds go on between two steps, so that a long one does not look stuck.
  const starting = state?.kind === 'starting';
  useEffect(() => {
    if (!starting) return undefined;
    const timer = setInterval(() => {
      setState((before) =>
        before?.kind === 'starting' ? { ...before, elapsedMs: before.elapsedMs + 1000 } : before,
      );
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [starting]);

  return { state, ask };
}
