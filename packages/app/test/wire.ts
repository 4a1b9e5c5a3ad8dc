/** A transport whose faults and messages are made by hand: it stands where a test must choose the moment of an end. */
import type { DaemonTransport, TransportErrorEvent } from '@holdfast/client';

/** How an attempt or a connection ends: an error of the transport, or a close frame. */
export type End = { readonly error: string } | { readonly close: number };

export class Wire implements DaemonTransport {
  readonly #open = new Set<() => void>();
  readonly #message = new Set<(data: unknown) => void>();
  readonly #close = new Set<(event?: unknown) => void>();
  readonly #error = new Set<(event?: unknown) => void>();
  #closed = false;
  readonly sent: Record<string, unknown>[] = [];

  readonly onOpen = (handler: () => void): (() => void) => on(this.#open, handler);
  readonly onMessage = (handler: (data: unknown) => void): (() => void) => on(this.#message, handler);
  readonly onClose = (handler: (event?: unknown) => void): (() => void) => on(this.#close, handler);
  readonly onError = (handler: (event?: unknown) => void): (() => void) => on(this.#error, handler);
  readonly send = (data: string | Uint8Array): void => {
    this.sent.push(JSON.parse(String(data)) as Record<string, unknown>);
  };
  readonly close = (): void => {
    this.end({ close: 1000 });
  };

  welcome(): void {
    for (const handler of this.#open) handler();
    const limits = { maxMessageBytes: 1 << 20, maxInputBytes: 1 << 16, outputWindowBytes: 1 << 20 };
    const daemon = { daemonId: 'd', epoch: 'e', version: '0.1.0', hostName: 'studio', home: '/home/ada' };
    this.say({ type: 'welcome', protocol: 1, ...daemon, limits });
  }

  say(message: object): void {
    for (const handler of this.#message) handler(JSON.stringify(message));
  }

  end(end: End): void {
    if (this.#closed) return;
    this.#closed = true;
    if ('error' in end) {
      const error: TransportErrorEvent = { code: end.error, message: 'technical' };
      for (const handler of this.#error) handler(error);
    }
    const code = 'close' in end ? end.close : 1006;
    for (const handler of this.#close) handler({ code, reason: '', wasClean: code !== 1006 });
  }
}

function on<H>(handlers: Set<H>, handler: H): () => void {
  handlers.add(handler);
  return () => {
    handlers.delete(handler);
  };
}
