/**
 * A `DaemonTransport` over the plugin: one connection that Rust owns, seen from the page. It keeps the promises
 * of the contract in `@holdfast/client/transport`.
 */
import type {
  DaemonTransport,
  DaemonTransportFactory,
  DaemonTransportOptions,
  TransportCloseEvent,
  TransportErrorEvent,
} from '@holdfast/client/transport';

import { EventHub } from './event-hub.js';
import { readError, resolveFrame, unpack } from './happening.js';
import type { Happening, PackedFrame, ReferringFrame } from './happening.js';
import { tauriIpc } from './ipc.js';
import type { Ipc, Lane } from './ipc.js';
import { CLOSE_DEADLINE_MS, SEND_QUEUE_BYTES } from './limits.js';
import { Outgoing } from './outgoing.js';
import type { Receiver } from './receiver.js';
import { Sequencer } from './sequencer.js';

/** How a factory makes its connections. */
export type PluginTransportOptions = {
  /**
   * How frames cross into the page. `batch` (the default) hands many over at once; `event` emits one Tauri event
   * for each and is several times slower.
   */
  lane?: Lane;
};

/**
 * Makes the factory of transports over the plugin. The page needs the permissions `daemon-transport:default`,
 * with an entry for the endpoint, and `core:event:default`. The URL `daemon+local:` names this user's daemon.
 *
 * Limits: a message has at most 16 MiB; `send` holds at most 32 MiB, then the connection fails with
 * `send_queue_full`. Without the plugin a transport fails with `transport_failed`.
 */
export function createPluginTransportFactory(options: PluginTransportOptions = {}): DaemonTransportFactory {
  return createFactory(tauriIpc, options);
}

/** Whether this page has the plugin: true in the main frame of an app that registers it, in any other page false. */
export function isAvailable(): boolean {
  return tauriIpc.receiver() !== undefined;
}

/** The same over another IPC. For tests. */
export function createFactory(ipc: Ipc, { lane = 'batch' }: PluginTransportOptions): DaemonTransportFactory {
  const hub = new EventHub(ipc);
  return (options) => new PluginTransport(ipc, hub, lane, options);
}

class PluginTransport implements DaemonTransport {
  readonly #ipc: Ipc;
  readonly #hub: EventHub;
  readonly #receiver: Receiver | undefined;
  readonly #outgoing: Outgoing;
  readonly #sequencer = new Sequencer<Happening | PackedFrame>((item) => this.#take(item));
  readonly #message = new Set<(data: unknown) => void>();
  readonly #open = new Set<() => void>();
  readonly #close = new Set<(event?: unknown) => void>();
  readonly #error = new Set<(event?: unknown) => void>();
  /** `closing`: the page wants the end. `closed`: it was told of the end. */
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  #connectionId: string | undefined;
  #goodbye: { code?: number; reason?: string } | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #ignoreNetwork: (() => void) | undefined;

