/** What was sent before `open`: kept in order within a byte limit (promise 5 of the transport contract). */
import { messageLength } from './byte-length.js';
import { SEND_QUEUE_BYTES } from './limits.js';
import type { TransportErrorEvent } from './transport.js';

export class SendQueue {
  #messages: (string | Uint8Array)[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** False when the limit is passed; the message is then not kept, and the connection must fail. */
  push(data: string | Uint8Array): boolean {
    const bytes = messageLength(data);
    if (this.#bytes + bytes > SEND_QUEUE_BYTES) return false;
    this.#bytes += bytes;
    this.#messages.push(data);
    return true;
  }

  /** Empties the queue. */
  take(): (string | Uint8Array)[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}

/** The named error of promise 5. */
export const SEND_QUEUE_FULL: TransportErrorEvent = {
  code: 'send_queue_full',
  message: `More than ${String(SEND_QUEUE_BYTES)} bytes wait to be sent, so the connection was given up. Send less before the peer takes it.`,
};
