/**
 * One program on a pseudo-terminal: bytes in and out, size, signals, end. It promises that all output comes before
 * the end even when reading was paused, that input for a program which does not read waits within a limit, and that
 * no failure of the device ends the daemon.
 */
import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { type IPty, spawn } from '@lydell/node-pty';
import type { ExitStatus, SignalName } from '@holdfast/protocol';
import { HoldfastError, reasonOf, systemCode } from '../errors.js';
import { DRAIN_AFTER_EXIT_BYTES, DRAIN_READ_BYTES } from '../limits.js';
import { foregroundOf } from './foreground.js';
import { InputQueue } from './input-queue.js';
import type { Program } from './program.js';

export type PtyEvents = {
  readonly onOutput: (bytes: Buffer) => void;
  readonly onExit: (status: ExitStatus) => void;
  readonly onError: (error: unknown) => void;
};

/** The socket inside a pty of the pinned node-pty: what its public side offers loses output at the end. */
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
  /** The master's descriptor, which does not block; Windows has none. */
  readonly descriptor: number | undefined;
  readonly #input: InputQueue | undefined;
  #paused = false;
  #ended = false;
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
    this.descriptor = this.#socket === undefined ? undefined : (this.#pty as { readonly fd?: number }).fd;
    this.#input = this.descriptor === undefined ? undefined : new InputQueue(this.descriptor);
    this.#socket?.once('close', () => this.#input?.close());
    this.#readAllBeforeDestroy(events.onOutput);
    this.#pty.onData((data: string | Buffer) => {
      events.onOutput(typeof data === 'string' ? Buffer.from(data, 'utf8') : data);
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

  /** Writes all of it or, where too much waits, nothing. */
  write(data: string): boolean {
    if (this.#ended) return false;
    if (this.#input !== undefined) return this.#input.write(data);
    this.#pty.write(data);
    return true;
  }

  resize(cols: number, rows: number): void {
    if (this.#ended) return;
    try {
      this.#pty.resize(cols, rows);
    } catch (error) {
      // EBADF, EIO: the program ends at this moment; its end is told by itself.
      if (!/EBADF|EIO|ENOTTY/.test(reasonOf(error))) throw error;
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

  /** Asked again after a wait, when the compiler still believes the answer from before it. */
  #hasEnded(): boolean {
    return this.#ended;
  }

  /** Sends a signal to the program's process group and to the one in the foreground. */
  async kill(signal: SignalName): Promise<void> {
    if (this.#ended) return;
    if (process.platform === 'win32') {
      this.#pty.kill();
      return;
    }
    const foreground = await foregroundOf(this.pid);
    if (foreground !== undefined && foreground.processGroup !== this.pid)
      send(-foreground.processGroup, signal);
    if (!this.#hasEnded()) send(-this.pid, signal);
  }

  /**
   * node-pty and libuv give the device up too early: 200 ms after the program's end, and at the first short read
   * after the last program has closed it, whatever is left inside. Here everything is read before it is let go, at
   * most {@link DRAIN_AFTER_EXIT_BYTES}, since a background job may write for ever.
   */
  #readAllBeforeDestroy(onOutput: (bytes: Buffer) => void): void {
    const socket = this.#socket;
    const { descriptor } = this;
    if (socket === undefined || descriptor === undefined) return;
    const destroy = socket.destroy.bind(socket);
    const letGo = (error?: Error): Socket => {
      this.#input?.close();
      return destroy(error);
    };
    let isAsked = false;
    const finish = (): void => {
      if (socket.destroyed) return;
      // Goes on by `resume`.
      if (this.#paused) return;
      // What the socket has read comes first.
      if (socket.readableLength > 0) {
        setImmediate(finish);
        return;
      }
      drain(descriptor, onOutput);
      letGo();
    };
    this.#finish = (): void => {
      if (isAsked) setImmediate(finish);
    };
    socket.destroy = (error?: Error): Socket => {
      if (error !== undefined) return letGo(error);
      if (!isAsked) {
        isAsked = true;
        setImmediate(finish);
      }
      return socket;
    };
  }
}

/** Reads what the device still holds, without waiting. */
function drain(descriptor: number, onOutput: (bytes: Buffer) => void): void {
  let left = DRAIN_AFTER_EXIT_BYTES;
  while (left > 0) {
    const bytes = Buffer.allocUnsafe(Math.min(left, DRAIN_READ_BYTES));
    let length: number;
    try {
      length = readSync(descriptor, bytes);
    } catch {
      // EIO: all was read and nobody can write any more; EAGAIN: all was read and a background job lives on.
      return;
    }
    if (length === 0) return;
    left -= length;
    onOutput(bytes.subarray(0, length));
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
