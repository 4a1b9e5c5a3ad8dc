/** Draws the one overlay that is open, with what it needs to know, and carries out what was decided in it. */
import { useEffect, useState, type ReactElement } from 'react';
import type { ConnectionHandle } from '../connection/useConnection.js';
import { daemonLog, isDesktop } from '../tauri/desktop-daemon.js';
import { titleOf } from '../sidebar/terminal-words.js';
import type { TerminalsHandle } from '../state/useTerminals.js';
import { useWindow } from '../state/window.js';
import { runningProgram } from '../terminal/programs.js';
import { CloseTerminalDialog } from './CloseTerminalDialog.js';
import { DetailsDialog } from './DetailsDialog.js';
import { HelpDialog } from './HelpDialog.js';
import { PasteDialog } from './PasteDialog.js';
import { SettingsDialog } from './SettingsDialog.js';

type Props = {
  readonly connection: ConnectionHandle;
  readonly terminals: TerminalsHandle;
  readonly onPasteConfirmed: (text: string) => void;
  /** The overlay has gone: the focus goes back. */
  readonly onClosed: () => void;
  readonly onFailed: (text: string) => void;
};

export function Overlays(props: Props): ReactElement | null {
  const { connection, terminals, onClosed } = props;
  const overlay = useWindow((state) => state.overlay);
  const show = useWindow((state) => state.show);
  const log = useLog(
    overlay?.kind === 'details' || overlay?.kind === 'log',
    connection.startLog,
    props.onFailed,
  );
  const close = (): void => {
    show(null);
  };

  switch (overlay?.kind) {
    case undefined:
      return null;
    case 'settings':
      return <SettingsDialog onClose={close} onClosed={onClosed} />;
    case 'details':
      return (
        <DetailsDialog
          title="Details of the connection"
          facts={connection.facts()}
          log={log}
          onClose={close}
          onClosed={onClosed}
        />
      );
    case 'log':
      return (
        <DetailsDialog
          title="The daemon’s log"
          facts={[]}
          log={log ?? []}
          onClose={close}
          onClosed={onClosed}
        />
      );
    case 'help':
      return (
        <HelpDialog
          topic={overlay.topic}
          names={connection.names}
          reason={connection.reason}
          onClose={close}
          onClosed={onClosed}
        />
      );
    case 'close-terminal': {
      const info = terminals.list.terminals.find(({ terminalId }) => terminalId === overlay.terminalId);
      if (info === undefined) return null;
      return (
        <CloseTerminalDialog
          title={titleOf(info)}
          program={runningProgram(info) ?? 'The program'}
          onConfirm={() => {
            close();
            terminals.closeNow(overlay.terminalId);
          }}
          onCancel={close}
          onClosed={onClosed}
        />
      );
    }
    case 'paste':
      return (
        <PasteDialog
          text={overlay.text}
          lines={overlay.lines}
          onConfirm={() => {
            close();
            props.onPasteConfirmed(overlay.text);
          }}
          onCancel={close}
          onClosed={onClosed}
        />
      );
  }
}

/** The log to show: what came with a failed start, else, in the desktop, what it reads now. Null in a browser. */
function useLog(
  wanted: boolean,
  startLog: readonly string[],
  onFailed: (text: string) => void,
): readonly string[] | null {
  const [read, setRead] = useState<readonly string[]>([]);
  useEffect(() => {
    if (!wanted || !isDesktop()) return;
    daemonLog().then(setRead, () => {
      onFailed('The log of the daemon could not be read.');
    });
    // Asked for once each time it is opened.
  }, [wanted]);
  if (read.length > 0) return read;
  if (startLog.length > 0) return startLog;
  return isDesktop() ? [] : null;
}
