/** `DaemonClientV2`: one client of one daemon, over any transport. It promises one connection, honest states, and no lost call. */
import {
  METHODS,
  describeIssues,
  type DaemonEvent,
  type Method,
  type MethodInput,
  type MethodResult,
} from '@holdfast/protocol';
import { AttachmentStream, type AttachOptions, type Attachment } from './attachment.js';
import type { ReconnectOptions } from './backoff.js';
import { utf8Length } from './byte-length.js';
import { randomClientId } from './client-id.js';
import { systemClock, type ClientClock } from './clock.js';
import type { Connection, SessionMessage } from './connection.js';
import type { ClientSnapshot, DaemonInfo, DisconnectReason } from './connection-state.js';
import { abortedError, Connector } from './connector.js';
import { DaemonClientError } from './errors.js';
import { DEFAULT_BASE_DELAY_MS, DEFAULT_MAX_DELAY_MS } from './limits.js';
import { Listeners, reportListenerError, type ListenerErrorReporter } from './listeners.js';
import { RequestLedger } from './request-ledger.js';
import { TerminalList } from './terminal-list.js';
import type { DaemonTransportFactory } from './transport.js';
import { createWebSocketTransportFactory } from './transports/websocket.js';

export type DaemonClientOptions = {
  /** Where the daemon listens, e.g. `ws://127.0.0.1:6767/ws`. */
  readonly url: string;
  /** Default: the platform's WebSocket. */
  readonly transportFactory?: DaemonTransportFactory | undefined;
  /** Headers of the upgrade request, where the transport can set them. */
  readonly headers?: Record<string, string> | undefined;
  /** Names this client over its reconnections; a newer connection with the same id replaces the older. Default: random. */
  readonly clientId?: string | undefined;
  /** For people who look at the daemon's log, at most 100 characters. Default: `holdfast-client`. */
  readonly clientName?: string | undefined;
  /** Version of the program, for the log, at most 100 characters. */
  readonly version?: string | undefined;
  /** Default: enabled, 500 ms, 15,000 ms. */
  readonly reconnect?: Partial<ReconnectOptions> | undefined;
  /** Told of exceptions that listeners throw. Default: the platform's `reportError`, else the console. */
  readonly onListenerError?: ListenerErrorReporter | undefined;
  /** For tests. */
  readonly clock?: ClientClock | undefined;
};

/** Events of the daemon by their name. */
export type DaemonEventMap = { [E in DaemonEvent as E['event']]: E };

/**
 * A client of one daemon.
 *
 * ```
 *            connect(), ensureConnected()
 *   idle ────────────────────────────────▶ connecting{attempt} ◀───────────────┐
 *                                            │         │                       │ nextRetryAt comes,
 *                                    welcome │         │ refused, timed out,   │ connect(), ensureConnected()
 *                                            ▼         │ aborted, stopped      │
 *                                        connected     ▼                       │
 *                                            │      disconnected{reason, nextRetryAt?}
 *                                            └────────▶
 *                                   lost, replaced, close()
 * ```
 *
 * `reconnect()` takes a stalled connection through `disconnected` to `connecting` at once.
 * `nextRetryAt` is there exactly while the client will try again by itself: the reason is retryable and `reconnect.enabled`.
 * There is at most one socket at any time.
 */
export class DaemonClientV2 {
  readonly url: string;
  readonly clientId: string;
  /** The daemon's list of terminals, true while `current`. */
  readonly terminals: TerminalList;

  /** {@link DaemonClientV2.close}, for `await using`, where the platform knows the symbol. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;

  readonly #connector: Connector;
  readonly #ledger = new RequestLedger();
  readonly #clock: ClientClock;
  readonly #report: ListenerErrorReporter;
  readonly #attachments = new Set<AttachmentStream>();
  readonly #streams = new Map<number, AttachmentStream>();
  readonly #eventListeners = new Map<DaemonEvent['event'], Listeners<[DaemonEvent]>>();
  #nextRequestId = 1;
  #nextAttachment = 1;

  /** @throws DaemonClientError `websocket_missing` where the platform has no WebSocket and no factory is given. */
  constructor(options: DaemonClientOptions) {
    this.url = options.url;
    this.clientId = options.clientId ?? randomClientId();
    this.#clock = options.clock ?? systemClock;
    this.#report = options.onListenerError ?? reportListenerError;
    this.terminals = new TerminalList((onResult, onError) => {
      const id = this.#call('terminal.list', {}, onResult, onError);
      return () => {
        if (id !== undefined) this.#ledger.forget(id);
      };
    }, this.#report);
    this.#connector = new Connector(
      {
        url: options.url,
        headers: options.headers,
        transportFactory: options.transportFactory ?? createWebSocketTransportFactory(),
        clock: this.#clock,
        reportListenerError: this.#report,
        hello: {
          clientId: this.clientId,
          clientName: (options.clientName ?? 'holdfast-client').slice(0, 100),
          version: (options.version ?? '').slice(0, 100),
        },
        reconnect: {
          enabled: options.reconnect?.enabled ?? true,
          baseDelayMs: options.reconnect?.baseDelayMs ?? DEFAULT_BASE_DELAY_MS,
          maxDelayMs: options.reconnect?.maxDelayMs ?? DEFAULT_MAX_DELAY_MS,
        },
      },
      {
        onWelcome: (connection, daemon) => {
          this.#onWelcome(connection, daemon);
        },
        onMessage: (message) => {
          this.#onMessage(message);
        },
        onDisconnected: (reason, willRetry) => {
          this.#onDisconnected(reason, willRetry);
        },
      },
    );
    // React StrictMode and plain callbacks may take these off the object.
    this.subscribe = this.subscribe.bind(this);
    this.getSnapshot = this.getSnapshot.bind(this);
    const disposeSymbol = (Symbol as { asyncDispose?: symbol }).asyncDispose;
    if (disposeSymbol !== undefined) {
      Object.defineProperty(this, disposeSymbol, { value: () => this.close() });
    }
  }

