/** What each command of the keyboard does in this window. */
import { useCallback } from 'react';
import { DEFAULT_FONT_SIZE } from './limits.js';
import { useNotice } from './state/notice.js';
import { neighbour } from './state/selection.js';
import { boundedFontSize, useSettings } from './state/settings.js';
import type { TerminalsHandle } from './state/useTerminals.js';
import { useWindow } from './state/window.js';
import { copyText } from './terminal/clipboard.js';
import { shiftEnterBytes } from './terminal/shift-enter.js';
import type { CommandRunner } from './useCommands.js';
import { useNarrow } from './useNarrow.js';

export function useCommandRunner(terminals: TerminalsHandle, onPasteKey: () => void): CommandRunner {
  const narrow = useNarrow();
  return useCallback(
    (command) => {
      const win = useWindow.getState();
      if (win.overlay !== null) return false;
      const { session, list } = terminals;
      const ids = list.terminals.map(({ terminalId }) => terminalId);
      const activeId = session?.terminalId ?? null;
      const go = (terminalId: string | null): boolean => {
        if (terminalId !== null) terminals.choose(terminalId);
        return true;
      };
      const zoom = (size: number): boolean => {
        useSettings.getState().change({ fontSize: boundedFontSize(size) });
        return true;
      };
      switch (command.name) {
        case 'new-terminal':
          terminals.create();
          return true;
        case 'close-terminal':
          if (activeId !== null) terminals.close(activeId);
          return true;
        case 'next-terminal':
          return go(neighbour(activeId, ids, 1));
        case 'previous-terminal':
          return go(neighbour(activeId, ids, -1));
        case 'go-to-terminal':
          return go(ids[command.index] ?? null);
        case 'rename-terminal':
          if (activeId === null || !ids.includes(activeId)) return false;
          if (narrow) win.setSheetOpen(true);
          else win.setSidebarOpen(true);
          win.rename(activeId);
          return true;
        case 'copy': {
          const text = session?.selection ?? '';
          if (text === '') return true;
          void copyText(text).then((copied) => {
            const { say, dismiss } = useNotice.getState();
            if (!copied) say({ text: 'Not copied: this window may not write the clipboard.', dismiss });
            session?.focus();
          });
          return true;
        }
        case 'paste':
          onPasteKey();
          return true;
        case 'zoom-in':
          return zoom(useSettings.getState().fontSize + 1);
        case 'zoom-out':
          return zoom(useSettings.getState().fontSize - 1);
        case 'zoom-reset':
          return zoom(DEFAULT_FONT_SIZE);
        case 'toggle-sidebar':
          if (narrow) win.setSheetOpen(!win.sheetOpen);
          else win.setSidebarOpen(!win.sidebarOpen);
          return true;
        case 'settings':
          win.show({ kind: 'settings' });
          return true;
        case 'shift-enter':
          session?.type(shiftEnterBytes(useSettings.getState().shiftEnter));
          return true;
      }
    },
    [terminals, onPasteKey, narrow],
  );
}
