/**
 * One program on a pseudo-terminal: bytes in and out, size, signals, end. It promises that all output comes before
 * the end even when reading was paused, that input waiting for the program is counted, and that no failure of the
 * device ends the daemon.
 */
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { type IPty, spawn } from '@lydell/node-pty';
import type { ExitStatus, SignalName } from '@holdfast/protocol';
import { HoldfastError, reasonOf, systemCode } from '../errors.js';
import { DRAIN_AFTER_EXIT_BYTES, INPUT_QUEUE_BYTES } from '../limits.js';
import { foregroundOf } from './foreground.js';
import type { Program } from './program.js';

export type PtyEvents = {
  readonly onOutput: (bytes: Buffer) => void;
  readonly onExit: (status: ExitStatus) => void;
  readonly onError: (error: unknown) => void;
};

/** The socket inside a pty of the pinned node-pty: it alone knows what waits to be written. */
function socketOf(pty: IPty): Socket | undefined {
  const socket = (pty as { readonly _socket?: Socket })._socket;
  return socket !== undefined && typeof socket.writableLength === 'number' ? socket : undefined;
}

const signalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);

export class Pty {
  readonly pid: number;
  readonly #pty: IPty;
  readonly #socket: Socket | undefined;
  #paused = false;
  #ended = false;
  #received = 0;
  #finish: (() => void) | undefined;

  constructor(program: Program, cols: number, rows: number, events: PtyEvents) {
    try {
      this.#pty = spawn(program.file, [...program.args], {
        name: 'xterm-256color',
        cols,
        rows,
        cwd: program.cwd,
        env: { ...program.env },
        // Bytes: what is split over two reads is put together by our own decoder. (Windows always gives text.)
        encoding: null,
      });
    } catch (error) {
      throw new HoldfastError(
        'spawn_failed',
        `The system could not start ${program.file}: ${reasonOf(error)}. Close some terminals and try again.`,
        { cause: error },
      );
    }
    this.pid = this.#pty.pid;
    this.#socket = socketOf(this.#pty);
    // node-pty throws an error of the device unless somebody else listens too.
    this.#socket?.on('error', (error: Error) => {
      // EIO is how Linux says that the last program on the terminal has ended; EAGAIN is harmless.
      const code = systemCode(error);
      if (code !== 'EIO' && code !== 'EAGAIN') events.onError(error);
    });
    this.#deferDestroy();
    this.#pty.onData((data: string | Buffer) => {
      const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
      this.#received += bytes.length;
      events.onOutput(bytes);
    });
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#ended = true;
      const isSignal = signal !== undefined && signal !== 0;
      events.onExit(
        isSignal
          ? { exitCode: null, signal: signalNames.get(signal) ?? `signal ${String(signal)}` }
          : { exitCode, signal: null },
      );
    });
  }

  /** Bytes of input that the program has not read. */
  get waitingInput(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** Writes all of it or, where too much waits, nothing. */
  write(data: string): boolean {
    if (this.#ended) return false;
    if (this.waitingInput + Buffer.byteLength(data, 'utf8') > INPUT_QUEUE_BYTES) return false;
    this.#pty.write(data);
    return true;
  }

  resize(cols: number, rows: number): void {
    if (this.#ended) return;
    try {
      this.#pty.resize(cols, rows);
    } catch (error) {
      // EBADF, EIO: the program ends at this moment; its end is told by itself.
      if (!this.#ended && !/EBADF|EIO|ENOTTY/.test(reasonOf(error))) throw error;
    }
  }

  pause(): void {
    if (this.#paused || this.#ended) return;
    this.#paused = true;
    this.#pty.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#ended) return;
    this.#pty.resume();
    this.#finish?.();
  }

  /** Sends a signal to the program's process group and to the one in the foreground. */
  async kill(signal: SignalName): Promise<void> {
    if (this.#ended) return;
    if (process.platform === 'win32') {
      this.#pty.kill();
      return;
    }
    const foreground = await foregroundOf(this.pid);
    if (foreground !== undefined && foreground.processGroup !== this.pid) send(-foreground.processGroup, signal);
    if (!this.#ended) send(-this.pid, signal);
  }

  /**
   * node-pty destroys the device 200 ms after the program's end, with whatever was not read. Reading goes on until
   * nothing more comes, or {@link DRAIN_AFTER_EXIT_BYTES} have come, since a background job may write for ever.
   */
  #deferDestroy(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    const destroy = socket.destroy.bind(socket);
    let asked = false;
    socket.destroy = (error?: Error): Socket => {
      if (error !== undefined) return destroy(error);
      if (asked) return socket;
      asked = true;
      const most = this.#received + DRAIN_AFTER_EXIT_BYTES;
      let quiet = 0;
      let seen = this.#received;
      const look = (): void => {
        if (socket.destroyed || this.#paused) return;
        quiet = this.#received === seen ? quiet + 1 : 0;
        seen = this.#received;
        // Two turns of the event loop in which the device could be read and gave nothing.
        if (quiet >= 2 || this.#received > most) destroy();
        else setImmediate(look);
      };
      this.#finish = (): void => {
        setImmediate(look);
      };
      this.#finish();
      return socket;
    };
  }
}

function send(pid: number, signal: SignalName): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it has ended; EPERM: it runs as somebody else now (sudo), and only they may end it.
    const code = systemCode(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
