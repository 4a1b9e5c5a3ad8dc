/**
 * One terminal on this window's screen: its emulator and its stream, outside of React. It draws in step (what is not
 * drawn is not acknowledged), keeps the screen through every loss of the connection, and sends only what the person
 * typed. A session that is not shown has no stream; shown again, it goes on from the byte it had reached.
 */
import {
  DaemonClientError,
  type Attachment,
  type DaemonClientV2,
  type Output,
  type Snapshot,
} from '@holdfast/client';
import type { Method, MethodInput, MethodResult } from '@holdfast/protocol';
import type { Terminal } from '@xterm/xterm';
import { DEFAULT_FONT_SIZE, PROGRESS_INTERVAL_MS } from '../limits.js';
import type { Settings } from '../state/settings.js';
import { createEmulator, screenText } from './emulator.js';
import { InputQueue, type InputFailure } from './input-queue.js';
import { guardComposition } from './orphan-composition.js';
import { gapMark, goneMark } from './marks.js';
import { isFocusReport } from './silence-replies.js';
import { SizeAsker } from './size-asker.js';
import { INITIAL_SIZE_STATE, stepSize, type Size, type SizeEvent, type SizeState } from './size-policy.js';
import { terminalFont, terminalTheme } from './terminal-theme.js';
import { cellsIn, measureCell } from './cell-size.js';

/** What a view shows beside the screen. The same object until something in it changes. */
export type SessionSnapshot = {
  readonly size: SizeState;
  /** Output that is drawn, in bytes from the terminal's start; told at most every {@link PROGRESS_INTERVAL_MS}. */
  readonly drawnOffset: number;
  /** False until the first screen was drawn. */
  readonly drawn: boolean;
  /** How the program ended; null while it runs. */
  readonly exit: { readonly exitCode: number | null; readonly signal: string | null } | null;
  /** Why the terminal itself is no longer there; null while it is. */
  readonly gone: Gone | null;
};

/** `closed`: somebody closed the terminal. `lost`: it ended with the daemon, and its screen is all that is left. */
export type Gone = { readonly how: 'closed' | 'lost'; readonly why: string };

export type SessionPort = {
  /** The client of now: it is another one when the daemon has another address. */
  readonly client: () => DaemonClientV2 | null;
  readonly openLink: (uri: string) => void;
  /** Something typed was refused: nothing of it was sent. */
  readonly onRefused: (why: 'not-connected' | 'ended') => void;
  /** Something typed may not have arrived. */
  readonly onInputFailed: (failure: InputFailure) => void;
};

/** Mouse reports (X10, UTF-8, SGR, urxvt): the person did not type them. */
function isMouseReport(data: string): boolean {
  return data.startsWith('\x1b[') && /^(?:M|<|\d+;\d+;\d+M)/.test(data.slice(2));
}

function request<M extends Method>(
  client: DaemonClientV2 | null,
  method: M,
  params: MethodInput<M>,
): Promise<MethodResult<M>> {
  if (client !== null) return client.request(method, params);
  return Promise.reject(new DaemonClientError('not_connected', `No daemon; ${method} was not sent.`));
}

const ENDED_WITH_DAEMON = 'This terminal ended with the daemon; only its last screen is kept here';

