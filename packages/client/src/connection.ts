/**
 * One connection attempt and, if it succeeds, one connection: transport, `hello` and `welcome`, liveness, and exactly one
 * end with one reason, however many errors and closes the transport reports.
 */
import {
  CLOSE_INVALID_MESSAGE,
  CLOSE_UNRESPONSIVE,
  encodeMessage,
  parseDaemonMessage,
  type ClientMessage,
  type DaemonMessage,
} from '@holdfast/protocol';
import { Timer, type ClientClock } from './clock.js';
import type { DaemonInfo, DisconnectReason } from './connection-state.js';
import { CLIENT_PROTOCOL, reasonOfEnd, reasonOfRefusal } from './disconnect-reason.js';
import { CLOSE_AFTER_ERROR_MS, CONNECT_TIMEOUT_MS, WELCOME_TIMEOUT_MS } from './limits.js';
import { Liveness } from './liveness.js';
import type { DaemonTransport, DaemonTransportFactory, TransportErrorEvent } from './transport.js';
import { closeEventOf, errorEventOf, textOf } from './transport-input.js';

export type ConnectionOptions = {
  readonly url: string;
  readonly headers: Record<string, string> | undefined;
  readonly transportFactory: DaemonTransportFactory;
  readonly clock: ClientClock;
  readonly hello: { readonly clientId: string; readonly clientName: string; readonly version: string };
};

/** Everything but the ends of the conversation: `welcome`, `refused`, `ping` and `pong` stay inside. */
export type SessionMessage = Exclude<
  DaemonMessage,
  { type: 'welcome' } | { type: 'refused' } | { type: 'ping' } | { type: 'pong' }
>;

export type ConnectionEvents = {
  readonly onWelcome: (daemon: DaemonInfo) => void;
  readonly onMessage: (message: SessionMessage) => void;
  readonly onLatency: (latencyMs: number) => void;
  readonly onStalled: (unansweredSince: number | undefined) => void;
  /** Once, and nothing after it. Not called after `close()`. */
  readonly onEnd: (reason: DisconnectReason) => void;
};

