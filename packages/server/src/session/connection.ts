/**
 * One WebSocket, as a session sees it: messages out with a bounded buffer, a close that always ends. It promises
 * that a peer which does not read costs at most the limit and is then closed with 4430.
 */
import { CLOSE_SLOW_CLIENT, type DaemonMessage, encodeMessage } from '@holdfast/protocol';
import { WebSocket } from 'ws';
import { MAX_SEND_BUFFER_BYTES, SEND_HIGH_WATER_BYTES } from '../limits.js';

/** A close reason's limit, in bytes (RFC 6455 section 5.5: 125 with the code). */
const MAX_REASON_BYTES = 123;

function fitReason(reason: string): string {
  let fitting = reason;
  while (Buffer.byteLength(fitting, 'utf8') > MAX_REASON_BYTES) fitting = fitting.slice(0, -1);
  return fitting;
}

export class Connection {
  readonly #socket: WebSocket;
  readonly #onRoom: () => void;
  #isClosing = false;
  #wantsRoom = false;
  /** What we closed it with, for the log. */
  closedWith: { readonly code: number; readonly reason: string } | undefined;

  constructor(socket: WebSocket, onRoom: () => void) {
    this.#socket = socket;
    this.#onRoom = onRoom;
  }

  get isOpen(): boolean {
    return !this.#isClosing && this.#socket.readyState === WebSocket.OPEN;
  }

  /** Whether output may be added now; if not, `onRoom` is called when it may. */
  hasRoom(): boolean {
    if (this.#socket.bufferedAmount < SEND_HIGH_WATER_BYTES) return true;
    this.#wantsRoom = true;
    return false;
  }

  send(message: DaemonMessage): void {
    if (!this.isOpen) return;
    this.#socket.send(encodeMessage(message), () => {
      // An error of the socket is told by its close.
      if (!this.#wantsRoom || this.#socket.bufferedAmount >= SEND_HIGH_WATER_BYTES) return;
      this.#wantsRoom = false;
      this.#onRoom();
    });
    if (this.#socket.bufferedAmount <= MAX_SEND_BUFFER_BYTES) return;
    this.close(CLOSE_SLOW_CLIENT, 'the client does not read what it is sent');
    // What waits is what it does not read: the close frame would wait behind it for ever.
    this.#socket.terminate();
  }

  /** Sends a close frame; if the peer does not answer it, `ws` ends the socket after its time limit. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const fitting = fitReason(reason);
    this.closedWith = { code, reason: fitting };
    this.#socket.close(code, fitting);
  }

  /** Ends a connection whose peer no longer answers. */
  terminate(code: number, reason: string): void {
    this.close(code, reason);
    this.#socket.terminate();
  }
}
