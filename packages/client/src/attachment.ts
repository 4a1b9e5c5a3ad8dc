/**
 * One stream of a terminal's output, over as many connections as it takes: every byte once and in order, or a gap that
 * names the missing range, followed by a snapshot.
 */
import type { ClientMessage, ExitStatus, MethodInput, MethodResult, StreamMessage } from '@holdfast/protocol';
import { Timer, type ClientClock } from './clock.js';
import type { DaemonClientError } from './errors.js';
import { ACK_DELAY_MS, ACK_STEP_BYTES, MAX_SNAPSHOT_BYTES, MAX_STREAM_REPAIRS } from './limits.js';
import type { ListenerErrorReporter } from './listeners.js';

/** Draws the screen at `offset` on an emulator that was reset and has this size. */
export type Snapshot = {
  readonly offset: number;
  readonly cols: number;
  readonly rows: number;
  readonly data: string;
};

/** Output from `offset` up to `end`, in bytes of the terminal's output. */
export type Output = { readonly offset: number; readonly end: number; readonly data: string };

/**
 * Why a stream ended although the terminal was not closed. `code`: `terminal_not_found`, `epoch_changed` (the terminals
 * were started anew: offsets of before mean nothing), `snapshot_too_big`, `stream_broken`, or a code of the daemon's refusal.
 */
export type AttachmentLoss = { readonly code: string; readonly message: string };

/** Handlers are called in the order of the stream, never after `detach()`, `onClosed` or `onLost`. */
export type AttachOptions = {
  /** Offset to go on from, in bytes; without it the stream starts with a snapshot. */
  readonly from?: number | undefined;
  /** The epoch that `from` belongs to; another one ends in `onLost`. */
  readonly epoch?: string | undefined;
  /** How far this viewer may fall behind before it is handed a gap and a snapshot, in bytes. Default: 2 MiB. */
  readonly maxBehindBytes?: number | undefined;
  /** Acknowledge as soon as the handler has returned. Default: false, the viewer calls `ack` when it has drawn. */
  readonly autoAck?: boolean | undefined;
  /** Aborting detaches. */
  readonly signal?: AbortSignal | undefined;
  /** The daemon has accepted, at first and after each reconnection. */
  readonly onAttached?: ((start: MethodResult<'terminal.attach'>) => void) | undefined;
  readonly onSnapshot?: ((snapshot: Snapshot) => void) | undefined;
  readonly onOutput?: ((output: Output) => void) | undefined;
  readonly onGap?: ((gap: { readonly from: number; readonly to: number }) => void) | undefined;
  readonly onResized?: ((size: { readonly cols: number; readonly rows: number }) => void) | undefined;
  /** Once, even if the connection changes after it. */
  readonly onExited?: ((exit: ExitStatus & { readonly offset: number }) => void) | undefined;
  readonly onClosed?: (() => void) | undefined;
  readonly onLost?: ((loss: AttachmentLoss) => void) | undefined;
};

/** What a viewer holds. */
export type Attachment = {
  readonly terminalId: string;
  /** Where the viewer is: the end of what was delivered, in bytes. 0 before anything was. */
  readonly offset: number;
  /** False while there is no connection, and after the end. */
  readonly attached: boolean;
  /** The viewer has taken everything up to `offset`. Lower offsets than before, and those not delivered, are harmless. */
  ack(offset: number): void;
  /** Ends the stream: no handler is called from now on. */
  detach(): void;
};

/** What the client does for its attachments. Callbacks of `attach` and `detach` come in the order of the wire. */
export type AttachmentHost = {
  readonly clock: ClientClock;
  readonly report: ListenerErrorReporter;
  /** Names a new stream and directs its messages to `stream`. */
  readonly open: (stream: AttachmentStream) => number;
  readonly forget: (attachment: number) => void;
  readonly attach: (
    params: MethodInput<'terminal.attach'>,
    onResult: (result: MethodResult<'terminal.attach'>) => void,
    onError: (error: DaemonClientError) => void,
  ) => void;
  readonly detach: (attachment: number) => void;
  readonly send: (message: ClientMessage) => void;
  readonly ended: (stream: AttachmentStream) => void;
};

export class AttachmentStream implements Attachment {
  readonly terminalId: string;
  readonly #host: AttachmentHost;
  readonly #options: AttachOptions;
  readonly #ackTimer: Timer;
  /** Name of the stream on this connection; undefined while there is none. */
  #number: number | undefined;
  #accepted = false;
  #ended = false;
  #epoch: string | undefined;
  /** End of what was delivered; undefined until anything was. */
  #position: number | undefined;
  /** A gap was announced, or nothing was delivered yet: the next thing must be a snapshot. */
  #needsSnapshot: boolean;
  #parts: string[] = [];
  #partsLength = 0;
  #size: { readonly cols: number; readonly rows: number } | undefined;
  #exited = false;
  #repairs = 0;
  #taken = -1;
  #acked = -1;

  constructor(host: AttachmentHost, terminalId: string, options: AttachOptions) {
    this.#host = host;
    this.terminalId = terminalId;
    this.#options = options;
    this.#ackTimer = new Timer(host.clock);
    this.#position = options.from;
    this.#needsSnapshot = options.from === undefined;
    this.#epoch = options.epoch;
  }

  get offset(): number {
    return this.#position ?? 0;
  }

  get attached(): boolean {
    return this.#accepted;
  }

