/** Keeps what the person has seen up to date with the list, the shown terminal, and whether the window is looked at. */
import type { TerminalListSnapshot } from '@holdfast/client';
import { useEffect, useRef, useState } from 'react';
import { useSeen } from './seen.js';

export function useTrackSeen(list: TerminalListSnapshot, shownId: string | null, epoch: string | null): void {
  const [visible, setVisible] = useState(document.visibilityState === 'visible');
  const known = useRef<string | null>(null);

  useEffect(() => {
    const onChange = (): void => {
      setVisible(document.visibilityState === 'visible');
    };
    document.addEventListener('visibilitychange', onChange);
    return () => {
      document.removeEventListener('visibilitychange', onChange);
    };
  }, []);

  useEffect(() => {
    if (!list.current || epoch === null) return;
    const { take, forget } = useSeen.getState();
    const first = known.current !== epoch;
    if (first) forget();
    known.current = epoch;
    take(list.terminals, visible ? shownId : null, first);
  }, [list, shownId, epoch, visible]);
}
