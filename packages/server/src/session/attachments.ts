/**
 * The streams of one connection: attaches, detaches, and moves output from the host to the socket as far as the
 * windows and the socket allow. It promises to hold at most one snapshot for one connection, and nothing of a stream
 * after it was detached.
 */
import {
  MAX_ATTACHMENTS,
  type MethodParams,
  type MethodResult,
  type StreamMessage,
} from '@holdfast/protocol';
import type { Directory } from '../directory.js';
import { HoldfastError } from '../errors.js';
import type { TerminalHost } from '../terminals/terminal-host.js';
import type { Connection } from './connection.js';
import { OutputStream } from './output-stream.js';

type Attached = { readonly terminalId: string; readonly stream: OutputStream };

export class Attachments {
  readonly #host: TerminalHost;
  readonly #directory: Directory;
  readonly #connection: Connection;
  readonly #onDefect: (error: unknown) => void;
  readonly #attached = new Map<number, Attached>();
  /** Attaches that are being answered, each with a mark of its own: a detach frees the number, and the attach fails. */
  readonly #reserved = new Map<number, symbol>();
  #snapshotTurns: Promise<void> = Promise.resolve();
  #onSnapshotSent: (() => void) | undefined;
  #isPumping = false;
  #isScheduled = false;
  #isClosed = false;

  constructor(
    host: TerminalHost,
    directory: Directory,
    connection: Connection,
    onDefect: (error: unknown) => void,
  ) {
    this.#host = host;
    this.#directory = directory;
    this.#connection = connection;
    this.#onDefect = onDefect;
  }

