/**
 * Keeps one connection: dials, tries again with back-off, and holds the state machine that is drawn at `DaemonClientV2`.
 * Promises: never two live connections; `connect()` always settles; one failure counts once; no timer outlives its state.
 */
import { backoffDelayMs, type ReconnectOptions } from './backoff.js';
import { Timer, type ClientClock } from './clock.js';
import { Connection, type ConnectionOptions, type SessionMessage } from './connection.js';
import type { ClientSnapshot, ConnectionState, DaemonInfo, DisconnectReason } from './connection-state.js';
import { DaemonClientError } from './errors.js';
import { CLOSE_HANDSHAKE_TIMEOUT_MS, SLEEP_DETECTION_MS, STABLE_AFTER_MS } from './limits.js';
import { Listeners, type ListenerErrorReporter } from './listeners.js';

export type ConnectorOptions = ConnectionOptions & {
  readonly reconnect: ReconnectOptions;
  readonly reportListenerError: ListenerErrorReporter;
};

export type ConnectorEvents = {
  /** Before anybody else learns that the connection is there: what must be sent first is sent here. */
  readonly onWelcome: (connection: Connection, daemon: DaemonInfo) => void;
  readonly onMessage: (message: SessionMessage) => void;
  /** After the state has changed; `willRetry` says whether the client tries again by itself. */
  readonly onDisconnected: (reason: DisconnectReason, willRetry: boolean) => void;
};

type Waiter = {
  readonly resolve: (daemon: DaemonInfo) => void;
  readonly reject: (error: DaemonClientError) => void;
};

/** Ends that a person or another client chose: only `connect()` starts again after them. */
const CHOSEN_ENDS: ReadonlySet<string> = new Set(['stopped_by_user', 'aborted', 'replaced']);

export class Connector {
  readonly #options: ConnectorOptions;
  readonly #events: ConnectorEvents;
  readonly #clock: ClientClock;
  readonly #retryTimer: Timer;
  readonly #listeners: Listeners<[]>;
  readonly #waiters = new Set<Waiter>();
  #snapshot: ClientSnapshot;
  /** The one connection: dialling, greeting or welcomed. */
  #connection: Connection | undefined;
  #failures = 0;
  /** True once the client keeps the connection for itself and not only for those who wait in `connect()`. */
  #held = false;

