/**
 * Receives what the official plugin sends to the page, in its order. The plugin's own `connect()` adds its listener after
 * the connection is open, so that early messages are lost; this receiver exists before the connection does, learns of the
 * end of the stream, which the plugin's own hides, and notices a message that never arrived.
 */
import { transformCallback } from '@tauri-apps/api/core';
import { TAURI_MISSING_MESSAGE_TIMEOUT_MS } from '../limits.js';

export type RustChannelEvents = {
  /** Something came, in whatever order: a sign of life. */
  readonly onDelivery: () => void;
  readonly onMessage: (message: unknown) => void;
  /** The plugin will send nothing more: the socket has ended, whether or not anybody said so. */
  readonly onEnd: () => void;
  /** A message was lost on its way to the page; what came after it cannot be delivered. */
  readonly onLoss: () => void;
};

/** What Tauri calls the registered callback with. */
type Delivery = { readonly index: number; readonly message?: unknown; readonly end?: true };

export class RustChannel {
  readonly #id: number;
  readonly #events: RustChannelEvents;
  readonly #waiting = new Map<number, unknown>();
  #next = 0;
  #endIndex: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(events: RustChannelEvents) {
    this.#events = events;
    this.#id = transformCallback<Delivery>((delivery) => {
      this.#receive(delivery);
    });
  }

  /** How a command's argument names this channel. */
  get argument(): string {
    return `__CHANNEL__:${String(this.#id)}`;
  }

  /** Ignores what still comes. The callback stays registered until the plugin's last word, which Tauri would else warn about. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #unregister(): void {
    (
      globalThis as { __TAURI_INTERNALS__?: { unregisterCallback?: (id: number) => void } }
    ).__TAURI_INTERNALS__?.unregisterCallback?.(this.#id);
  }

  #receive(delivery: Delivery): void {
    if (this.#disposed) {
      if (delivery.end === true) this.#unregister();
      return;
    }
    this.#events.onDelivery();
    if (delivery.end === true) this.#endIndex = delivery.index;
    else this.#waiting.set(delivery.index, delivery.message);
    const before = this.#next;
    while (this.#waiting.has(this.#next)) {
      const message = this.#waiting.get(this.#next);
      this.#waiting.delete(this.#next);
      this.#next += 1;
      this.#events.onMessage(message);
    }
    if (this.#endIndex === this.#next) {
      this.dispose();
      this.#unregister();
      this.#events.onEnd();
      return;
    }
    this.#watchForLoss(this.#next !== before);
  }

  #watchForLoss(progressed: boolean): void {
    const missing = this.#waiting.size > 0 || this.#endIndex !== undefined;
    if (this.#timer !== undefined && (progressed || !missing)) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (!missing) return;
    this.#timer ??= setTimeout(() => {
      this.dispose();
      this.#events.onLoss();
    }, TAURI_MISSING_MESSAGE_TIMEOUT_MS);
  }
}