  /** There is a connection: asks for the stream. */
  connected(epoch: string): void {
    if (this.#ended) return;
    if (this.#epoch !== undefined && this.#epoch !== epoch) {
      this.#lose('epoch_changed', 'The terminals were started anew; this one no longer exists.');
      return;
    }
    this.#epoch = epoch;
    this.#start();
  }

  disconnected(): void {
    this.#leaveStream();
  }

  ack(offset: number): void {
    const taken = Math.min(offset, this.offset);
    if (this.#ended || taken <= this.#taken) return;
    this.#taken = taken;
    if (!this.#accepted) return;
    if (taken - this.#acked >= ACK_STEP_BYTES) this.#sendAck();
    else if (!this.#ackTimer.armed) {
      this.#ackTimer.set(ACK_DELAY_MS, () => {
        this.#sendAck();
      });
    }
  }

  detach(): void {
    if (this.#ended) return;
    const number = this.#number;
    this.#end();
    if (number !== undefined) this.#host.detach(number);
  }

  /** One message of this stream. */
  receive(message: StreamMessage): void {
    if (this.#ended || message.attachment !== this.#number) return;
    switch (message.type) {
      case 'output':
        this.#onOutput(message);
        return;
      case 'snapshot':
        this.#onSnapshotPart(message);
        return;
      case 'gap':
        this.#needsSnapshot = true;
        this.#call(() => this.#options.onGap?.({ from: message.from, to: message.to }));
        return;
      case 'resized':
        this.#resized(message.cols, message.rows);
        return;
      case 'exited': {
        if (this.#exited) return;
        this.#exited = true;
        const { exitCode, signal, offset } = message;
        this.#call(() => this.#options.onExited?.({ exitCode, signal, offset }));
        return;
      }
      case 'closed':
        this.#end();
        this.#call(() => this.#options.onClosed?.());
    }
  }

  #start(): void {
    const number = this.#host.open(this);
    this.#number = number;
    const { maxBehindBytes } = this.#options;
    const from = this.#needsSnapshot ? undefined : this.#position;
    this.#host.attach(
      {
        terminalId: this.terminalId,
        attachment: number,
        ...(from === undefined ? {} : { from }),
        ...(maxBehindBytes === undefined ? {} : { maxBehindBytes }),
      },
      (result) => {
        if (this.#number === number) this.#onAccepted(result);
      },
      (error) => {
        // A lost connection is no loss of the stream: it goes on with the next one.
        if (this.#number !== number || error.code === 'connection_lost' || error.code === 'not_connected')
          return;
        this.#lose(error.code, error.message);
      },
    );
  }

  #onAccepted(result: MethodResult<'terminal.attach'>): void {
    this.#accepted = true;
    this.#acked = result.start === 'resume' ? result.offset : -1;
    if (result.start === 'snapshot') this.#needsSnapshot = true;
    this.#call(() => this.#options.onAttached?.(result));
    // It may have been resized while this viewer was away; a snapshot brings its own size.
    if (result.start === 'resume' && !this.#ended) this.#resized(result.cols, result.rows);
  }

  #onOutput({ offset, length, data }: Extract<StreamMessage, { type: 'output' }>): void {
    if (this.#needsSnapshot || offset !== this.#position) {
      this.#repair();
      return;
    }
    const end = offset + length;
    this.#position = end;
    this.#repairs = 0;
    this.#call(() => this.#options.onOutput?.({ offset, end, data }));
    if (this.#options.autoAck === true) this.ack(end);
  }

  #onSnapshotPart(part: Extract<StreamMessage, { type: 'snapshot' }>): void {
    if (part.part !== this.#parts.length || part.part >= part.parts) {
      this.#repair();
      return;
    }
    this.#partsLength += part.data.length;
    if (this.#partsLength * 2 > MAX_SNAPSHOT_BYTES) {
      const number = this.#number;
      if (number !== undefined) this.#host.detach(number);
      this.#lose(
        'snapshot_too_big',
        `The screen is over ${String(MAX_SNAPSHOT_BYTES)} bytes and was not taken.`,
      );
      return;
    }
    this.#parts.push(part.data);
    if (this.#parts.length < part.parts) return;
    const data = this.#parts.join('');
    this.#dropParts();
    const { offset, cols, rows } = part;
    this.#position = offset;
    this.#needsSnapshot = false;
    this.#repairs = 0;
    this.#size = { cols, rows };
    this.#call(() => this.#options.onSnapshot?.({ offset, cols, rows, data }));
    if (this.#options.autoAck === true) this.ack(offset);
  }

  #resized(cols: number, rows: number): void {
    if (this.#size?.cols === cols && this.#size.rows === rows) return;
    this.#size = { cols, rows };
    this.#call(() => this.#options.onResized?.({ cols, rows }));
  }

  /** The stream does not fit together. Nothing of it is shown; it is asked for again from where the viewer is. */
  #repair(): void {
    const number = this.#number;
    this.#leaveStream();
    if (number !== undefined) this.#host.detach(number);
    this.#repairs += 1;
    if (this.#repairs > MAX_STREAM_REPAIRS) {
      this.#lose('stream_broken', 'The output did not fit together, and asking for it again did not help.');
    } else this.#start();
  }

  #sendAck(): void {
    const attachment = this.#number;
    if (attachment === undefined || this.#taken <= this.#acked) return;
    this.#ackTimer.cancel();
    this.#acked = this.#taken;
    this.#host.send({ type: 'ack', attachment, offset: this.#taken });
  }

  #leaveStream(): void {
    if (this.#number !== undefined) this.#host.forget(this.#number);
    this.#number = undefined;
    this.#accepted = false;
    this.#ackTimer.cancel();
    this.#dropParts();
  }

  #dropParts(): void {
    this.#parts = [];
    this.#partsLength = 0;
  }

  #lose(code: string, message: string): void {
    this.#end();
    this.#call(() => this.#options.onLost?.({ code, message }));
  }

  #end(): void {
    this.#leaveStream();
    this.#ended = true;
    this.#host.ended(this);
  }

  /** A handler that throws loses its own message and nothing else. */
  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#host.report(error);
    }
  }
}
