/** The window: the list at the left, the terminal, the status line at the bottom, one overlay at a time on top. */
import { useCallback, useEffect, useRef, useSyncExternalStore, type ReactElement } from 'react';
import { StatusLine, type Notice } from './connection/StatusLine.js';
import { statusOf, type StatusAction } from './connection/status-sentences.js';
import { useConnection } from './connection/useConnection.js';
import { EmptyState } from './EmptyState.js';
import { keyLabel } from './keymap.js';
import { Overlays } from './dialogs/Overlays.js';
import { Sidebar } from './sidebar/Sidebar.js';
import { ShowSidebarButton } from './sidebar/ShowSidebarButton.js';
import { endSentence, titleOf } from './sidebar/terminal-words.js';
import { useNotice } from './state/notice.js';
import { unseen, useSeen } from './state/seen.js';
import { useTrackSeen } from './state/useTrackSeen.js';
import { useTerminals } from './state/useTerminals.js';
import { useWindow } from './state/window.js';
import { platform, surface } from './surface.js';
import type { SessionSnapshot, TerminalSession } from './terminal/terminal-session.js';
import { TerminalView } from './terminal/TerminalView.js';
import { usePaste } from './terminal/usePaste.js';
import { useCommandRunner } from './useCommandRunner.js';
import { useCommands } from './useCommands.js';
import { useNarrow } from './useNarrow.js';
import { WindowFrame } from './WindowFrame.js';

const never = (): (() => void) => () => undefined;

function useSession(session: TerminalSession | null): SessionSnapshot | null {
  return useSyncExternalStore(session?.subscribe ?? never, () => session?.getSnapshot() ?? null);
}

export function App(): ReactElement {
  const connection = useConnection();
  const client = connection.handle?.client ?? null;
  const snapshot = connection.handle?.snapshot ?? null;
  const room = useRef<HTMLDivElement>(null);
  const terminals = useTerminals(client, room);
  const { session, list } = terminals;
  const shown = useSession(session);
  const win = useWindow();
  const { notice, refusals, say, dismiss } = useNotice();
  const marks = useSeen((state) => state.marks);
  const narrow = useNarrow();
  const paste = usePaste(session);
  const connected = snapshot?.state.kind === 'connected';
  const home = snapshot?.daemon?.home ?? null;
  const info = list.terminals.find(({ terminalId }) => terminalId === session?.terminalId);

  useTrackSeen(list, session?.terminalId ?? null, snapshot?.daemon?.epoch ?? null);
  useCommands(useCommandRunner(terminals, paste.fromKey));

  useEffect(() => {
    document.title = info === undefined ? 'Holdfast' : `${titleOf(info)} · Holdfast`;
  }, [info]);

  // A message about a key or a click ends with the next change of what is shown.
  useEffect(() => {
    dismiss();
  }, [session, dismiss]);

  const focusTerminal = useCallback(() => {
    session?.focus();
  }, [session]);

  const onAction = (action: StatusAction): void => {
    switch (action) {
      case 'details':
        win.show({ kind: 'details' });
        return;
      case 'show-log':
        win.show({ kind: 'log' });
        return;
      case 'how-to-allow-address':
        win.show({ kind: 'help', topic: 'allow-address' });
        return;
      case 'how-to-allow-origin':
        win.show({ kind: 'help', topic: 'allow-origin' });
        return;
      case 'how-to-get-in':
        win.show({ kind: 'help', topic: 'get-in' });
        return;
      case 'how-to-update':
        win.show({ kind: 'help', topic: 'update' });
        return;
      case 'cancel':
      case 'connect':
      case 'reconnect':
      case 'reconnect-now':
      case 'start-daemon':
      case 'stop-trying':
      case 'try-start-again':
        connection.act(action);
        // The button that was pressed goes away with the state, so the focus goes back to the terminal.
        focusTerminal();
    }
  };

  const behind =
    info === undefined || shown?.drawn !== true ? 0 : Math.max(0, info.outputOffset - shown.drawnOffset);
  const view = connection.viewOf(behind);
  const { tone } = statusOf(view, connection.names, Date.now());

  const lasting: Notice | null =
    shown?.gone?.how === 'lost'
      ? { text: `${shown.gone.why}.`, action: { label: 'Leave this screen', run: terminals.leaveGone } }
      : shown?.exit !== null && shown?.exit !== undefined && info !== undefined
        ? {
            text: endSentence(shown.exit.exitCode, shown.exit.signal),
            action: {
              label: 'Close terminal',
              run: () => {
                terminals.closeNow(info.terminalId);
              },
            },
          }
        : null;

  const sidebarShown = narrow ? win.sheetOpen : win.sidebarOpen;
  const setSidebarShown = narrow ? win.setSheetOpen : win.setSidebarOpen;
  const sidebar = (
    <Sidebar
      daemonName={connection.names.daemon}
      tone={tone}
      terminals={list.terminals}
      home={home}
      activeId={session?.terminalId ?? null}
      renamingId={win.renamingId}
      unseenOf={(entry) => unseen(entry, marks[entry.terminalId], terminals.drawnOffset(entry.terminalId))}
      platform={platform}
      surface={surface}
      canCreate={connected}
      onSelect={(terminalId) => {
        win.setSheetOpen(false);
        terminals.choose(terminalId);
      }}
      onRename={win.rename}
      onRenamed={(terminalId, title) => {
        win.rename(null);
        if (title !== null) terminals.rename(terminalId, title);
        if (!narrow) focusTerminal();
      }}
      onClose={(terminalId) => {
        win.setSheetOpen(false);
        terminals.close(terminalId);
        focusTerminal();
      }}
      onNew={() => {
        win.setSheetOpen(false);
        terminals.create();
      }}
      onSettings={() => {
        win.setSheetOpen(false);
        win.show({ kind: 'settings' });
      }}
      onCollapse={() => {
        setSidebarShown(false);
        focusTerminal();
      }}
    />
  );

  const main =
    session !== null ? (
      <TerminalView session={session} room={room} onPaste={paste.take} />
    ) : list.current && list.terminals.length === 0 ? (
      <EmptyState
        keyName={keyLabel('new-terminal', platform, surface)}
        canCreate={connected}
        onNew={terminals.create}
      />
    ) : null;

  return (
    <>
      <WindowFrame
        narrow={narrow}
        sidebar={sidebar}
        sidebarShown={sidebarShown}
        sidebarPx={win.sidebarPx}
        onSidebarPx={win.setSidebarPx}
        onSheetClose={() => {
          win.setSheetOpen(false);
        }}
        onSheetClosed={focusTerminal}
        room={room}
        title={info === undefined ? 'Holdfast' : titleOf(info)}
        main={main}
        status={
          <StatusLine
            view={view}
            names={connection.names}
            onAction={onAction}
            notice={notice ?? lasting}
            daemonVersion={connected ? (snapshot.daemon?.version ?? null) : null}
            refusals={refusals}
            leading={
              sidebarShown ? null : (
                <ShowSidebarButton
                  platform={platform}
                  surface={surface}
                  onShow={() => {
                    setSidebarShown(true);
                  }}
                />
              )
            }
          />
        }
      />
      <Overlays
        connection={connection}
        terminals={terminals}
        onPasteConfirmed={paste.confirm}
        onClosed={focusTerminal}
        onFailed={(text) => {
          say({ text, dismiss });
        }}
      />
    </>
  );
}
