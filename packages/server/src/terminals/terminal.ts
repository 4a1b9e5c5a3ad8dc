/**
 * One terminal: its program, its stream and its screen. It promises that output is told in order and before the end,
 * that the program runs as fast as its screen can be kept and never waits for a viewer, and that memory is bounded.
 *
 * Size policy: a terminal has one size. It changes by an explicit `resize` alone and is the same for all viewers; the
 * daemon never negotiates between them, so sizes cannot oscillate. Who attaches draws that size or asks for another.
 */
import { basename } from 'node:path';
import { MAX_TITLE_LENGTH, type ExitStatus, type SignalName } from '@holdfast/protocol';
import { HoldfastError } from '../errors.js';
import {
  FOREGROUND_INTERVAL_MS,
  KILL_GRACE_MS,
  MAX_SHOWN_ARGUMENTS_LENGTH,
  OUTPUT_RECORD_BYTES,
  SCREEN_BACKLOG_HIGH_BYTES,
  SCREEN_BACKLOG_LOW_BYTES,
} from '../limits.js';
import { printableText } from '../printable-text.js';
import { foregroundOf } from './foreground.js';
import type { Program } from './program.js';
import { Pty } from './pty.js';
import { Screen } from './screen.js';
import { StreamLog } from './stream-log.js';
import type { HostTerminal, ReadResult, ResumePoint, Snapshot, StreamPosition } from './terminal-host.js';

export type TerminalEvents = {
  readonly onAdvanced: (end: number) => void;
  readonly onChanged: (urgent: boolean) => void;
  readonly onDefect: (what: string, error: unknown) => void;
};

function shownArguments(args: readonly string[]): string[] {
  const shown: string[] = [];
  let left = MAX_SHOWN_ARGUMENTS_LENGTH;
  for (const argument of args) {
    if (argument.length > left) {
      shown.push(`${argument.slice(0, left)}…`);
      break;
    }
    shown.push(argument);
    left -= argument.length;
  }
  return shown;
}

export class Terminal {
  readonly terminalId: string;
  readonly #events: TerminalEvents;
  readonly #program: Program;
  readonly #pty: Pty;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #log: StreamLog;
  readonly #screen: Screen;
  readonly #createdAt = new Date().toISOString();
  readonly #foregroundTimer: NodeJS.Timeout;
  #cols: number;
  #rows: number;
  #givenTitle: string;
  #programTitle = '';
  #foreground: string | null = null;
  #bells = 0;
  #ended: (ExitStatus & { readonly endedAt: string }) | undefined;
  #whenEnded: (() => void)[] = [];

