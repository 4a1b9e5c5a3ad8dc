/**
 * Option A: the transport over the official Tauri WebSocket plugin (2.5), for an app that already ships it. Rust opens the
 * socket, so there is no `Origin`. The plugin's two commands are called directly, because its own `connect()` loses what
 * arrives before its listener; everything else that it leaves open (order, liveness, limits, the page's end) is done here.
 */
import { invoke } from '@tauri-apps/api/core';
import type { Message } from '@tauri-apps/plugin-websocket';
import { closeCode, closeReason, messageLength } from '../byte-length.js';
import {
  CLOSE_HANDSHAKE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
  SEND_QUEUE_BYTES,
  TAURI_NOT_YET_RETRY_MS,
  TAURI_NOT_YET_TIMEOUT_MS,
  TAURI_SEND_TIMEOUT_MS,
  TRANSPORT_CONNECT_TIMEOUT_MS,
  TRANSPORT_PING_INTERVAL_MS,
  TRANSPORT_PONG_TIMEOUT_MS,
} from '../limits.js';
import { SEND_QUEUE_FULL } from '../send-queue.js';
import { ABNORMAL_CLOSE, failedTransport, TransportEvents } from '../transport-events.js';
import type {
  DaemonTransport,
  DaemonTransportFactory,
  DaemonTransportOptions,
  TransportCloseEvent,
  TransportErrorEvent,
} from '../transport.js';
import { TransportLiveness } from '../transport-liveness.js';
import { causeOfString } from './tauri-websocket-causes.js';
import { RustChannel } from './tauri-websocket-channel.js';
import { connectionClosed, connectionOpened, preparePage } from './tauri-websocket-page.js';

/** All in ms; the defaults are those of the package's limits. */
export type TauriWebSocketTransportOptions = {
  /** Deadline of dial and upgrade; the plugin has none. Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /** A ping is sent when nothing was heard for this long. Default: 15,000. */
  readonly pingIntervalMs?: number;
  /** The connection is dead when nothing is heard for this long after a ping. Default: 10,000. */
  readonly pongTimeoutMs?: number;
};

/** Whether this page runs in a Tauri window whose app contains the plugin and whose capability allows it. */
export async function isTauriWebSocketAvailable(): Promise<boolean> {
  if (!('__TAURI_INTERNALS__' in globalThis)) return false;
  try {
    await sendMessage(0, { type: 'Ping', data: [] });
    return true;
  } catch (error) {
    // No connection has this id; the plugin is there exactly if it is the plugin that says so.
    return isNotFound(error);
  }
}

/**
 * Makes transports over the official plugin. The first call in a page closes what an earlier page of this window left open.
 * `headers` are sent with the upgrade request.
 */
export function createTauriWebSocketTransportFactory(
  options: TauriWebSocketTransportOptions = {},
): DaemonTransportFactory {
  const settings = {
    connectTimeoutMs: options.connectTimeoutMs ?? TRANSPORT_CONNECT_TIMEOUT_MS,
    pingIntervalMs: options.pingIntervalMs ?? TRANSPORT_PING_INTERVAL_MS,
    pongTimeoutMs: options.pongTimeoutMs ?? TRANSPORT_PONG_TIMEOUT_MS,
  };
  preparePage((id) => {
    // A connection that has ended is not found, which is what was wanted.
    sendMessage(id, { type: 'Close', data: { code: 1001, reason: 'the page has gone' } }).catch(
      () => undefined,
    );
  });
  return (request) =>
    '__TAURI_INTERNALS__' in globalThis
      ? new TauriWebSocketTransport(request, settings)
      : failedTransport({ code: 'transport_failed', message: 'This page does not run in a Tauri window.' });
}

function sendMessage(id: number, message: Message): Promise<void> {
  return invoke('plugin:websocket|send', { id, message });
}

function isNotFound(error: unknown): boolean {
  return typeof error === 'string' && error.startsWith('connection not found');
}