  /**
   * Connects, and tries now if a retry is waiting. Joins an attempt that is on its way. Resolves with the daemon's welcome;
   * rejects with a {@link DaemonClientError} on a reason that is not retried, on `close()`, `stopRetrying()` and abort.
   * While the client retries it stays pending. An abort cancels the attempt if nobody else waits and the client was not
   * connected before.
   */
  connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<DaemonInfo> {
    return this.#connector.connect(options.signal);
  }

  /**
   * For a wake-up, `online` and a page shown again: tries at once unless connected or connecting; when connected, asks the
   * daemon for a sign of life. After an end that was chosen (`stopped_by_user`, `aborted`, `replaced`) it does nothing:
   * only `connect()` starts again then. Never throws. It never ends a connection, not even a stalled one: after a sleep
   * the daemon's answers may lie unread. For the person's own wish there is {@link DaemonClientV2.reconnect}.
   */
  ensureConnected(): void {
    this.#connector.ensureConnected();
  }

  /**
   * "Reconnect now", pressed by a person. While `stalled` it gives the connection up (reason `unresponsive`, close code
   * 4504), with what that means for requests that wait, and dials at once; in every other state it is
   * {@link DaemonClientV2.ensureConnected}. Never two sockets, and a second call while it dials does nothing. Never throws.
   */
  reconnect(): void {
    this.#connector.reconnect();
  }

  /** Ends the attempt or the wait for the next one. Does nothing while connected. */
  stopRetrying(): void {
    this.#connector.stopRetrying();
  }

  /** Closes the connection and stops retrying; settles when the socket is closed, within 3 s. `connect()` may follow. */
  close(): Promise<void> {
    return this.#connector.close();
  }

  /** Told of every change of the snapshot. Returns its own unsubscriber. */
  subscribe(listener: () => void): () => void {
    return this.#connector.subscribe(listener);
  }

  /** The same object until something in it changes, as `useSyncExternalStore` asks. */
  getSnapshot(): ClientSnapshot {
    return this.#connector.snapshot;
  }

