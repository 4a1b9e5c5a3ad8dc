/**
 * The connection as the window shows it: finds the daemon (in the desktop by starting it), keeps the client, folds all
 * into one view, and does what the person presses.
 */
import { PROTOCOL_VERSION } from '@holdfast/protocol';
import { useCallback, useMemo, useState } from 'react';
import { isDesktop } from '../tauri/desktop-daemon.js';
import { useDesktopDaemon } from '../tauri/useDesktopDaemon.js';
import { connectionView, type ConnectionNames, type ConnectionView, type Reason } from './connection-view.js';
import { pageAddress, readableAddress } from './daemon-address.js';
import { transportKind } from './choose-transport.js';
import type { StatusAction } from './status-sentences.js';
import { useTerminalsGoOn } from './terminals-go-on.js';
import { useDaemonClient, type DaemonClientHandle } from './useDaemonClient.js';
import type { Fact } from '../dialogs/DetailsDialog.js';

export type ConnectionHandle = {
  readonly handle: DaemonClientHandle | null;
  /** The view for so many bytes behind. */
  readonly viewOf: (behindBytes: number) => ConnectionView;
  readonly names: ConnectionNames;
  /** The reason that is shown, or was shown last. */
  readonly reason: Reason | null;
  /** Does what concerns the connection. What opens an overlay is the window's. */
  readonly act: (action: StatusAction) => void;
  /** For Details. */
  readonly facts: () => readonly Fact[];
  /** Log lines that came with a failed start. */
  readonly startLog: readonly string[];
};

export function useConnection(): ConnectionHandle {
  const [openedAtMs] = useState(() => Date.now());
  const desktop = useDesktopDaemon();
  // The address stays while the daemon is asked for anew, so that the client and the screens stay as well.
  const [lastUrl, setLastUrl] = useState<string | null>(isDesktop() ? null : pageAddress(window.location));
  const ready = desktop.state?.kind === 'ready' ? desktop.state.daemon : null;
  if (ready !== null && ready.url !== lastUrl) setLastUrl(ready.url);
  const handle = useDaemonClient(lastUrl);
  const snapshot = handle?.snapshot ?? null;
  const daemon = snapshot?.daemon;

  const names = useMemo<ConnectionNames>(
    () => ({
      daemon: daemon?.hostName ?? (ready === null || ready.name === '' ? hostOf(lastUrl) : ready.name),
      address: lastUrl === null ? 'the daemon' : readableAddress(lastUrl),
      pageOrigin: window.location.origin,
      canStart: isDesktop(),
      protocol: PROTOCOL_VERSION,
      appVersion: __APP_VERSION__,
    }),
    [daemon, ready, lastUrl],
  );

  const client = handle?.client ?? null;
  const terminalsGoOn = useTerminalsGoOn(client);
  const { ask } = desktop;
  const act = useCallback(
    (action: StatusAction) => {
      switch (action) {
        case 'cancel':
        case 'stop-trying':
          client?.stopRetrying();
          return;
        case 'connect':
        case 'reconnect':
          client?.connect().catch(() => {
            // The reason is in the client's state, where the status line reads it.
          });
          return;
        case 'reconnect-now':
          client?.reconnect();
          return;
        case 'start-daemon':
        case 'try-start-again':
          void ask().then(() => {
            client?.connect().catch(() => {
              // As above; where the address is another one now, a new client connects and this one was closed.
            });
          });
          return;
        case 'details':
        case 'show-log':
        case 'how-to-allow-address':
        case 'how-to-allow-origin':
        case 'how-to-get-in':
        case 'how-to-update':
          return;
      }
    },
    [client, ask],
  );

  const reason =
    snapshot === null
      ? null
      : snapshot.state.kind === 'disconnected'
        ? snapshot.state.reason
        : (snapshot.lastError ?? null);

  const facts = (): readonly Fact[] => {
    const list: Fact[] = [{ name: 'Address', value: names.address }];
    const add = (name: string, value: string | number | undefined | null): void => {
      if (value !== undefined && value !== null && value !== '') list.push({ name, value: String(value) });
    };
    add('State', snapshot?.state.kind);
    if (desktop.state?.kind === 'failed') {
      add('Code', desktop.state.code);
      add('Message', desktop.state.message);
      add('Exit code', desktop.state.exitCode);
    } else if (reason !== null) {
      add('Code', reason.code);
      add('Message', reason.message);
      add('HTTP status', reason.status);
      add('Answer', reason.body);
      add('Close code', reason.closeCode);
      add('Close reason', reason.closeReason);
      const at = snapshot?.lastError?.at;
      add('Time', at === undefined ? undefined : new Date(at).toISOString());
    }
    add('Attempts since', snapshot?.attempts);
    add('Page', names.pageOrigin);
    add('Transport', transportKind());
    add('Daemon', daemon?.version ?? reason?.daemonVersion);
    add('App', names.appVersion);
    return list;
  };

  return {
    handle,
    viewOf: (behindBytes) => connectionView(desktop.state, snapshot, openedAtMs, behindBytes, terminalsGoOn),
    names,
    reason,
    act,
    facts,
    startLog: desktop.state?.kind === 'failed' ? desktop.state.log : [],
  };
}

function hostOf(url: string | null): string {
  if (url === null) return 'the daemon';
  try {
    const { host } = new URL(url);
    return host === '' ? 'this computer' : host;
  } catch {
    // A URL that cannot be read is refused by the client with `invalid_url`; its name is not needed.
    return 'the daemon';
  }
}
