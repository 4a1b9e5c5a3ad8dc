/** Paste into the shown terminal: from the page's paste event, or from a key where the platform sends none. */
import { useCallback, useEffect, useRef } from 'react';
import { useNotice } from '../state/notice.js';
import { useWindow } from '../state/window.js';
import { readText } from './clipboard.js';
import { decidePaste, pasteBytes } from './paste.js';
import type { TerminalSession } from './terminal-session.js';

/** Time for the platform's own paste to follow its key, in ms: 50. It comes in the same turn where it comes. */
const OWN_PASTE_MS = 50;

export type PasteHandle = {
  /** Text that was pasted. */
  readonly take: (text: string) => void;
  /** A paste key was pressed: reads the clipboard unless the platform's own paste follows. */
  readonly fromKey: () => void;
  /** The person has agreed to paste these lines. */
  readonly confirm: (text: string) => void;
};

export function usePaste(session: TerminalSession | null): PasteHandle {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  const stopWaiting = useCallback(() => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
  }, []);
  useEffect(() => stopWaiting, [stopWaiting]);

  const confirm = useCallback(
    (text: string) => {
      if (session === null) return;
      session.type(pasteBytes(text, session.bracketedPaste));
      session.scrollToBottom();
    },
    [session],
  );

  const take = useCallback(
    (text: string) => {
      stopWaiting();
      if (session === null) return;
      const decision = decidePaste(text, session.bracketedPaste);
      switch (decision.kind) {
        case 'nothing':
          return;
        case 'paste':
          confirm(text);
          return;
        case 'ask':
          useWindow
            .getState()
            .show({ kind: 'paste', terminalId: session.terminalId, text, lines: decision.lines });
          return;
        case 'too-large': {
          const { say, dismiss } = useNotice.getState();
          say({ text: 'Not pasted: the text is over 16 million characters.', dismiss });
        }
      }
    },
    [session, confirm, stopWaiting],
  );

  const fromKey = useCallback(() => {
    stopWaiting();
    timer.current = setTimeout(() => {
      void readText().then((text) => {
        if (text !== null) {
          take(text);
          return;
        }
        const { say, dismiss } = useNotice.getState();
        say({ text: 'Not pasted: this window may not read the clipboard.', dismiss });
      });
    }, OWN_PASTE_MS);
  }, [take, stopWaiting]);

  return { take, fromKey, confirm };
}
