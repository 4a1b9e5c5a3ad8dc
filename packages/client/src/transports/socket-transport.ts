/**
 * What the transports over a WebSocket object share, `ws` in Node and the platform's own elsewhere: what waits before
 * `open`, the byte limit, giving a connection up, and a bound on the close handshake. A platform's own file makes the
 * object and reports what happens to it; here that becomes the contract's events.
 */
import { closeCode, closeReason, messageLength } from '../byte-length.js';
import { CLOSE_HANDSHAKE_TIMEOUT_MS, SEND_QUEUE_BYTES } from '../limits.js';
import { SEND_QUEUE_FULL, SendQueue } from '../send-queue.js';
import { ABNORMAL_CLOSE, TransportEvents } from '../transport-events.js';
import type { DaemonTransport, TransportCloseEvent, TransportErrorEvent } from '../transport.js';

/** The object underneath. */
export type Socket = {
  state: () => 'connecting' | 'open' | 'over';
  /** Bytes that it has taken and not yet handed to the network. */
  bufferedAmount: () => number;
  send: (data: string | Uint8Array) => void;
  /** Starts the close handshake. */
  close: (code: number, reason: string) => void;
  /** Ends it without a handshake, as far as the platform can; cancels what still connects. */
  abandon: () => void;
  /** Nothing more is wanted of it: its timers end. */
  release: () => void;
};

export class SocketTransport implements DaemonTransport {
  readonly onMessage: DaemonTransport['onMessage'];
  readonly onOpen: DaemonTransport['onOpen'];
  readonly onClose: DaemonTransport['onClose'];
  readonly onError: DaemonTransport['onError'];
  readonly #socket: Socket;
  readonly #events = new TransportEvents();
  readonly #queue = new SendQueue();
  #closing = false;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    ({
      onMessage: this.onMessage,
      onOpen: this.onOpen,
      onClose: this.onClose,
      onError: this.onError,
    } = this.#events.handlers);
  }

  get bufferedAmount(): number {
    return this.#queue.bytes + this.#socket.bufferedAmount();
  }

  /** Whether its end is near: nothing that is heard matters any more. */
  get isClosing(): boolean {
    return this.#closing;
  }

  /** Whether `open` has been told. */
  get hasOpened(): boolean {
    return this.#events.opened;
  }

  send = (data: string | Uint8Array): void => {
    if (this.#closing || this.#events.closed) return;
    if (this.#events.opened) this.#transmit(data);
    // What waits is the transport's own: the caller may go on using its array.
    else if (!this.#queue.push(typeof data === 'string' ? data : data.slice())) this.fail(SEND_QUEUE_FULL);
  };

  close = (code?: number, reason = ''): void => {
    if (this.#closing || this.#events.closed) return;
    this.#closing = true;
    this.#socket.release();
    this.#awaitClose();
    if (this.#socket.state() === 'connecting') this.#socket.abandon();
    else this.#socket.close(closeCode(code), closeReason(reason));
  };

  /** The handshake is done. */
  opened(): void {
    if (this.#closing) return;
    this.#events.emitOpen();
    for (const data of this.#queue.take()) this.#transmit(data);
  }

  received(data: string | Uint8Array): void {
    if (!this.#closing) this.#events.emitMessage(data);
  }

  /** The platform has told a failure, and its close follows. One that the caller's `close` has caused is none. */
  report(error: TransportErrorEvent): void {
    if (!this.#closing) this.#events.emitError(error);
  }

  /** Gives the connection up; what the platform still reports is dropped by the events. */
  fail(error: TransportErrorEvent): void {
    if (this.#events.closed) return;
    this.report(error);
    this.#closing = true;
    this.#socket.abandon();
    this.ended(ABNORMAL_CLOSE);
  }

  /** The socket has ended. */
  ended(close: TransportCloseEvent): void {
    clearTimeout(this.#closeTimer);
    this.#socket.release();
    this.#queue.take();
    this.#events.emitClose(close);
  }

  #transmit(data: string | Uint8Array): void {
    if (this.#socket.state() !== 'open') return;
    if (this.#socket.bufferedAmount() + messageLength(data) > SEND_QUEUE_BYTES) this.fail(SEND_QUEUE_FULL);
    else this.#socket.send(data);
  }

  /** Platforms wait long for the other side's close frame; the contract promises an end. What is still being sent may be. */
  #awaitClose(): void {
    const waiting = this.#socket.bufferedAmount();
    this.#closeTimer = setTimeout(() => {
      if (this.#socket.bufferedAmount() < waiting) {
        this.#awaitClose();
        return;
      }
      this.#socket.abandon();
      this.ended(ABNORMAL_CLOSE);
    }, CLOSE_HANDSHAKE_TIMEOUT_MS);
  }
}
