/**
 * `window.__holdfast`: what the page is and what it shows, read-only, for tests and for reports of defects. It gives a
 * script of this page nothing that it could not do anyway.
 *
 * - `version`: of the app. `transport()`: `plugin`, `tauri-websocket`, `websocket`, or null before it is chosen.
 * - `connection()`: the client's snapshot; null before there is a client.
 * - `terminals()`: the list as the page has it.
 * - `activeTerminalId()`, `getScreenText()`: the shown terminal; its scrollback and screen as text, wrapped rows joined.
 * - `getScreen()`: its size, the bytes drawn, whether it is there still.
 * - `openProbe(terminalId, from?)`: see `probe.ts`. At most one report a call; `close()` it.
 */
import type { ClientSnapshot, DaemonClientV2, TerminalListSnapshot } from '@holdfast/client';
import { transportKind, type TransportKind } from '../connection/choose-transport.js';
import type { SessionSnapshot } from '../terminal/terminal-session.js';
import type { TerminalSessions } from '../terminal/terminal-sessions.js';
import { openProbe, type Probe } from './probe.js';

export type Diagnostics = {
  readonly version: string;
  readonly transport: () => TransportKind | null;
  readonly connection: () => ClientSnapshot | null;
  readonly terminals: () => TerminalListSnapshot | null;
  readonly activeTerminalId: () => string | null;
  readonly getScreenText: () => string;
  readonly getScreen: () => (SessionSnapshot & { readonly cols: number; readonly rows: number }) | null;
  readonly openProbe: (terminalId: string, from?: number) => Probe;
};

declare global {
  // Only an interface can be added to.
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions
  interface Window {
    __holdfast?: Diagnostics;
  }
}

let current: { readonly client: DaemonClientV2; readonly sessions: TerminalSessions } | null = null;

/** What the diagnostics read from now on; null where there is nothing. */
export function diagnose(source: typeof current): void {
  current = source;
}

const diagnostics: Diagnostics = Object.freeze({
  version: __APP_VERSION__,
  transport: transportKind,
  connection: () => current?.client.getSnapshot() ?? null,
  terminals: () => current?.client.terminals.getSnapshot() ?? null,
  activeTerminalId: () => current?.sessions.shown?.terminalId ?? null,
  getScreenText: () => current?.sessions.shown?.text ?? '',
  getScreen: () => {
    const session = current?.sessions.shown;
    return session === undefined
      ? null
      : { ...session.getSnapshot(), drawnOffset: session.drawnOffset, ...session.screen };
  },
  openProbe: (terminalId: string, from?: number) => {
    if (current === null) throw new Error('not connected to a daemon yet');
    return openProbe(current.client, terminalId, from);
  },
});

Object.defineProperty(window, '__holdfast', { value: diagnostics, configurable: false, writable: false });