  /** Prepares a stream; it starts when `answer` has sent the result. */
  async attach(
    params: MethodParams<'terminal.attach'>,
    answer: (result: MethodResult<'terminal.attach'>) => void,
  ): Promise<void> {
    const { attachment, terminalId } = params;
    if (this.#attached.has(attachment) || this.#reserved.has(attachment)) {
      throw new HoldfastError(
        'invalid_params',
        `attachment: ${String(attachment)} is in use; choose another number`,
      );
    }
    if (this.#attached.size + this.#reserved.size >= MAX_ATTACHMENTS) {
      throw new HoldfastError(
        'too_many_attachments',
        `This connection has ${String(MAX_ATTACHMENTS)} attachments. Detach one first.`,
      );
    }
    const reservation = Symbol('attach');
    this.#reserved.set(attachment, reservation);
    const turn = this.#snapshotTurns;
    let endTurn: () => void = () => undefined;
    // One after the other, each when the snapshot before it has been sent: a client that does not read costs one.
    this.#snapshotTurns = new Promise((resolve) => {
      endTurn = resolve;
    });
    await turn;
    await this.#whenNoSnapshotWaits();
    try {
      this.#requireReserved(attachment, reservation);
      const { stream, result } = await this.#prepare(params);
      if (this.#isClosed) return;
      this.#requireReserved(attachment, reservation);
      // It may have been closed meanwhile, and nobody would tell this stream.
      if (!this.#directory.has(terminalId)) {
        throw new HoldfastError('terminal_not_found', `The terminal ${terminalId} was closed.`);
      }
      this.#attached.set(attachment, { terminalId, stream });
      this.#directory.viewerJoined(terminalId);
      answer(result);
      this.schedule();
    } finally {
      if (this.#reserved.get(attachment) === reservation) this.#reserved.delete(attachment);
      endTurn();
    }
  }

  #requireReserved(attachment: number, reservation: symbol): void {
    if (this.#reserved.get(attachment) === reservation) return;
    throw new HoldfastError(
      'attachment_not_found',
      `The attachment ${String(attachment)} was detached before its stream began.`,
    );
  }

  #whenNoSnapshotWaits(): Promise<void> {
    if (this.#isClosed || !this.#someoneHoldsSnapshot()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onSnapshotSent = resolve;
    });
  }

  async #prepare({ terminalId, attachment, from, maxBehindBytes }: MethodParams<'terminal.attach'>): Promise<{
    readonly stream: OutputStream;
    readonly result: MethodResult<'terminal.attach'>;
  }> {
    if (from !== undefined) {
      const point = await this.#host.resumePoint(terminalId, from);
      if (point.kind === 'found') {
        const { position, cols, rows } = point;
        const stream = new OutputStream(attachment, maxBehindBytes, position);
        return { stream, result: { start: 'resume', offset: position.offset, cols, rows } };
      }
    }
    const snapshot = await this.#host.snapshot(terminalId, 0);
    const { position, cols, rows } = snapshot;
    const stream = new OutputStream(attachment, maxBehindBytes, position);
    stream.startWith(snapshot, from);
    return { stream, result: { start: 'snapshot', offset: position.offset, cols, rows } };
  }

  /** Ends a stream, also one whose attach is still being answered: that fails, and nothing of it is sent. */
  detach(attachment: number): void {
    if (this.#reserved.delete(attachment)) return;
    const attached = this.#attached.get(attachment);
    if (attached === undefined) {
      throw new HoldfastError(
        'attachment_not_found',
        `This connection has no attachment ${String(attachment)}.`,
      );
    }
    this.#attached.delete(attachment);
    this.#directory.viewerLeft(attached.terminalId);
    this.schedule();
  }

  /** An acknowledgement of a stream that has ended meanwhile is nothing wrong. */
  acknowledge(attachment: number, offset: number): void {
    const attached = this.#attached.get(attachment);
    if (attached === undefined) return;
    attached.stream.acknowledge(offset);
    this.schedule();
  }

  advanced(terminalId: string, end: number): void {
    let isWatched = false;
    for (const attached of this.#attached.values()) {
      if (attached.terminalId !== terminalId) continue;
      attached.stream.advanced(end);
      isWatched = true;
    }
    if (isWatched) this.schedule();
  }

  /** The terminal is gone: each of its streams ends with `closed`. */
  removed(terminalId: string): void {
    for (const [attachment, attached] of this.#attached) {
      if (attached.terminalId !== terminalId) continue;
      this.#attached.delete(attachment);
      this.#directory.viewerLeft(terminalId);
      this.#connection.send({ type: 'closed', attachment });
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const { terminalId } of this.#attached.values()) this.#directory.viewerLeft(terminalId);
    this.#attached.clear();
    this.#onSnapshotSent?.();
  }

  /** Moves output once this turn's events are handled, so that what arrived in small pieces goes out in one. */
  schedule(): void {
    if (this.#isScheduled || this.#isPumping) {
      this.#isScheduled = true;
      return;
    }
    this.#isScheduled = true;
    setImmediate(() => {
      this.#pump().catch(this.#onDefect);
    });
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      do {
        this.#isScheduled = false;
        let hasMoved = true;
        while (hasMoved && !this.#isClosed) {
          hasMoved = false;
          for (const [attachment, attached] of [...this.#attached]) {
            if (!this.#connection.isOpen || !this.#connection.hasRoom()) return;
            if (await this.#step(attachment, attached)) hasMoved = true;
          }
        }
      } while (this.#hasWork());
    } finally {
      this.#isPumping = false;
      if (this.#onSnapshotSent !== undefined && !this.#someoneHoldsSnapshot()) {
        this.#onSnapshotSent();
        this.#onSnapshotSent = undefined;
      }
      if (this.#isScheduled) {
        this.#isScheduled = false;
        this.schedule();
      }
    }
  }

  /** Whether somebody asked for a pump while one was running. */
  #hasWork(): boolean {
    return this.#isScheduled && !this.#isClosed;
  }

  /** One step of one stream; false when it waits. */
  async #step(attachment: number, attached: Attached): Promise<boolean> {
    const { stream, terminalId } = attached;
    const isStill = (): boolean => this.#attached.get(attachment) === attached;
    if (!isStill()) return false;
    if (!stream.holdsSnapshot && this.#someoneHoldsSnapshot() && stream.next().kind === 'snapshot')
      return false;
    const step = stream.next();
    let messages: readonly StreamMessage[] = [];
    try {
      switch (step.kind) {
        case 'wait':
          return false;
        case 'send':
          messages = [step.message];
          break;
        case 'read':
          messages = stream.took(await this.#host.read(terminalId, step.position, step.maxBytes));
          break;
        case 'snapshot':
          stream.tookSnapshot(await this.#host.snapshot(terminalId, step.atLeast));
          break;
      }
    } catch (error) {
      // The terminal was closed in this very moment; `removed` ends the stream.
      if (error instanceof HoldfastError && error.code === 'terminal_not_found') return false;
      throw error;
    }
    if (!isStill()) return false;
    for (const message of messages) this.#connection.send(message);
    return true;
  }

  #someoneHoldsSnapshot(): boolean {
    for (const { stream } of this.#attached.values()) if (stream.holdsSnapshot) return true;
    return false;
  }
}