  constructor(ipc: Ipc, hub: EventHub, lane: Lane, options: DaemonTransportOptions) {
    this.#ipc = ipc;
    this.#hub = hub;
    this.#receiver = ipc.receiver();
    this.#outgoing = new Outgoing(ipc, this.#receiver?.pageId ?? '', (error) => this.#lost(error));
    // A copy now: the caller may change its object before the request is made.
    const { url, headers } = options;
    const request = { url, lane, ...(headers ? { headers: { ...headers } } : {}) };
    // In a later turn: no handler is called before the factory has returned.
    void Promise.resolve().then(() => this.#begin(request));
  }

  get bufferedAmount(): number {
    return this.#outgoing.buffered;
  }

  send(data: string | Uint8Array): void {
    if (this.#state !== 'connecting' && this.#state !== 'open') return;
    if (this.#outgoing.push(data)) return;
    const message = `more than ${SEND_QUEUE_BYTES} bytes were sent and wait for the network`;
    this.#state = 'closing';
    this.#outgoing.drop();
    queueMicrotask(() => this.#fail({ code: 'send_queue_full', message }));
  }

  close(code?: number, reason?: string): void {
    if (this.#state !== 'connecting' && this.#state !== 'open') return;
    this.#state = 'closing';
    this.#goodbye = {
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
    };
    this.#deadline = setTimeout(() => this.#end(ABRUPT), CLOSE_DEADLINE_MS);
    if (this.#connectionId !== undefined) void this.#disconnect(this.#connectionId);
  }

  onMessage(handler: (data: unknown) => void): () => void {
    return subscribe(this.#message, handler);
  }

  onOpen(handler: () => void): () => void {
    return subscribe(this.#open, handler);
  }

  onClose(handler: (event?: unknown) => void): () => void {
    return subscribe(this.#close, handler);
  }

  onError(handler: (event?: unknown) => void): () => void {
    return subscribe(this.#error, handler);
  }

  async #begin(request: { url: string; headers?: Record<string, string>; lane: Lane }): Promise<void> {
    const receiver = this.#receiver;
    if (!receiver) {
      const message = 'this page has no tauri-plugin-daemon-transport: is the plugin registered in the app?';
      this.#fail({ code: 'transport_failed', message });
      return;
    }
    try {
      await this.#hub.listen();
      if (this.#state === 'closing') {
        this.#end(ABRUPT);
        return;
      }
      await this.#hub.expect(
        () => this.#ipc.connect({ ...request, page: receiver.pageId }),
        (connectionId) => this.#register(connectionId, receiver),
      );
    } catch (thrown) {
      this.#fail(readError(thrown));
    }
  }

  #register(connectionId: string, receiver: Receiver): void {
    this.#connectionId = connectionId;
    this.#outgoing.begin(connectionId);
    this.#hub.register(connectionId, ({ seq, happening }) => {
      this.#sequencer.push(seq, happening.kind === 'frame' ? happening.frame : happening);
      this.#outgoing.acknowledge(this.#sequencer.last);
    });
    receiver.register(connectionId, {
      deliver: (serial, firstSeq, frames) => {
        let seq = firstSeq;
        for (const frame of frames) {
          this.#sequencer.push(seq, frame);
          seq += 1;
        }
        this.#outgoing.acknowledge(this.#sequencer.last);
        this.#outgoing.evaluated(serial);
      },
      take: (serial, firstSeq, frames, long) => {
        let seq = firstSeq;
        const all = typeof frames === 'string' ? (JSON.parse(frames) as ReferringFrame[]) : frames;
        for (const frame of all) {
          this.#sequencer.push(seq, resolveFrame(frame, long));
          seq += 1;
        }
        return this.#outgoing.tell(serial, this.#sequencer.last);
      },
      answer: (answer) => this.#outgoing.answer(answer),
      probe: (serial) => this.#outgoing.evaluated(serial),
      next: (answer) => this.#outgoing.next(answer),
    });
    if (this.#state === 'closing' || this.#state === 'closed') void this.#disconnect(connectionId);
  }

  /** In order and once each; what the handlers throw is reported and loses nothing. */
  #take(item: Happening | PackedFrame): void {
    if (typeof item === 'string' || !('kind' in item)) {
      if (this.#state !== 'open') return;
      const data = unpack(item);
      for (const handler of this.#message) attempt(() => handler(data));
      return;
    }
    switch (item.kind) {
      case 'open':
        if (this.#state !== 'connecting') return;
        this.#state = 'open';
        this.#ignoreNetwork = this.#ipc.onOnline(() => void this.#check());
        for (const handler of this.#open) attempt(handler);
        return;
      case 'error':
        if (this.#state === 'closed') return;
        for (const handler of this.#error) attempt(() => handler(item.error));
        return;
      case 'close':
        this.#end(item.close);
        // The last number: once it is acknowledged, Rust forgets the connection.
        void this.#forget();
        return;
      case 'frame':
        // Frames are unwrapped where they arrive.
        return;
    }
  }

  /** Another network: the old one's connections may be dead without a word. */
  async #check(): Promise<void> {
    if (this.#connectionId === undefined || this.#state !== 'open') return;
    try {
      await this.#ipc.check({ connectionId: this.#connectionId, page: this.#receiver?.pageId ?? '' });
    } catch {
      // Rust does not know the connection any more: its end is on the way.
    }
  }

  async #disconnect(connectionId: string): Promise<void> {
    // What was sent before the close goes before it.
    await this.#outgoing.drained();
    const page = this.#receiver?.pageId ?? '';
    try {
      await this.#ipc.disconnect({ connectionId, page, ...this.#goodbye });
    } catch {
      // Rust does not know the connection any more: it has ended, which is what was wanted.
      this.#end(ABRUPT);
    }
  }

  async #forget(): Promise<void> {
    await Promise.resolve();
    await this.#outgoing.drained();
    if (this.#connectionId === undefined) return;
    this.#hub.unregister(this.#connectionId);
    this.#receiver?.unregister(this.#connectionId);
    this.#outgoing.stop();
  }

  /** Requests can no longer be made: whatever Rust still knows, this page cannot be told. */
  #lost(error: TransportErrorEvent): void {
    this.#fail(error);
    void this.#forget();
  }

  /** A failure on this side of the border. */
  #fail(error: TransportErrorEvent): void {
    if (this.#state === 'closed') return;
    for (const handler of this.#error) attempt(() => handler(error));
    this.#end(ABRUPT);
    if (this.#connectionId !== undefined) void this.#disconnect(this.#connectionId);
  }

  /** The one close. Later happenings are acknowledged and not told. */
  #end(event: TransportCloseEvent): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#deadline);
    this.#ignoreNetwork?.();
    this.#outgoing.drop();
    for (const handler of this.#close) attempt(() => handler(event));
  }
}

const ABRUPT: TransportCloseEvent = { code: 1006, reason: '', wasClean: false };

function subscribe<Handler>(handlers: Set<Handler>, handler: Handler): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}

/** Runs a handler of the application. Its error is the application's: it is reported as uncaught. */
function attempt(handler: () => void): void {
  try {
    handler();
  } catch (error) {
    reportError(error);
  }
}
