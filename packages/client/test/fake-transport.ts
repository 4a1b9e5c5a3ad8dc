/** A transport whose faults are made by hand, and a daemon's answers written by hand. It stands where a fault must be made. */
import type { DaemonMessage } from '@holdfast/protocol';
import { DaemonClientV2, type DaemonClientOptions } from '../src/index.js';
import { Listeners } from '../src/listeners.js';
import type { DaemonTransport, DaemonTransportFactory } from '../src/transport.js';
import { FakeClock } from './fake-clock.js';

export class FakeTransport implements DaemonTransport {
  readonly sent: Record<string, unknown>[] = [];
  readonly closes: { code: number | undefined; reason: string | undefined }[] = [];
  closed = false;
  /** Whether the client listens for its messages. */
  heard = false;
  readonly #open = new Listeners<[]>();
  readonly #message = new Listeners<[unknown]>();
  readonly #close = new Listeners<[unknown]>();
  readonly #error = new Listeners<[unknown]>();

  readonly onOpen = (handler: () => void): (() => void) => this.#open.add(handler);
  readonly onMessage = (handler: (data: unknown) => void): (() => void) => {
    const unsubscribe = this.#message.add(handler);
    this.heard = true;
    return () => {
      this.heard = false;
      unsubscribe();
    };
  };
  readonly onClose = (handler: (event?: unknown) => void): (() => void) => this.#close.add(handler);
  readonly onError = (handler: (event?: unknown) => void): (() => void) => this.#error.add(handler);

  send = (data: string | Uint8Array): void => {
    if (typeof data === 'string') this.sent.push(JSON.parse(data) as Record<string, unknown>);
  };
  close = (code?: number, reason?: string): void => {
    this.closes.push({ code, reason });
  };

  /** Neither ended nor asked to end. */
  get live(): boolean {
    return !this.closed && this.closes.length === 0;
  }

  open(): void {
    this.#open.emit();
  }
  data(data: unknown): void {
    this.#message.emit(data);
  }
  message(message: DaemonMessage): void {
    this.#message.emit(JSON.stringify(message));
  }
  error(event: unknown): void {
    this.#error.emit(event);
  }
  end(event: unknown = { code: 1006, reason: '', wasClean: false }): void {
    if (this.closed) return;
    this.closed = true;
    this.#close.emit(event);
  }
  /** Opens and is taken by the daemon. */
  welcome(epoch = 'epoch-1'): void {
    this.open();
    this.message(welcomeMessage(epoch));
  }
  requests(method?: string): { id: number; method: string; params: Record<string, unknown> }[] {
    return this.sent.filter(
      (message) => message['type'] === 'request' && (method === undefined || message['method'] === method),
    ) as { id: number; method: string; params: Record<string, unknown> }[];
  }
  /** The only request of this method. */
  request(method: string): { id: number; params: Record<string, unknown> } {
    const [request] = this.requests(method);
    if (request === undefined) throw new Error(`no ${method} was sent`);
    return request;
  }
}

export function welcomeMessage(epoch: string): Extract<DaemonMessage, { type: 'welcome' }> {
  return {
    type: 'welcome',
    protocol: 1,
    daemonId: 'daemon',
    epoch,
    version: '1.2.3',
    hostName: 'host',
    home: '/home/person',
    limits: { maxMessageBytes: 1024 * 1024, maxInputBytes: 64 * 1024, outputWindowBytes: 1024 * 1024 },
  };
}

export type Bench = {
  readonly client: DaemonClientV2;
  readonly clock: FakeClock;
  readonly transports: FakeTransport[];
  readonly last: () => FakeTransport;
  readonly listenerErrors: unknown[];
};

/** A client over fake transports and a fake clock. */
export function bench(options: Partial<DaemonClientOptions> = {}): Bench {
  const clock = new FakeClock();
  const transports: FakeTransport[] = [];
  const listenerErrors: unknown[] = [];
  const transportFactory: DaemonTransportFactory = () => {
    const transport = new FakeTransport();
    transports.push(transport);
    return transport;
  };
  const client = new DaemonClientV2({
    url: 'ws://127.0.0.1:6767/ws',
    transportFactory,
    clock,
    onListenerError: (error) => listenerErrors.push(error),
    ...options,
  });
  const last = (): FakeTransport => {
    const transport = transports.at(-1);
    if (transport === undefined) throw new Error('no transport was made');
    return transport;
  };
  return { client, clock, transports, last, listenerErrors };
}

/** Lets promises that have settled call back. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}
