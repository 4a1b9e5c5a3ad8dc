/**
 * The list of terminals as clients see it: what the host tells, who watches, and a revision that counts changes. It
 * promises that a client which has the list and every event after it has the truth, and that a terminal in a flood is
 * announced at most every {@link UPDATE_INTERVAL_MS}.
 */
import type { DaemonEvent, TerminalInfo } from '@holdfast/protocol';
import { UPDATE_INTERVAL_MS } from './limits.js';
import type { HostEvent, HostTerminal, TerminalHost } from './terminals/terminal-host.js';

type Entry = {
  terminal: HostTerminal;
  viewers: number;
  lastTold: number;
  timer: NodeJS.Timeout | undefined;
};

export class Directory {
  readonly #entries = new Map<string, Entry>();
  readonly #tell: (event: DaemonEvent) => void;
  #revision = 0;
  readonly #unsubscribe: () => void;

  constructor(host: TerminalHost, tell: (event: DaemonEvent) => void) {
    this.#tell = tell;
    this.#unsubscribe = host.subscribe((event) => {
      this.#heard(event);
    });
  }

  list(): { revision: number; terminals: TerminalInfo[] } {
    return {
      revision: this.#revision,
      terminals: [...this.#entries.values()].map((entry) => this.#infoOf(entry)),
    };
  }

  has(terminalId: string): boolean {
    return this.#entries.has(terminalId);
  }

  /** A host's terminal with what only the daemon knows. */
  withViewers(terminal: HostTerminal): TerminalInfo {
    return { ...terminal, viewers: this.#entries.get(terminal.terminalId)?.viewers ?? 0 };
  }

  viewerJoined(terminalId: string): void {
    this.#changeViewers(terminalId, 1);
  }

  viewerLeft(terminalId: string): void {
    this.#changeViewers(terminalId, -1);
  }

  close(): void {
    this.#unsubscribe();
    for (const { timer } of this.#entries.values()) clearTimeout(timer);
  }

  #changeViewers(terminalId: string, by: number): void {
    const entry = this.#entries.get(terminalId);
    if (entry === undefined) return;
    entry.viewers += by;
    this.#changed(entry, false);
  }

  #infoOf(entry: Entry): TerminalInfo {
    return { ...entry.terminal, viewers: entry.viewers };
  }

  #heard(event: HostEvent): void {
    switch (event.type) {
      case 'created': {
        const entry: Entry = { terminal: event.terminal, viewers: 0, lastTold: 0, timer: undefined };
        this.#entries.set(event.terminal.terminalId, entry);
        this.#revision += 1;
        this.#tell({
          type: 'event',
          event: 'terminal.created',
          revision: this.#revision,
          terminal: this.#infoOf(entry),
        });
        return;
      }
      case 'changed': {
        const entry = this.#entries.get(event.terminal.terminalId);
        if (entry === undefined) return;
        entry.terminal = event.terminal;
        this.#changed(entry, event.urgent);
        return;
      }
      case 'advanced': {
        const entry = this.#entries.get(event.terminalId);
        if (entry === undefined) return;
        entry.terminal = { ...entry.terminal, outputOffset: event.end };
        this.#changed(entry, false);
        return;
      }
      case 'removed': {
        clearTimeout(this.#entries.get(event.terminalId)?.timer);
        if (!this.#entries.delete(event.terminalId)) return;
        this.#revision += 1;
        this.#tell({
          type: 'event',
          event: 'terminal.removed',
          revision: this.#revision,
          terminalId: event.terminalId,
        });
      }
    }
  }

  #changed(entry: Entry, urgent: boolean): void {
    const wait = entry.lastTold + UPDATE_INTERVAL_MS - performance.now();
    if (urgent || wait <= 0) {
      this.#tellUpdated(entry);
      return;
    }
    entry.timer ??= setTimeout(() => {
      this.#tellUpdated(entry);
    }, wait);
  }

  #tellUpdated(entry: Entry): void {
    clearTimeout(entry.timer);
    entry.timer = undefined;
    entry.lastTold = performance.now();
    this.#revision += 1;
    this.#tell({
      type: 'event',
      event: 'terminal.updated',
      revision: this.#revision,
      terminal: this.#infoOf(entry),
    });
  }
}