  constructor(options: ConnectorOptions, events: ConnectorEvents) {
    this.#options = options;
    this.#events = events;
    this.#clock = options.clock;
    this.#retryTimer = new Timer(options.clock);
    this.#listeners = new Listeners(options.reportListenerError);
    this.#snapshot = {
      url: options.url,
      state: { kind: 'idle' },
      latencyMs: undefined,
      stalled: false,
      unansweredSince: undefined,
      lastError: undefined,
      attempts: 0,
      daemon: undefined,
      connections: 0,
    };
  }

  get snapshot(): ClientSnapshot {
    return this.#snapshot;
  }

  /** The connection that requests may use. */
  get welcomed(): Connection | undefined {
    return this.#snapshot.state.kind === 'connected' ? this.#connection : undefined;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  connect(signal?: AbortSignal): Promise<DaemonInfo> {
    const { state } = this.#snapshot;
    if (signal?.aborted === true) return Promise.reject(abortedError(signal));
    if (state.kind === 'connected') return Promise.resolve(state.daemon);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(abortedError(signal));
        if (this.#waiters.size === 0 && !this.#held) {
          this.#stop({ code: 'aborted', message: 'The attempt to connect was cancelled.', retryable: false });
        }
      };
      const waiter: Waiter = {
        resolve: (daemon) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(daemon);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#dialNow();
    });
  }

  ensureConnected(): void {
    const { state } = this.#snapshot;
    if (state.kind === 'connected') {
      this.#connection?.probe();
      return;
    }
    if (state.kind === 'disconnected' && CHOSEN_ENDS.has(state.reason.code)) return;
    this.#held = true;
    this.#dialNow();
  }

  reconnect(): void {
    // The end of the stalled connection plans a retry, which the dial then replaces.
    if (this.#snapshot.stalled) this.#connection?.abandon();
    this.ensureConnected();
  }

  stopRetrying(): void {
    const { state } = this.#snapshot;
    if (state.kind === 'connected' || state.kind === 'idle') return;
    if (state.kind === 'disconnected' && state.nextRetryAt === undefined) return;
    this.#stop({
      code: 'stopped_by_user',
      message: `Not connected to ${this.#options.url}: stopped by the person.`,
      retryable: false,
    });
  }

  /** Settles when the transport has closed, within the limit of the close handshake. */
  close(): Promise<void> {
    const connection = this.#connection;
    const closed =
      connection === undefined
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            const timer = new Timer(this.#clock);
            const done = (): void => {
              timer.cancel();
              resolve();
            };
            timer.set(CLOSE_HANDSHAKE_TIMEOUT_MS, done);
            connection.close(1000, 'closed by the client', done);
          });
    this.#stop({
      code: 'stopped_by_user',
      message: `Not connected to ${this.#options.url}: closed by this client.`,
      retryable: false,
    });
    return closed;
  }

  /** Starts an attempt unless one is on its way. The retry timer never survives this. */
  #dialNow(): void {
    this.#retryTimer.cancel();
    if (this.#connection !== undefined) return;
    const attempt = this.#failures + 1;
    const connection = new Connection(this.#options, {
      onWelcome: (daemon) => {
        if (this.#connection === connection) this.#onWelcome(connection, daemon);
      },
      onMessage: (message) => {
        if (this.#connection === connection) this.#events.onMessage(message);
      },
      onLatency: (latencyMs) => {
        if (this.#connection === connection) this.#update({ latencyMs });
      },
      onStalled: (unansweredSince) => {
        if (this.#connection === connection) {
          this.#update({ stalled: unansweredSince !== undefined, unansweredSince });
        }
      },
      onEnd: (reason) => {
        if (this.#connection === connection) this.#onEnd(reason);
      },
    });
    this.#connection = connection;
    this.#update({ state: { kind: 'connecting', attempt, startedAt: this.#clock.now() } });
    // A listener of that change may have closed the client.
    if (this.#connection === connection) connection.start();
  }

  #onWelcome(connection: Connection, daemon: DaemonInfo): void {
    const connectedAt = this.#clock.now();
    this.#held = true;
    this.#snapshot = {
      ...this.#snapshot,
      state: { kind: 'connected', connectedAt, daemon },
      daemon,
      connections: this.#snapshot.connections + 1,
    };
    this.#events.onWelcome(connection, daemon);
    if (this.#connection !== connection) return;
    for (const waiter of this.#takeWaiters()) waiter.resolve(daemon);
    this.#listeners.emit();
  }

  #onEnd(reason: DisconnectReason): void {
    const { state } = this.#snapshot;
    const now = this.#clock.now();
    this.#connection = undefined;
    if (state.kind === 'connected' && now - state.connectedAt >= STABLE_AFTER_MS) this.#failures = 0;
    this.#failures += 1;
    const willRetry = reason.retryable && this.#options.reconnect.enabled;
    const delayMs = willRetry
      ? backoffDelayMs(this.#failures, this.#options.reconnect, this.#clock.random())
      : undefined;
    if (delayMs !== undefined) {
      this.#retryTimer.set(delayMs, (lateMs) => {
        // The machine slept: what failed before says nothing about now.
        if (lateMs > SLEEP_DETECTION_MS) this.#failures = 0;
        this.#dialNow();
      });
    }
    this.#disconnected(
      {
        kind: 'disconnected',
        reason,
        at: now,
        ...(delayMs === undefined ? {} : { nextRetryAt: now + delayMs }),
      },
      { lastError: { ...reason, at: now } },
    );
  }

  /** A chosen end: no failure, no retry. */
  #stop(reason: DisconnectReason): void {
    this.#retryTimer.cancel();
    const connection = this.#connection;
    this.#connection = undefined;
    this.#held = false;
    this.#failures = 0;
    connection?.close(1000, reason.code);
    if (this.#snapshot.state.kind === 'idle') return;
    this.#disconnected({ kind: 'disconnected', reason, at: this.#clock.now() }, {});
  }

  #disconnected(
    state: Extract<ConnectionState, { kind: 'disconnected' }>,
    changes: Pick<Partial<ClientSnapshot>, 'lastError'>,
  ): void {
    const willRetry = state.nextRetryAt !== undefined;
    this.#snapshot = {
      ...this.#snapshot,
      ...changes,
      state,
      attempts: this.#failures,
      latencyMs: undefined,
      stalled: false,
      unansweredSince: undefined,
    };
    const waiters = willRetry ? [] : this.#takeWaiters();
    this.#events.onDisconnected(state.reason, willRetry);
    for (const waiter of waiters) waiter.reject(errorOf(state.reason));
    this.#listeners.emit();
  }

  #update(changes: Partial<ClientSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes };
    this.#listeners.emit();
  }

  #takeWaiters(): Waiter[] {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    return waiters;
  }
}

function errorOf(reason: DisconnectReason): DaemonClientError {
  return new DaemonClientError(reason.code, reason.message, {
    retryable: reason.retryable,
    status: reason.status,
    cause: reason,
  });
}

/** The error of a call whose signal was aborted. */
export function abortedError(signal: AbortSignal | undefined): DaemonClientError {
  return new DaemonClientError('aborted', 'The call was aborted by its caller.', { cause: signal?.reason });
}
