/**
 * The terminals of this window: the daemon's list, the session that is shown, and what a person does with them. Makes
 * the first terminal by itself when the list is empty at the first connection after the window opened, once.
 */
import type { DaemonClientV2, TerminalListSnapshot } from '@holdfast/client';
import type { TerminalInfo } from '@holdfast/protocol';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore, type RefObject } from 'react';
import { diagnose } from '../diagnostics/diagnostics.js';
import { cellsIn, measureCell } from '../terminal/cell-size.js';
import { openLink } from '../terminal/links.js';
import { runningProgram } from '../terminal/programs.js';
import type { TerminalSession } from '../terminal/terminal-session.js';
import { TerminalSessions } from '../terminal/terminal-sessions.js';
import { terminalFont } from '../terminal/terminal-theme.js';
import { closeTerminal } from './close-terminal.js';
import { useNotice } from './notice.js';
import { shownAfter } from './selection.js';
import { useSettings } from './settings.js';
import { useWindow } from './window.js';

const NO_LIST: TerminalListSnapshot = { terminals: [], revision: 0, current: false };
const nothing = (): void => undefined;

/** Where no window has been laid out yet, a terminal has the size of a VT100's screen. */
const DEFAULT_SIZE = { cols: 80, rows: 24 };

export type TerminalsHandle = {
  readonly list: TerminalListSnapshot;
  /** The terminal that is shown, or whose last screen is; null for none. */
  readonly session: TerminalSession | null;
  readonly create: () => void;
  /** Chosen by the person: shown, focused, and sized by this window. */
  readonly choose: (terminalId: string) => void;
  readonly rename: (terminalId: string, title: string) => void;
  /** Asks first where a program is running. */
  readonly close: (terminalId: string) => void;
  readonly closeNow: (terminalId: string) => void;
  /** How much of a terminal's output this window has drawn, in bytes; 0 where it keeps no screen of it. */
  readonly drawnOffset: (terminalId: string) => number;
  /** Leaves the kept screen of a terminal that is gone. */
  readonly leaveGone: () => void;
};

function sayFailure(doing: string): (error: unknown) => void {
  return (error) => {
    const message = error instanceof Error ? error.message : String(error);
    const { say, dismiss } = useNotice.getState();
    say({ text: `${doing}: ${message}`, dismiss });
  };
}

