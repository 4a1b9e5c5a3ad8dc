/**
 * A true copy of the daemon's list of terminals, kept by `terminal.list` and the events after it. A revision that is
 * missing makes it ask again, and so does every new connection.
 */
import type { DaemonEvent, MethodResult, TerminalInfo } from '@holdfast/protocol';
import { MAX_WAITING_EVENTS } from './limits.js';
import { Listeners, type ListenerErrorReporter } from './listeners.js';

/** Oldest terminal first. `current` is false until the first list, while disconnected and while a list is on its way. */
export type TerminalListSnapshot = {
  readonly terminals: readonly TerminalInfo[];
  readonly revision: number;
  readonly current: boolean;
};

/** Asks for the list; the callback comes in the order of the wire. What it returns gives the answer up. */
export type FetchList = (
  onResult: (result: MethodResult<'terminal.list'>) => void,
  onError: () => void,
) => () => void;

export class TerminalList {
  readonly #listeners: Listeners<[]>;
  readonly #fetch: FetchList;
  #snapshot: TerminalListSnapshot = { terminals: [], revision: 0, current: false };
  /** Gives up the fetch that is on its way. */
  #cancelFetch: () => void = nothingToCancel;
  #waiting: DaemonEvent[] = [];

  constructor(fetch: FetchList, report: ListenerErrorReporter) {
    this.#fetch = fetch;
    this.#listeners = new Listeners(report);
  }

  /** For `useSyncExternalStore`. Returns its own unsubscriber. */
  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The same object until something in it changes. */
  readonly getSnapshot = (): TerminalListSnapshot => this.#snapshot;

  /** @internal There is a connection. */
  connected(): void {
    this.#refresh();
  }

  /** @internal The list stays readable; it is only no longer known to be true. */
  disconnected(): void {
    this.#giveUpFetch();
    this.#waiting = [];
    if (this.#snapshot.current) this.#set({ ...this.#snapshot, current: false });
  }

  /** @internal */
  receive(event: DaemonEvent): void {
    if (!this.#snapshot.current) {
      this.#waiting.push(event);
      if (this.#waiting.length > MAX_WAITING_EVENTS) this.#refresh();
      return;
    }
    this.#apply([event]);
  }

  #refresh(): void {
    this.#giveUpFetch();
    this.#waiting = [];
    if (this.#snapshot.current) this.#set({ ...this.#snapshot, current: false });
    this.#cancelFetch = this.#fetch(
      ({ revision, terminals }) => {
        this.#cancelFetch = nothingToCancel;
        const waiting = this.#waiting;
        this.#waiting = [];
        this.#set({ terminals, revision, current: true });
        this.#apply(waiting);
      },
      () => {
        // The list stays marked as not current; the next connection asks again.
        this.#cancelFetch = nothingToCancel;
      },
    );
  }

  #giveUpFetch(): void {
    this.#cancelFetch();
    this.#cancelFetch = nothingToCancel;
  }

  #apply(events: readonly DaemonEvent[]): void {
    let { terminals, revision } = this.#snapshot;
    for (const event of events) {
      if (event.revision <= revision) continue;
      if (event.revision !== revision + 1) {
        this.#refresh();
        return;
      }
      revision = event.revision;
      terminals = changed(terminals, event);
    }
    if (revision !== this.#snapshot.revision) this.#set({ terminals, revision, current: true });
  }

  #set(snapshot: TerminalListSnapshot): void {
    this.#snapshot = snapshot;
    this.#listeners.emit();
  }
}

function changed(terminals: readonly TerminalInfo[], event: DaemonEvent): readonly TerminalInfo[] {
  switch (event.event) {
    case 'terminal.created':
      return [
        ...terminals.filter(({ terminalId }) => terminalId !== event.terminal.terminalId),
        event.terminal,
      ];
    case 'terminal.updated':
      return terminals.map((terminal) =>
        terminal.terminalId === event.terminal.terminalId ? event.terminal : terminal,
      );
    case 'terminal.removed':
      return terminals.filter(({ terminalId }) => terminalId !== event.terminalId);
  }
}

function nothingToCancel(): void {
  // No list is on its way.
}