  /** Events of the daemon, in their order. Returns its own unsubscriber. */
  on<E extends keyof DaemonEventMap>(event: E, handler: (event: DaemonEventMap[E]) => void): () => void {
    let listeners = this.#eventListeners.get(event);
    if (listeners === undefined) {
      listeners = new Listeners(this.#report);
      this.#eventListeners.set(event, listeners);
    }
    // The map's key is the event's own name, so the handler gets what it asked for.
    return listeners.add(handler as (event: DaemonEvent) => void);
  }

  /**
   * Sends one request. Rejects with `not_connected` at once where there is no connection: nothing is kept for later. When
   * the connection ends before the answer, a request that may be repeated is sent again on the next one, before anything
   * newer; any other is rejected with `connection_lost`. Aborting gives up the answer; the request may have taken effect.
   */
  request<M extends Method>(
    method: M,
    params: MethodInput<M>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<MethodResult<M>> {
    const { signal } = options;
    if (signal?.aborted === true) return Promise.reject(abortedError(signal));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (id !== undefined) this.#ledger.forget(id);
        reject(abortedError(signal));
      };
      const settled = (): void => {
        signal?.removeEventListener('abort', onAbort);
      };
      const id = this.#call(
        method,
        params,
        (result) => {
          settled();
          resolve(result);
        },
        (error) => {
          settled();
          reject(error);
        },
      );
      if (id !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Follows a terminal's output, now or as soon as there is a connection, and over reconnections: every byte once and in
   * order, or `onGap` and `onSnapshot`. It ends by `detach()`, abort, `onClosed` or `onLost`.
   */
  attach(terminalId: string, options: AttachOptions): Attachment {
    const onAbort = (): void => {
      stream.detach();
    };
    const stream = new AttachmentStream(
      {
        clock: this.#clock,
        report: this.#report,
        open: (opened) => {
          const attachment = this.#nextAttachment;
          this.#nextAttachment += 1;
          this.#streams.set(attachment, opened);
          return attachment;
        },
        forget: (attachment) => this.#streams.delete(attachment),
        attach: (params, onResult, onError) => {
          this.#call('terminal.attach', params, onResult, onError);
        },
        detach: (attachment) => {
          // Without a connection there is no stream to end, and a stream that is unknown has ended.
          this.#call('terminal.detach', { attachment }, ignore, ignore);
        },
        send: (message) => this.#connector.welcomed?.send(message),
        ended: (ended) => {
          this.#attachments.delete(ended);
          options.signal?.removeEventListener('abort', onAbort);
        },
      },
      terminalId,
      options,
    );
    if (options.signal?.aborted === true) {
      stream.detach();
      return stream;
    }
    options.signal?.addEventListener('abort', onAbort, { once: true });
    this.#attachments.add(stream);
    const { state } = this.#connector.snapshot;
    if (state.kind === 'connected') stream.connected(state.daemon.epoch);
    return stream;
  }

  /** Sends a request, or says why not; the callbacks come in the order of the wire. Returns its id if it was sent. */
  #call<M extends Method>(
    method: M,
    params: MethodInput<M>,
    onResult: (result: MethodResult<M>) => void,
    onError: (error: DaemonClientError) => void,
  ): number | undefined {
    const connection = this.#connector.welcomed;
    const { state } = this.#connector.snapshot;
    if (connection === undefined || state.kind !== 'connected') {
      onError(
        new DaemonClientError('not_connected', `Not connected to ${this.url}; ${method} was not sent.`, {
          retryable: true,
        }),
      );
      return undefined;
    }
    const checked = METHODS[method].params.safeParse(params);
    if (!checked.success) {
      onError(new DaemonClientError('invalid_params', `${method}: ${describeIssues(checked.error)}`));
      return undefined;
    }
    if (this.#ledger.full) {
      onError(
        new DaemonClientError('too_many_requests', `Too many requests wait; ${method} was not sent.`, {
          retryable: true,
        }),
      );
      return undefined;
    }
    const id = this.#nextRequestId;
    const text = JSON.stringify({ type: 'request', id, method, params });
    const { maxMessageBytes } = state.daemon.limits;
    if (text.length * 3 > maxMessageBytes && utf8Length(text) > maxMessageBytes) {
      onError(
        new DaemonClientError(
          'message_too_big',
          `${method} is over the ${String(maxMessageBytes)} bytes that the daemon accepts and was not sent.`,
        ),
      );
      return undefined;
    }
    this.#nextRequestId += 1;
    this.#ledger.add({
      id,
      method,
      text,
      // The ledger has parsed it by the schema of this method.
      resolve: (result) => {
        onResult(result as MethodResult<M>);
      },
      reject: onError,
    });
    connection.sendText(text);
    connection.requestSent();
    return id;
  }

  #onWelcome(connection: Connection, daemon: DaemonInfo): void {
    // What was sent before the connection was lost goes first: a newer request must not overtake it.
    for (const text of this.#ledger.texts()) {
      connection.sendText(text);
      connection.requestSent();
    }
    this.terminals.connected();
    for (const stream of [...this.#attachments]) stream.connected(daemon.epoch);
  }

  #onMessage(message: SessionMessage): void {
    switch (message.type) {
      case 'response':
        this.#ledger.succeed(message.id, message.result);
        return;
      case 'failure':
        this.#ledger.fail(message.id, message.error);
        return;
      case 'event':
        this.terminals.receive(message);
        this.#eventListeners.get(message.event)?.emit(message);
        return;
      case 'error':
        this.#report(new DaemonClientError(message.error.code, message.error.message));
        return;
      case 'output':
      case 'snapshot':
      case 'gap':
      case 'resized':
      case 'exited':
      case 'closed':
        this.#streams.get(message.attachment)?.receive(message);
    }
  }

  #onDisconnected(reason: DisconnectReason, willRetry: boolean): void {
    this.terminals.disconnected();
    for (const stream of [...this.#attachments]) stream.disconnected();
    if (willRetry) this.#ledger.connectionLost(reason.message);
    else {
      this.#ledger.rejectAll(
        new DaemonClientError(
          'connection_lost',
          `The connection ended before the answer. ${reason.message}`,
          {
            retryable: true,
          },
        ),
      );
    }
  }
}

function ignore(): void {
  // The outcome changes nothing for anybody.
}
