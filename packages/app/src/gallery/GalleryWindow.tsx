/** The whole window in one state of the gallery, made of the components that the app is made of. */
import type { TerminalInfo } from '@holdfast/protocol';
import { useRef, useState, type ReactElement } from 'react';
import type { ConnectionNames } from '../connection/connection-view.js';
import { StatusLine, type Notice } from '../connection/StatusLine.js';
import { statusOf } from '../connection/status-sentences.js';
import { CloseTerminalDialog } from '../dialogs/CloseTerminalDialog.js';
import { DetailsDialog } from '../dialogs/DetailsDialog.js';
import { HelpDialog } from '../dialogs/HelpDialog.js';
import { PasteDialog } from '../dialogs/PasteDialog.js';
import { SettingsDialog } from '../dialogs/SettingsDialog.js';
import { EmptyState } from '../EmptyState.js';
import { ShowSidebarButton } from '../sidebar/ShowSidebarButton.js';
import { Sidebar } from '../sidebar/Sidebar.js';
import { DEFAULT_SIDEBAR_PX } from '../limits.js';
import { useNarrow } from '../useNarrow.js';
import { WindowFrame } from '../WindowFrame.js';
import { GALLERY_LOG, GALLERY_NOW_MS, type GalleryOverlay, type GalleryState } from './states.js';
import { StillTerminal } from './StillTerminal.js';

const nothing = (): void => undefined;

function terminal(terminalId: string, part: Partial<TerminalInfo>): TerminalInfo {
  return {
    terminalId,
    title: 'bash',
    titleFixed: false,
    command: '/bin/bash',
    args: [],
    cwd: '/home/ada/work/holdfast',
    cols: 80,
    rows: 24,
    state: { kind: 'running', pid: 4242 },
    foreground: null,
    createdAt: '2026-01-05T09:00:00.000Z',
    outputOffset: 0,
    bells: 0,
    viewers: 1,
    ...part,
  };
}

const TERMINALS: readonly TerminalInfo[] = [
  terminal('one', {}),
  terminal('two', {
    title: 'Tests, watching for changes in every package',
    titleFixed: true,
    foreground: 'node',
  }),
  terminal('three', { title: 'review', foreground: 'agent' }),
  terminal('four', {
    title: 'build',
    state: { kind: 'exited', exitCode: 1, signal: null, endedAt: '2026-01-05T09:10:00.000Z' },
  }),
  terminal('five', { title: 'htop', foreground: 'htop', cwd: '/home/ada' }),
];

export function GalleryWindow({ state }: { readonly state: GalleryState }): ReactElement {
  const narrow = useNarrow();
  const room = useRef<HTMLDivElement>(null);
  const [overlay, setOverlay] = useState(state.overlay ?? null);
  const surface = state.desktop === true ? 'desktop' : 'browser';
  const names: ConnectionNames = {
    daemon: 'studio',
    address: '127.0.0.1:6767',
    pageOrigin: 'https://example.test',
    canStart: state.desktop === true,
    protocol: 1,
    appVersion: '0.1.0',
  };
  const main = state.main ?? 'terminal';
  const known = main !== 'blank' && main !== 'empty' && main !== 'gone';
  const notice: Notice | null =
    main === 'gone'
      ? {
          text: 'This terminal ended with the daemon; only its last screen is kept here.',
          action: { label: 'Leave this screen', run: nothing },
        }
      : main === 'exited'
        ? { text: 'The program ended with code 1.', action: { label: 'Close terminal', run: nothing } }
        : null;
  const sidebarShown = narrow ? state.sheet === true : state.sidebarHidden !== true;
  return (
    <>
      <WindowFrame
        narrow={narrow}
        sidebarShown={sidebarShown}
        sidebarPx={DEFAULT_SIDEBAR_PX}
        onSidebarPx={nothing}
        onSheetClose={nothing}
        onSheetClosed={nothing}
        room={room}
        sidebar={
          <Sidebar
            daemonName={names.daemon}
            tone={statusOf(state.view, names, GALLERY_NOW_MS).tone}
            terminals={known ? TERMINALS : []}
            home="/home/ada"
            activeId={main === 'exited' ? 'four' : 'one'}
            renamingId={state.renaming === true ? 'five' : null}
            unseenOf={({ terminalId }) => ({ output: terminalId === 'two', bell: terminalId === 'three' })}
            platform="linux"
            surface={surface}
            canCreate={state.view.kind === 'connected'}
            onSelect={nothing}
            onRename={nothing}
            onRenamed={nothing}
            onClose={nothing}
            onNew={nothing}
            onSettings={nothing}
            onCollapse={nothing}
          />
        }
        title="Holdfast"
        main={
          main === 'blank' ? null : main === 'empty' ? (
            <EmptyState keyName="Alt+T" canCreate onNew={nothing} />
          ) : (
            <StillTerminal kind={main} />
          )
        }
        status={
          <StatusLine
            view={state.view}
            names={names}
            onAction={nothing}
            notice={notice}
            daemonVersion={state.view.kind === 'connected' ? '0.1.0' : null}
            refusals={0}
            fixedNowMs={GALLERY_NOW_MS}
            leading={
              sidebarShown ? null : <ShowSidebarButton platform="linux" surface={surface} onShow={nothing} />
            }
          />
        }
      />
      {overlay === null ? null : (
        <GalleryOverlayView
          overlay={overlay}
          state={state}
          names={names}
          onClose={() => {
            setOverlay(null);
          }}
        />
      )}
    </>
  );
}

function GalleryOverlayView(props: {
  readonly overlay: GalleryOverlay;
  readonly state: GalleryState;
  readonly names: ConnectionNames;
  readonly onClose: () => void;
}): ReactElement {
  const { overlay, state, names, onClose } = props;
  const reason = state.view.kind === 'refused' || state.view.kind === 'retrying' ? state.view.reason : null;
  const common = { onClose, onClosed: nothing };
  switch (overlay) {
    case 'settings':
      return <SettingsDialog {...common} />;
    case 'details':
      return (
        <DetailsDialog
          {...common}
          title="Details of the connection"
          facts={[
            { name: 'Address', value: names.address },
            { name: 'State', value: 'disconnected' },
            { name: 'Code', value: reason?.code ?? '' },
            { name: 'Message', value: reason?.message ?? '' },
            { name: 'Close code', value: '1006' },
            { name: 'Time', value: new Date(GALLERY_NOW_MS).toISOString() },
            { name: 'Page', value: names.pageOrigin },
            { name: 'App', value: names.appVersion },
          ]}
          log={GALLERY_LOG}
        />
      );
    case 'log':
      return <DetailsDialog {...common} title="The daemon’s log" facts={[]} log={GALLERY_LOG} />;
    case 'close':
      return (
        <CloseTerminalDialog
          title="Tests"
          program="node"
          onConfirm={onClose}
          onCancel={onClose}
          onClosed={nothing}
        />
      );
    case 'paste':
      return (
        <PasteDialog
          text={'cd /srv\nrm -rf build\nmake all'}
          lines={3}
          onConfirm={onClose}
          onCancel={onClose}
          onClosed={nothing}
        />
      );
    case 'help-allow-origin':
      return <HelpDialog {...common} topic="allow-origin" names={names} reason={reason} />;
    case 'help-allow-address':
      return <HelpDialog {...common} topic="allow-address" names={names} reason={reason} />;
    case 'help-get-in':
      return <HelpDialog {...common} topic="get-in" names={names} reason={reason} />;
    case 'help-update':
      return <HelpDialog {...common} topic="update" names={names} reason={reason} />;
  }
}
