/** The list of terminals with the daemon's name above and New and Settings below. The same content is the sheet. */
import type { TerminalInfo } from '@holdfast/protocol';
import { PanelLeftClose, Plus, Settings } from 'lucide-react';
import type { ReactElement } from 'react';
import { StatusMark } from '../connection/StatusMark.js';
import type { Tone } from '../connection/status-sentences.js';
import { keyLabel, type Platform, type Surface } from '../keymap.js';
import { TerminalItem } from './TerminalItem.js';
import './Sidebar.css';

export type SidebarProps = {
  readonly daemonName: string;
  readonly tone: Tone;
  readonly terminals: readonly TerminalInfo[];
  readonly home: string | null;
  readonly activeId: string | null;
  readonly renamingId: string | null;
  readonly unseenOf: (info: TerminalInfo) => { readonly output: boolean; readonly bell: boolean };
  readonly platform: Platform;
  readonly surface: Surface;
  /** Whether a terminal can be made now. */
  readonly canCreate: boolean;
  readonly onSelect: (terminalId: string) => void;
  readonly onRename: (terminalId: string) => void;
  readonly onRenamed: (terminalId: string, title: string | null) => void;
  readonly onClose: (terminalId: string) => void;
  readonly onNew: () => void;
  readonly onSettings: () => void;
  readonly onCollapse: () => void;
};

export function Sidebar(props: SidebarProps): ReactElement {
  const { platform, surface } = props;
  return (
    <div className="sidebar-content">
      <header className="sidebar-head">
        <StatusMark tone={props.tone} />
        <h2 className="sidebar-name" title={props.daemonName}>
          {props.daemonName}
        </h2>
        <button
          type="button"
          className="button-icon"
          aria-label="Hide the list of terminals"
          title={`Hide (${keyLabel('toggle-sidebar', platform, surface)})`}
          onClick={props.onCollapse}
        >
          <PanelLeftClose className="icon" aria-hidden="true" />
        </button>
      </header>
      <ul className="terminal-list" aria-label="Terminals" data-testid="terminal-list">
        {props.terminals.map((info) => (
          <TerminalItem
            key={info.terminalId}
            info={info}
            home={props.home}
            active={info.terminalId === props.activeId}
            unseen={props.unseenOf(info)}
            renaming={info.terminalId === props.renamingId}
            onSelect={() => {
              props.onSelect(info.terminalId);
            }}
            onRename={() => {
              props.onRename(info.terminalId);
            }}
            onRenamed={(title) => {
              props.onRenamed(info.terminalId, title);
            }}
            onClose={() => {
              props.onClose(info.terminalId);
            }}
          />
        ))}
      </ul>
      <footer className="sidebar-foot">
        <button
          type="button"
          className="sidebar-new"
          data-testid="new-terminal"
          title={`New terminal (${keyLabel('new-terminal', platform, surface)})`}
          disabled={!props.canCreate}
          onClick={props.onNew}
        >
          <Plus className="icon" aria-hidden="true" />
          New terminal
          <kbd className="sidebar-key">{keyLabel('new-terminal', platform, surface)}</kbd>
        </button>
        <button
          type="button"
          className="button-icon"
          data-testid="open-settings"
          aria-label="Settings"
          title={`Settings (${keyLabel('settings', platform, surface)})`}
          onClick={props.onSettings}
        >
          <Settings className="icon" aria-hidden="true" />
        </button>
      </footer>
    </div>
  );
}
