/**
 * What every transport shares: the handlers, and the order of promise 2 and 4 of the contract. `open` at most once, then
 * messages, at most one `error`, `close` exactly once and last; whatever the platform reports after that is dropped.
 */
import { Listeners } from './listeners.js';
import type { DaemonTransport, TransportCloseEvent, TransportErrorEvent } from './transport.js';

export class TransportEvents {
  readonly #message = new Listeners<[unknown]>();
  readonly #open = new Listeners<[]>();
  readonly #close = new Listeners<[unknown]>();
  readonly #error = new Listeners<[unknown]>();
  #opened = false;
  #failed = false;
  #closed = false;

  get opened(): boolean {
    return this.#opened;
  }
  get failed(): boolean {
    return this.#failed;
  }
  get closed(): boolean {
    return this.#closed;
  }

  /** The four subscriptions of the contract. */
  get handlers(): Pick<DaemonTransport, 'onMessage' | 'onOpen' | 'onClose' | 'onError'> {
    return {
      onMessage: (handler) => this.#message.add(handler),
      onOpen: (handler) => this.#open.add(handler),
      onClose: (handler) => this.#close.add(handler),
      onError: (handler) => this.#error.add(handler),
    };
  }

  emitOpen(): void {
    if (this.#opened || this.#closed || this.#failed) return;
    this.#opened = true;
    this.#open.emit();
  }

  emitMessage(data: string | Uint8Array): void {
    if (!this.#opened || this.#closed || this.#failed) return;
    this.#message.emit(data);
  }

  emitError(event: TransportErrorEvent): void {
    if (this.#failed || this.#closed) return;
    this.#failed = true;
    this.#error.emit(event);
  }

  emitClose(event: TransportCloseEvent): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#close.emit(event);
    // Nothing comes after a close, so the handlers are let go.
    this.#message.clear();
    this.#open.clear();
    this.#error.clear();
    this.#close.clear();
  }
}

/** A connection that ended without a close frame (RFC 6455 section 7.1.5). */
export const ABNORMAL_CLOSE: TransportCloseEvent = { code: 1006, reason: '', wasClean: false };

/**
 * A transport that fails for the given reason: for an input that the platform refuses before it dials. By promise 1 it
 * reports that after the factory has returned.
 */
export function failedTransport(error: TransportErrorEvent): DaemonTransport {
  const events = new TransportEvents();
  let cancelled = false;
  queueMicrotask(() => {
    if (!cancelled) events.emitError(error);
    events.emitClose(ABNORMAL_CLOSE);
  });
  return {
    ...events.handlers,
    send: () => undefined,
    close: () => {
      cancelled = true;
    },
    bufferedAmount: 0,
  };
}