/** Stands in its place until the factory has returned. */
const noTransport: DaemonTransport = {
  send: () => undefined,
  close: () => undefined,
  onMessage: () => () => undefined,
  onOpen: () => () => undefined,
  onClose: () => () => undefined,
  onError: () => () => undefined,
};

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #liveness: Liveness;
  readonly #deadline: Timer;
  #transport: DaemonTransport = noTransport;
  #phase: 'dialling' | 'greeting' | 'welcomed' | 'ended' = 'dialling';
  #error: TransportErrorEvent | undefined;
  #transportClosed = false;
  #closeWaiters: (() => void)[] = [];
  /**
   * To `open` and `message`, ended with the connection. Those to `error` and `close` stay, without effect, until the
   * transport has closed: close() waits for that, and an emitter of Node's throws an error that nobody listens for.
   */
  #subscriptions: (() => void)[] = [];

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#deadline = new Timer(options.clock);
    this.#liveness = new Liveness(options.clock, {
      sendPing: (id) => {
        this.send({ type: 'ping', id });
      },
      onLatency: events.onLatency,
      onStalled: events.onStalled,
      onUnresponsive: () => {
        this.abandon();
      },
    });
  }

  /** Dials. Calls no event before it has returned, unless the factory itself throws. */
  start(): void {
    const { url, headers, transportFactory } = this.#options;
    this.#deadline.set(CONNECT_TIMEOUT_MS, () => {
      this.#giveUp({
        code: 'timed_out',
        message: `${url} did not answer within ${String(CONNECT_TIMEOUT_MS / 1000)} s.`,
        retryable: true,
      });
    });
    try {
      this.#transport = transportFactory(headers === undefined ? { url } : { url, headers: { ...headers } });
    } catch (error) {
      this.#transportClosed = true;
      this.#end(reasonOfEnd(url, { error: errorEventOf(url, error) }));
      return;
    }
    const transport = this.#transport;
    this.#subscriptions.push(
      transport.onOpen(() => {
        this.#onOpen();
      }),
      transport.onMessage((data) => {
        this.#onData(data);
      }),
    );
    transport.onError((event) => {
      if (this.#error !== undefined) return;
      const error = errorEventOf(url, event);
      this.#error = error;
      // The close that follows ends the connection; the timer is for a transport that forgets it.
      if (this.#phase !== 'ended') {
        this.#deadline.set(CLOSE_AFTER_ERROR_MS, () => {
          this.#giveUp(reasonOfEnd(url, { error }));
        });
      }
    });
    transport.onClose((event) => {
      this.#transportClosed = true;
      this.#end(reasonOfEnd(url, { error: this.#error, close: closeEventOf(event) }));
      for (const settle of this.#closeWaiters.splice(0)) settle();
    });
  }

  get welcomed(): boolean {
    return this.#phase === 'welcomed';
  }

  send(message: ClientMessage): void {
    this.sendText(encodeMessage(message));
  }

  /** Sends an encoded message; nothing once the connection has ended. */
  sendText(text: string): void {
    if (this.#phase !== 'ended') this.#transport.send(text);
  }

  /** An answer is owed from now on. */
  requestSent(): void {
    this.#liveness.requestSent();
  }

  /** Asks whether the daemon is still there. */
  probe(): void {
    if (this.#phase === 'welcomed') this.#liveness.probe();
  }

  /** Gives up a connection whose daemon does not answer: closes it with 4504, `onEnd` says `unresponsive`. */
  abandon(): void {
    this.#giveUp(
      {
        code: 'unresponsive',
        message: `${this.#options.url} stopped answering although the connection looked up.`,
        retryable: true,
      },
      CLOSE_UNRESPONSIVE,
    );
  }

  /** Ends the connection without an `onEnd`. `done` is called when the transport has closed. */
  close(code: number, reason: string, done?: () => void): void {
    if (done !== undefined) {
      if (this.#transportClosed) done();
      else this.#closeWaiters.push(done);
    }
    if (this.#phase === 'ended') return;
    this.#stop();
    this.#transport.close(code, reason);
  }

  #onOpen(): void {
    if (this.#phase !== 'dialling') return;
    this.#phase = 'greeting';
    const { url, hello } = this.#options;
    this.#deadline.set(WELCOME_TIMEOUT_MS, () => {
      this.#giveUp({
        code: 'hello_timeout',
        message: `${url} accepted the connection and did not answer as a Holdfast daemon within ${String(WELCOME_TIMEOUT_MS / 1000)} s.`,
        retryable: true,
      });
    });
    this.send({ type: 'hello', protocol: { ...CLIENT_PROTOCOL }, ...hello });
  }

  #onData(data: unknown): void {
    if (this.#phase === 'ended') return;
    const text = textOf(data);
    const parsed =
      text === undefined
        ? { kind: 'invalid' as const, message: 'a binary message' }
        : parseDaemonMessage(text);
    if (parsed.kind === 'invalid') {
      this.#giveUp(this.#notUnderstood(parsed.message), CLOSE_INVALID_MESSAGE);
      return;
    }
    if (this.#phase === 'welcomed') this.#liveness.heard();
    // A newer daemon may say what this version does not know.
    if (parsed.kind === 'message') this.#onMessage(parsed.message);
  }

  #notUnderstood(problem: string): DisconnectReason {
    const { url } = this.#options;
    return this.#phase === 'welcomed'
      ? {
          code: 'invalid_message',
          message: `The daemon at ${url} sent something that this client could not understand: ${problem}`,
          retryable: true,
        }
      : {
          code: 'not_a_daemon',
          message: `Something else than a Holdfast daemon answers at ${url}: ${problem}`,
          retryable: false,
        };
  }

  #onMessage(message: DaemonMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#onWelcome(message);
        return;
      case 'refused':
        if (this.#phase !== 'welcomed') this.#giveUp(reasonOfRefusal(message));
        return;
      case 'ping':
        this.send({ type: 'pong', id: message.id });
        return;
      case 'pong':
        this.#liveness.pong(message.id);
        return;
      case 'response':
      case 'failure':
      case 'error':
      case 'event':
      case 'output':
      case 'snapshot':
      case 'gap':
      case 'resized':
      case 'exited':
      case 'closed':
        if (this.#phase === 'welcomed') this.#events.onMessage(message);
    }
  }

  #onWelcome(welcome: Extract<DaemonMessage, { type: 'welcome' }>): void {
    if (this.#phase !== 'greeting') return;
    const { protocol, daemonId, epoch, version, hostName, home, limits } = welcome;
    const daemon: DaemonInfo = { protocol, daemonId, epoch, version, hostName, home, limits };
    if (daemon.protocol < CLIENT_PROTOCOL.min || daemon.protocol > CLIENT_PROTOCOL.max) {
      this.#giveUp({
        code: 'protocol_unsupported',
        message: `This client speaks version ${String(CLIENT_PROTOCOL.max)} of the protocol, the daemon version ${String(daemon.protocol)}.`,
        retryable: false,
        protocol: { client: CLIENT_PROTOCOL, daemon: { min: daemon.protocol, max: daemon.protocol } },
        daemonVersion: daemon.version,
      });
      return;
    }
    this.#phase = 'welcomed';
    this.#deadline.cancel();
    this.#events.onWelcome(daemon);
    // A listener may have closed the client.
    if (this.welcomed) this.#liveness.start();
  }

  /** Closes for a reason of our own, which is then the one that counts. */
  #giveUp(reason: DisconnectReason, closeCode = 1000): void {
    if (this.#phase === 'ended') return;
    this.#stop();
    this.#transport.close(closeCode, reason.code);
    this.#events.onEnd(reason);
  }

  #end(reason: DisconnectReason): void {
    if (this.#phase === 'ended') return;
    this.#stop();
    this.#events.onEnd(reason);
  }

  #stop(): void {
    this.#phase = 'ended';
    this.#deadline.cancel();
    this.#liveness.stop();
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
  }
}