export function useTerminals(
  client: DaemonClientV2 | null,
  room: RefObject<HTMLElement | null>,
): TerminalsHandle {
  const subscribe = useCallback(
    (listener: () => void) => client?.terminals.subscribe(listener) ?? nothing,
    [client],
  );
  const list = useSyncExternalStore(subscribe, () => client?.terminals.getSnapshot() ?? NO_LIST);
  const sessions = useSessions(client);
  const activeId = useWindow((state) => state.activeId);
  const [session, setSession] = useState<TerminalSession | null>(null);
  const former = useRef<readonly string[]>([]);
  /** The person's choice that still waits for its session. */
  const chosen = useRef<string | null>(null);
  const begun = useRef(false);

  const select = useCallback((terminalId: string | null) => {
    useWindow.getState().select(terminalId);
  }, []);

  const choose = useCallback(
    (terminalId: string) => {
      chosen.current = terminalId;
      const shown = sessions?.shown;
      if (shown?.terminalId === terminalId) {
        shown.used();
        shown.focus();
        chosen.current = null;
      }
      select(terminalId);
    },
    [sessions, select],
  );

  const create = useCallback(() => {
    if (client === null) return;
    const settings = useSettings.getState();
    const box = room.current;
    const cell = measureCell(terminalFont(settings.fontFamily), settings.fontSize);
    const size = (box === null ? null : cellsIn(box.clientWidth, box.clientHeight, cell)) ?? DEFAULT_SIZE;
    client
      .request('terminal.create', size)
      .then(({ terminal }) => {
        choose(terminal.terminalId);
      })
      .catch(sayFailure('No new terminal'));
  }, [client, room, choose]);

  // The first list of this window decides whether a first terminal is made.
  useEffect(() => {
    if (!list.current || begun.current) return;
    begun.current = true;
    if (list.terminals.length === 0) create();
  }, [list, create]);

  // Which terminal is shown follows from the choice and from what the daemon has.
  useEffect(() => {
    if (sessions === null) {
      setSession(null);
      return;
    }
    const ids = list.terminals.map(({ terminalId }) => terminalId);
    if (list.current) {
      const kept = activeId === null ? undefined : sessions.get(activeId);
      const stays = kept !== undefined && kept.getSnapshot().gone?.how === 'lost';
      const waiting = chosen.current === activeId && activeId !== null;
      const next = stays || waiting ? activeId : shownAfter(activeId, former.current, ids);
      former.current = ids;
      if (next !== activeId) {
        select(next);
        return;
      }
      sessions.keepOnly(new Set(ids));
    } else if (activeId !== null && sessions.get(activeId) === undefined && !ids.includes(activeId)) {
      // Nothing is known about it yet: the list will say.
      return;
    }
    const shown = sessions.show(activeId);
    setSession(shown);
    if (shown !== null && chosen.current === activeId) {
      chosen.current = null;
      shown.used();
    }
  }, [sessions, list, activeId, select]);

  // A newly shown terminal has the focus, and in a window that the person looks at it has this window's size.
  useEffect(() => {
    if (session === null) return;
    if (document.visibilityState === 'visible') session.used();
    const { overlay, renamingId } = useWindow.getState();
    if (overlay === null && renamingId === null) session.focus();
  }, [session]);

  const rename = useCallback(
    (terminalId: string, title: string) => {
      client?.request('terminal.rename', { terminalId, title }).catch(sayFailure('Not renamed'));
    },
    [client],
  );

  const closeNow = useCallback(
    (terminalId: string) => {
      if (client !== null) closeTerminal(client, terminalId).catch(sayFailure('Not closed'));
    },
    [client],
  );

  const close = useCallback(
    (terminalId: string) => {
      const info: TerminalInfo | undefined = list.terminals.find((entry) => entry.terminalId === terminalId);
      if (info === undefined) return;
      if (runningProgram(info) === null) closeNow(terminalId);
      else useWindow.getState().show({ kind: 'close-terminal', terminalId });
    },
    [list, closeNow],
  );

  const leaveGone = useCallback(() => {
    select(list.terminals[0]?.terminalId ?? null);
  }, [list, select]);

  const drawnOffset = useCallback(
    (terminalId: string) => sessions?.get(terminalId)?.drawnOffset ?? 0,
    [sessions],
  );

  return { drawnOffset, list, session, create, choose, rename, close, closeNow, leaveGone };
}

function useSessions(client: DaemonClientV2 | null): TerminalSessions | null {
  const [sessions, setSessions] = useState<TerminalSessions | null>(null);
  useEffect(() => {
    const made = new TerminalSessions({
      openLink,
      onRefused: (why) => {
        const { say, dismiss, refuse } = useNotice.getState();
        refuse();
        if (why === 'ended')
          say({ text: 'Nothing was typed: the program in this terminal has ended.', dismiss });
      },
      onInputFailed: ({ code, message }) => {
        const { say, dismiss } = useNotice.getState();
        const lost = code === 'connection_lost' || code === 'not_connected';
        say({ text: lost ? 'What you typed last may not have arrived.' : `Not typed: ${message}`, dismiss });
      },
    });
    setSessions(made);
    return () => {
      setSessions(null);
      made.dispose();
    };
  }, []);

  useEffect(() => {
    if (sessions === null) return undefined;
    sessions.connect(client);
    diagnose(client === null ? null : { client, sessions });
    return () => {
      diagnose(null);
    };
  }, [sessions, client]);
  return sessions;
}