class TauriWebSocketTransport implements DaemonTransport {
  readonly onMessage: DaemonTransport['onMessage'];
  readonly onOpen: DaemonTransport['onOpen'];
  readonly onClose: DaemonTransport['onClose'];
  readonly onError: DaemonTransport['onError'];
  readonly #url: string;
  readonly #settings: Required<TauriWebSocketTransportOptions>;
  readonly #events = new TransportEvents();
  readonly #channel: RustChannel;
  readonly #liveness: TransportLiveness;
  /** What arrived before `connect` was answered: `open` comes first. */
  #early: unknown[] = [];
  #id: number | undefined;
  #ended = false;
  #queue: { readonly message: () => Message; readonly bytes: number }[] = [];
  #queuedBytes = 0;
  /** When the command that is on its way was called. */
  #sendingSince: number | undefined;
  #closing = false;
  #openedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ url, headers }: DaemonTransportOptions, settings: Required<TauriWebSocketTransportOptions>) {
    this.#url = url;
    this.#settings = settings;
    ({
      onMessage: this.onMessage,
      onOpen: this.onOpen,
      onClose: this.onClose,
      onError: this.onError,
    } = this.#events.handlers);
    this.#channel = new RustChannel({
      onDelivery: () => {
        this.#liveness.heard();
      },
      onMessage: (message) => {
        if (this.#id === undefined) this.#early.push(message);
        else this.#receive(message);
      },
      onEnd: () => {
        if (this.#id === undefined) this.#ended = true;
        else this.#streamEnded();
      },
      onLoss: () => {
        this.#fail({
          code: 'transport_failed',
          message: 'A message was lost between the plugin and the page, so the connection was given up.',
        });
      },
    });
    this.#liveness = new TransportLiveness({
      ...settings,
      ping: () => {
        this.#ping();
      },
      onDead: () => {
        // While a large message crosses to Rust, the ping waits behind it.
        if (this.#sendingSince !== undefined && Date.now() - this.#sendingSince < TAURI_SEND_TIMEOUT_MS) {
          this.#liveness.start();
          return;
        }
        this.#fail({
          code: 'timed_out',
          message: `${url} has not answered for ${String((settings.pingIntervalMs + settings.pongTimeoutMs) / 1000)} s.`,
        });
      },
    });
    // By promise 1 nothing is reported before the factory has returned, not even that there is no Tauri.
    queueMicrotask(() => void this.#dial(headers));
  }

  get bufferedAmount(): number {
    return this.#queuedBytes;
  }

  send = (data: string | Uint8Array): void => {
    if (this.#closing || this.#events.closed) return;
    const bytes = messageLength(data);
    if (this.#queuedBytes + bytes > SEND_QUEUE_BYTES) {
      this.#fail(SEND_QUEUE_FULL);
      return;
    }
    // Lone surrogates become U+FFFD, as in every WebSocket; JSON would carry them as escapes that Rust refuses.
    const kept = typeof data === 'string' ? data.replace(/\p{Surrogate}/gu, '\uFFFD') : data.slice();
    this.#queuedBytes += bytes;
    this.#queue.push({
      bytes,
      message: () =>
        typeof kept === 'string' ? { type: 'Text', data: kept } : { type: 'Binary', data: Array.from(kept) },
    });
    this.#pump();
  };

  close = (code?: number, reason = ''): void => {
    if (this.#closing || this.#events.closed) return;
    this.#closing = true;
    this.#armCloseTimer();
    if (this.#id === undefined) {
      // The plugin cannot cancel a dial. If it succeeds after all, `#dial` closes it.
      queueMicrotask(() => {
        this.#finish(ABNORMAL_CLOSE);
      });
      return;
    }
    this.#queue.push({
      bytes: 0,
      message: () => ({ type: 'Close', data: { code: closeCode(code), reason: closeReason(reason) } }),
    });
    this.#pump();
  };

  async #dial(headers: Record<string, string> | undefined): Promise<void> {
    if (this.#unwanted()) return;
    this.#timer = setTimeout(() => {
      this.#fail({
        code: 'timed_out',
        message: `${this.#url} did not answer within ${String(this.#settings.connectTimeoutMs / 1000)} s.`,
      });
    }, this.#settings.connectTimeoutMs);
    let id: number;
    try {
      id = await invoke<number>('plugin:websocket|connect', {
        url: this.#url,
        onMessage: this.#channel.argument,
        config: {
          maxMessageSize: MAX_MESSAGE_BYTES,
          maxFrameSize: MAX_MESSAGE_BYTES,
          headers: headers === undefined ? [] : Object.entries(headers),
        },
      });
    } catch (error) {
      if (!this.#unwanted()) this.#fail(causeOfString(this.#url, error));
      return;
    }
    if (this.#unwanted()) {
      this.#discard(id);
      return;
    }
    this.#opened(id);
  }

  #unwanted(): boolean {
    return this.#closing || this.#events.closed;
  }

  #opened(id: number): void {
    clearTimeout(this.#timer);
    this.#id = id;
    this.#openedAt = Date.now();
    connectionOpened(id);
    this.#liveness.start();
    this.#events.emitOpen();
    this.#pump();
    for (const message of this.#early.splice(0)) this.#receive(message);
    if (this.#ended) this.#streamEnded();
  }

  #receive(message: unknown): void {
    if (typeof message === 'string') {
      // A failure comes in place of a message, as its words alone.
      if (this.#closing) this.#finish(ABNORMAL_CLOSE);
      else this.#fail(causeOfString(this.#url, message));
      return;
    }
    // The plugin is trusted to send what its types say.
    const frame = message as Message;
    switch (frame.type) {
      case 'Text':
        if (!this.#closing) this.#events.emitMessage(frame.data);
        return;
      case 'Binary':
        if (!this.#closing) this.#events.emitMessage(Uint8Array.from(frame.data));
        return;
      case 'Close':
        this.#finish(
          frame.data === null
            ? { code: 1005, reason: '', wasClean: true }
            : { code: frame.data.code, reason: frame.data.reason, wasClean: true },
        );
        return;
      case 'Ping':
      case 'Pong':
        // A sign of life; the plugin answers pings itself.
        return;
    }
  }

  #streamEnded(): void {
    if (this.#events.closed) return;
    if (this.#closing) {
      this.#finish(ABNORMAL_CLOSE);
      return;
    }
    this.#fail({
      code: 'connection_reset',
      message: `The connection to ${this.#url} ended without a close frame.`,
    });
  }

  /** One command at a time: the plugin runs those that overlap in any order. */
  #pump(): void {
    const id = this.#id;
    const next = this.#queue[0];
    if (id === undefined || next === undefined || this.#sendingSince !== undefined || this.#events.closed)
      return;
    this.#sendingSince = Date.now();
    this.#transmit(id, next.message()).then(
      () => {
        this.#sendingSince = undefined;
        this.#queue.shift();
        this.#queuedBytes -= next.bytes;
        if (this.#closing) this.#armCloseTimer();
        this.#pump();
      },
      (error: unknown) => {
        this.#sendingSince = undefined;
        if (this.#closing) this.#finish(ABNORMAL_CLOSE);
        else this.#fail(causeOfString(this.#url, error));
      },
    );
  }

  async #transmit(id: number, message: Message): Promise<void> {
    for (;;) {
      try {
        await sendMessage(id, message);
        return;
      } catch (error) {
        const tooLate = Date.now() - this.#openedAt > TAURI_NOT_YET_TIMEOUT_MS;
        if (!isNotFound(error) || tooLate || this.#events.closed) throw error;
        await new Promise((resolve) => setTimeout(resolve, TAURI_NOT_YET_RETRY_MS));
      }
    }
  }

  /** Before anything else that waits, except what is on its way. */
  #ping(): void {
    this.#queue.splice(this.#sendingSince === undefined ? 0 : 1, 0, {
      bytes: 0,
      message: () => ({ type: 'Ping', data: [] }),
    });
    this.#pump();
  }

  #armCloseTimer(): void {
    clearTimeout(this.#timer);
    this.#liveness.stop();
    this.#timer = setTimeout(() => {
      this.#finish(ABNORMAL_CLOSE);
    }, CLOSE_HANDSHAKE_TIMEOUT_MS);
  }

  #fail(error: TransportErrorEvent): void {
    if (this.#events.closed) return;
    this.#closing = true;
    this.#events.emitError(error);
    if (this.#id !== undefined) this.#discard(this.#id);
    this.#finish(ABNORMAL_CLOSE);
  }

  /** Lets go of a connection that nobody wants any more: the plugin keeps it until it has sent or seen a close frame. */
  #discard(id: number): void {
    this.#openedAt = this.#openedAt === 0 ? Date.now() : this.#openedAt;
    this.#closeUnwanted(id, Date.now() + TAURI_NOT_YET_TIMEOUT_MS);
  }

  #closeUnwanted(id: number, until: number): void {
    sendMessage(id, { type: 'Close', data: { code: 1000, reason: '' } }).catch((error: unknown) => {
      // Not found right after `connect` means not yet; any other failure means that it has ended.
      if (isNotFound(error) && Date.now() < until) {
        setTimeout(() => {
          this.#closeUnwanted(id, until);
        }, TAURI_NOT_YET_RETRY_MS);
      }
    });
  }

  #finish(close: TransportCloseEvent): void {
    if (this.#events.closed) return;
    clearTimeout(this.#timer);
    this.#liveness.stop();
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#early = [];
    if (this.#id !== undefined) connectionClosed(this.#id);
    this.#events.emitClose(close);
    this.#channel.dispose();
  }
}