  constructor(
    terminalId: string,
    program: Program,
    size: { readonly cols: number; readonly rows: number },
    title: string,
    events: TerminalEvents,
  ) {
    this.terminalId = terminalId;
    this.#program = program;
    this.#events = events;
    this.#cols = size.cols;
    this.#rows = size.rows;
    this.#givenTitle = title;
    this.#log = new StreamLog(size.cols, size.rows);
    this.#screen = new Screen(size.cols, size.rows, {
      onAnswer: (data) => {
        // Where the program does not read its input, an answer is lost, as on a real line.
        this.#pty.write(data);
      },
      onTitle: (text) => {
        this.#programTitle = printableText(text, MAX_TITLE_LENGTH);
        events.onChanged(false);
      },
      onBell: () => {
        this.#bells += 1;
        events.onChanged(false);
      },
      onParsed: () => {
        if (this.#screen.backlog < SCREEN_BACKLOG_LOW_BYTES) this.#pty.resume();
      },
      onFailure: (error) => {
        events.onDefect('the screen could not take this output and was cleared', error);
      },
    });
    this.#pty = new Pty(program, size.cols, size.rows, {
      onOutput: (bytes) => {
        this.#output(this.#decoder.decode(bytes, { stream: true }));
      },
      onExit: (status) => {
        this.#exit(status);
      },
      onError: (error) => {
        events.onDefect('the pseudo-terminal failed', error);
      },
    });
    this.#foregroundTimer = setInterval(() => void this.#lookAtForeground(), FOREGROUND_INTERVAL_MS);
    this.#foregroundTimer.unref();
  }

  get info(): HostTerminal {
    return {
      terminalId: this.terminalId,
      title:
        this.#givenTitle || this.#programTitle || basename(this.#program.command).slice(0, MAX_TITLE_LENGTH),
      titleFixed: this.#givenTitle !== '',
      command: this.#program.command,
      args: shownArguments(this.#program.args),
      cwd: this.#program.cwd,
      cols: this.#cols,
      rows: this.#rows,
      state:
        this.#ended === undefined
          ? { kind: 'running', pid: this.#pty.pid }
          : { kind: 'exited', ...this.#ended },
      foreground: this.#foreground,
      createdAt: this.#createdAt,
      outputOffset: this.#log.record.end,
      bells: this.#bells,
    };
  }

  get heldBytes(): number {
    return this.#log.record.heldBytes;
  }

  trimRecord(bytes: number): void {
    this.#log.trim(bytes);
  }

  read(position: StreamPosition, maxBytes: number): ReadResult {
    return this.#log.read(position, maxBytes);
  }

  resumePoint(from: number): ResumePoint {
    return this.#log.resumePoint(from);
  }

  async snapshot(atLeast: number): Promise<Snapshot> {
    await this.#screen.whenParsed(Math.min(atLeast, this.#log.record.end));
    return this.#screen.snapshot();
  }

  input(data: string): void {
    this.#mustRun();
    if (!this.#pty.write(data)) {
      throw new HoldfastError(
        'input_overflow',
        `The program in terminal ${this.terminalId} does not read its input, and no more can wait. ` +
          'Nothing of this input was taken; send it again when the program reads, or interrupt the program.',
      );
    }
  }

  resize(cols: number, rows: number): void {
    if (cols === this.#cols && rows === this.#rows) return;
    this.#pty.resize(cols, rows);
    this.#cols = cols;
    this.#rows = rows;
    this.#screen.resize(cols, rows, this.#log.resized(cols, rows));
    this.#events.onAdvanced(this.#log.record.end);
    this.#events.onChanged(true);
  }

  rename(title: string): void {
    if (title === this.#givenTitle) return;
    this.#givenTitle = title;
    this.#events.onChanged(true);
  }

  async kill(signal: SignalName): Promise<void> {
    this.#mustRun();
    await this.#pty.kill(signal);
  }

  /** SIGHUP, then SIGKILL; settles when the program has ended and all its output is in the stream. */
  async end(killAfterMs: number): Promise<void> {
    if (this.#ended !== undefined) return;
    const ended = new Promise<void>((resolve) => this.#whenEnded.push(resolve));
    await this.#pty.kill('SIGHUP');
    const killTimer = setTimeout(() => void this.#pty.kill('SIGKILL'), killAfterMs);
    const giveUpTimer = setTimeout(() => {
      this.#events.onDefect('the program did not end after SIGKILL', undefined);
      this.#exit({ exitCode: null, signal: 'SIGKILL' });
    }, killAfterMs + KILL_GRACE_MS);
    await ended;
    clearTimeout(killTimer);
    clearTimeout(giveUpTimer);
  }

  dispose(): void {
    clearInterval(this.#foregroundTimer);
    this.#screen.dispose();
  }

  #output(text: string): void {
    if (text === '') return;
    const bytes = this.#log.append(text);
    this.#log.trim(OUTPUT_RECORD_BYTES);
    this.#screen.write(text, bytes);
    if (this.#screen.backlog > SCREEN_BACKLOG_HIGH_BYTES) this.#pty.pause();
    this.#events.onAdvanced(this.#log.record.end);
  }

  #exit(status: ExitStatus): void {
    if (this.#ended !== undefined) return;
    // What is left of a character that was cut.
    this.#output(this.#decoder.decode());
    clearInterval(this.#foregroundTimer);
    this.#ended = { ...status, endedAt: new Date().toISOString() };
    this.#foreground = null;
    this.#log.exited(status);
    this.#events.onAdvanced(this.#log.record.end);
    this.#events.onChanged(true);
    const waiting = this.#whenEnded;
    this.#whenEnded = [];
    for (const resolve of waiting) resolve();
  }

  #mustRun(): void {
    if (this.#ended === undefined) return;
    throw new HoldfastError(
      'terminal_exited',
      `The program of terminal ${this.terminalId} has ended. Close the terminal, or make a new one.`,
    );
  }

  async #lookAtForeground(): Promise<void> {
    const found = await foregroundOf(this.#pty.pid);
    if (this.#ended !== undefined) return;
    const name = found === undefined || found.processGroup === this.#pty.pid ? null : found.name;
    if (name === this.#foreground) return;
    this.#foreground = name;
    this.#events.onChanged(false);
  }
}
