/**
 * The owner of terminals, as the rest of the daemon sees it: asynchronous calls with plain data and events with plain
 * data, nothing shared. It promises that it can move to a process of its own without a change on this side.
 */
import type { ExitStatus, SignalName, TerminalInfo } from '@holdfast/protocol';

/** A terminal without what only the daemon knows (who watches). */
export type HostTerminal = Omit<TerminalInfo, 'viewers'>;

/** What a new terminal runs. Sizes and lengths have been checked at the border. */
export type TerminalRequest = {
  readonly terminalId?: string | undefined;
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string | null>> | undefined;
  readonly cols: number;
  readonly rows: number;
  readonly title?: string | undefined;
};

/**
 * A place in a terminal's stream: `offset` in bytes of output, and what else has been passed there (`mark`: changes
 * of size, `ended`: the end of the program), so that nothing is told twice or left out.
 */
export type StreamPosition = { readonly offset: number; readonly mark: number; readonly ended: boolean };

/** One piece of a terminal's stream. */
export type StreamRecord =
  | { readonly kind: 'output'; readonly offset: number; readonly length: number; readonly data: string }
  | { readonly kind: 'resized'; readonly cols: number; readonly rows: number }
  | ({ readonly kind: 'exited'; readonly offset: number } & ExitStatus);

/** What a read gives: pieces in order, or word that the bytes are no longer kept. */
export type ReadResult =
  | {
      readonly kind: 'records';
      readonly records: readonly StreamRecord[];
      readonly position: StreamPosition;
      /** All output so far, in bytes. */
      readonly end: number;
    }
  | { readonly kind: 'lost'; readonly end: number };

/** The screen with scrollback, modes and cursor as text, and where the stream goes on. */
export type Snapshot = {
  readonly position: StreamPosition;
  readonly cols: number;
  readonly rows: number;
  readonly data: string;
};

/** Where a viewer goes on that has seen everything before an offset, or word that this cannot be. */
export type ResumePoint =
  | {
      readonly kind: 'found';
      readonly position: StreamPosition;
      readonly cols: number;
      readonly rows: number;
    }
  | { readonly kind: 'lost' };

/** What the owner of terminals tells by itself. */
export type HostEvent =
  | { readonly type: 'created'; readonly terminal: HostTerminal }
  /** `urgent`: the state or the size changed; everything else may be told later. */
  | { readonly type: 'changed'; readonly terminal: HostTerminal; readonly urgent: boolean }
  /** There is more to read. */
  | { readonly type: 'advanced'; readonly terminalId: string; readonly end: number }
  | { readonly type: 'removed'; readonly terminalId: string };

/** Failures are {@link HoldfastError}s with codes of the protocol. Calls take effect in the order in which they are made. */
export type TerminalHost = {
  /** Names this run of the terminals. */
  readonly epoch: string;
  create(request: TerminalRequest): Promise<HostTerminal>;
  list(): Promise<readonly HostTerminal[]>;
  /** Reads at most `maxBytes` of output, and what else happened between. */
  read(terminalId: string, position: StreamPosition, maxBytes: number): Promise<ReadResult>;
  /** Draws the screen once it shows at least `atLeast` bytes of output. */
  snapshot(terminalId: string, atLeast: number): Promise<Snapshot>;
  resumePoint(terminalId: string, from: number): Promise<ResumePoint>;
  input(terminalId: string, data: string): Promise<void>;
  resize(terminalId: string, cols: number, rows: number): Promise<void>;
  rename(terminalId: string, title: string): Promise<void>;
  kill(terminalId: string, signal: SignalName): Promise<void>;
  /** Settles when the program has ended and the terminal is off the list. */
  close(terminalId: string): Promise<void>;
  /** Hears every event from now on; the result ends that. */
  subscribe(listener: (event: HostEvent) => void): () => void;
  /** Ends every program and settles when all have ended. */
  shutdown(): Promise<void>;
};