export class TerminalSession {
  readonly terminalId: string;
  readonly #port: SessionPort;
  readonly #terminal: Terminal;
  readonly #host = document.createElement('div');
  readonly #input: InputQueue;
  readonly #sizes: SizeAsker;
  readonly #listeners = new Set<() => void>();
  #snapshot: SessionSnapshot = {
    size: INITIAL_SIZE_STATE,
    drawnOffset: 0,
    drawn: false,
    exit: null,
    gone: null,
  };
  #attachment: Attachment | null = null;
  /** Where to go on from, and in which run of the daemon; null where only a snapshot helps. */
  #resume: { readonly from: number; readonly epoch: string } | null = null;
  /** The run of the daemon that the present stream belongs to. */
  #epoch: string | null = null;
  #gapBytes = 0;
  #opened = false;
  #drawnOffset = 0;
  #progress: ReturnType<typeof setTimeout> | null = null;
  #box: { readonly width: number; readonly height: number } | null = null;

  constructor(terminalId: string, settings: Settings, port: SessionPort) {
    this.terminalId = terminalId;
    this.#port = port;
    this.#terminal = createEmulator(settings, port.openLink);
    this.#host.className = 'terminal-host';
    this.#input = new InputQueue({
      send: (data) => request(port.client(), 'terminal.input', { terminalId, data }),
      onFailed: port.onInputFailed,
    });
    this.#sizes = new SizeAsker({
      ask: (size) => request(port.client(), 'terminal.resize', { terminalId, ...size }),
      onAnswered: (size) => {
        this.#size({ kind: 'answered', size });
      },
      onRefused: () => {
        this.#size({ kind: 'refused' });
      },
    });
    this.#terminal.onData((data) => {
      this.#emitted(data);
    });
    this.#terminal.onBinary((data) => {
      // The X10 mouse encoding may hold bytes that are no UTF-8, which the protocol cannot carry: those are left out.
      if (/^[\0-\x7f]*$/.test(data)) this.#emitted(data);
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  getSnapshot = (): SessionSnapshot => this.#snapshot;

  /** Puts the screen into the page. The same session is in one place at a time. */
  mount(parent: HTMLElement): void {
    parent.append(this.#host);
    if (this.#opened) return;
    this.#opened = true;
    guardComposition(this.#host, (text) => {
      this.type(text);
    });
    this.#terminal.open(this.#host);
    const { textarea } = this.#terminal;
    textarea?.addEventListener('focus', () => {
      this.#focusMoved('\x1b[I');
    });
    textarea?.addEventListener('blur', () => {
      this.#focusMoved('\x1b[O');
    });
  }

  unmount(): void {
    this.#host.remove();
  }

  /** Begins to follow the output, from where this screen is. */
  show(): void {
    const client = this.#port.client();
    if (client === null || this.#attachment !== null || this.#snapshot.gone !== null) return;
    this.#size({ kind: 'attaching' });
    this.#attachment = client.attach(this.terminalId, {
      ...(this.#resume ?? {}),
      onAttached: ({ cols, rows }) => {
        const { state } = client.getSnapshot();
        if (state.kind === 'connected') this.#epoch = state.daemon.epoch;
        this.#size({ kind: 'attached', size: { cols, rows } });
      },
      onSnapshot: (snapshot) => {
        this.#draw(snapshot);
      },
      onOutput: (output) => {
        this.#write(output);
      },
      onGap: ({ from, to }) => {
        this.#gapBytes += to - from;
      },
      onResized: (size) => {
        this.#inOrder(() => {
          this.#resize(size);
        });
      },
      onExited: ({ exitCode, signal }) => {
        this.#inOrder(() => {
          this.#set({ exit: { exitCode, signal } });
        });
      },
      onClosed: () => {
        this.#lost({ how: 'closed', why: 'This terminal was closed' });
      },
      onLost: ({ code, message }) => {
        // Closed by somebody while this window had no connection.
        if (code === 'terminal_not_found') this.#lost({ how: 'closed', why: 'This terminal was closed' });
        else {
          const why = code === 'epoch_changed' ? ENDED_WITH_DAEMON : message.replace(/\.$/, '');
          this.#lost({ how: 'lost', why });
        }
      },
    });
  }

  /** Stops following. What was delivered is still drawn. */
  hide(): void {
    const attachment = this.#attachment;
    if (attachment === null) return;
    this.#resume =
      this.#epoch === null || this.#gapBytes > 0 || !this.#snapshot.drawn
        ? null
        : { from: attachment.offset, epoch: this.#epoch };
    attachment.detach();
    this.#attachment = null;
    this.#input.drop();
  }

  dispose(): void {
    this.hide();
    if (this.#progress !== null) clearTimeout(this.#progress);
    this.#sizes.dispose();
    this.unmount();
    this.#terminal.dispose();
    this.#listeners.clear();
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** The person used this view: it sets the terminal's size from now on. */
  used(): void {
    this.#size({ kind: 'used' });
  }

  /** The room there is for this view, in CSS px, whatever stands above or below it at the moment. */
  fit(width: number, height: number): void {
    this.#box = { width, height };
    this.#refit();
  }

  apply(settings: Settings): void {
    const { options } = this.#terminal;
    options.fontFamily = terminalFont(settings.fontFamily);
    options.fontSize = settings.fontSize;
    options.screenReaderMode = settings.screenReader;
    options.theme = terminalTheme();
    this.#refit();
  }

  /** Sends what the person typed. Without a connection it is refused, visibly. */
  type(data: string): void {
    if (this.#snapshot.gone !== null || this.#snapshot.exit !== null) {
      this.#port.onRefused('ended');
      return;
    }
    if (!this.#connected) {
      this.#port.onRefused('not-connected');
      return;
    }
    this.#size({ kind: 'used' });
    this.#input.type(data);
  }

  /** Output that is drawn, in bytes from the terminal's start. */
  get drawnOffset(): number {
    return this.#drawnOffset;
  }

  get bracketedPaste(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }

  get selection(): string {
    return this.#terminal.getSelection();
  }

  get text(): string {
    return screenText(this.#terminal);
  }

  get screen(): Size {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  scrollToBottom(): void {
    this.#terminal.scrollToBottom();
  }

  #emitted(data: string): void {
    if (isFocusReport(data)) return;
    if (isMouseReport(data)) {
      if (this.#live()) this.#input.type(data);
      return;
    }
    this.type(data);
  }

  #focusMoved(report: string): void {
    if (this.#terminal.modes.sendFocusMode && this.#live()) this.#input.type(report);
  }

  #live(): boolean {
    const { exit, gone } = this.#snapshot;
    return exit === null && gone === null && this.#connected;
  }

  get #connected(): boolean {
    return this.#port.client()?.getSnapshot().state.kind === 'connected';
  }

  /** Runs after everything that was written before. */
  #inOrder(action: () => void): void {
    this.#terminal.write('', action);
  }

  #draw({ offset, cols, rows, data }: Snapshot): void {
    const terminal = this.#terminal;
    const gap = this.#gapBytes;
    this.#gapBytes = 0;
    // CAN ends a sequence that the missing output may have cut (ECMA-48, 8.3.6).
    terminal.write('\x18', () => {
      terminal.reset();
      this.#resize({ cols, rows });
    });
    if (gap > 0) terminal.write(gapMark(gap, rows));
    this.#write({ offset, end: offset, data });
  }

  #write({ end, data }: Output): void {
    const attachment = this.#attachment;
    this.#terminal.write(data, () => {
      attachment?.ack(end);
      this.#drawnOffset = end;
      if (!this.#snapshot.drawn) this.#set({ drawnOffset: end, drawn: true });
      this.#progress ??= setTimeout(() => {
        this.#progress = null;
        this.#set({ drawnOffset: this.#drawnOffset });
      }, PROGRESS_INTERVAL_MS);
    });
  }

  #resize(size: Size): void {
    const terminal = this.#terminal;
    if (size.cols !== terminal.cols || size.rows !== terminal.rows) {
      terminal.resize(size.cols, size.rows);
      // The DOM renderer (xterm 6.0) keeps the letter spacing of the former width, and then gives each run of text
      // one of its own. A change of any option makes it measure again; this option means nothing to that renderer.
      const { options } = terminal;
      options.rescaleOverlappingGlyphs = options.rescaleOverlappingGlyphs !== true;
    }
    this.#size({ kind: 'resized', size });
  }

  #lost(gone: Gone): void {
    this.#attachment = null;
    this.#resume = null;
    this.#input.drop();
    this.#inOrder(() => {
      const { buffer, rows } = this.#terminal;
      this.#terminal.write(goneMark(gone.why, buffer.active.type === 'alternate' ? rows : null));
    });
    this.#set({ gone });
  }

  #refit(): void {
    if (this.#box === null) return;
    const { fontFamily = 'monospace', fontSize = DEFAULT_FONT_SIZE } = this.#terminal.options;
    const cell = measureCell(fontFamily, fontSize);
    this.#size({ kind: 'fit', fit: cellsIn(this.#box.width, this.#box.height, cell) });
  }

  #size(event: SizeEvent): void {
    const { state, ask } = stepSize(this.#snapshot.size, event);
    this.#set({ size: state });
    if (ask !== null) this.#sizes.ask(ask);
  }

  #set(part: Partial<SessionSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part };
    for (const listener of this.#listeners) listener();
  }
}
