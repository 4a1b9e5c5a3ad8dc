/** A plain client of the protocol that keeps everything it hears: what a test says about the wire is said here. */
import {
  type DaemonMessage,
  encodeMessage,
  type Method,
  type MethodInput,
  type MethodResult,
  parseDaemonMessage,
  type TerminalInfo,
} from '@holdfast/protocol';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

type Of<T extends DaemonMessage['type']> = Extract<DaemonMessage, { type: T }>;

/** A request that the daemon refused. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export class RawClient {
  readonly socket: WebSocket;
  readonly heard: DaemonMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** Called for each message before anybody waits for it. */
  onMessage: (message: DaemonMessage) => void = () => undefined;
  #checks: (() => void)[] = [];
  #nextId = 1;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.socket.on('message', (data: Buffer) => {
      const parsed = parseDaemonMessage(data.toString('utf8'));
      if (parsed.kind !== 'message')
        throw new Error(`not a message of the protocol: ${JSON.stringify(parsed)}`);
      const { message } = parsed;
      this.heard.push(message);
      if (message.type === 'ping') this.send({ type: 'pong', id: message.id });
      this.onMessage(message);
      this.#check();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString('utf8') };
      this.#check();
    });
    this.socket.on('error', () => undefined);
    onTestFinished(() => {
      this.socket.terminate();
    });
  }

  static async connect(url: string, options: { clientId?: string } = {}): Promise<RawClient> {
    const client = new RawClient(url);
    await client.opened();
    client.send(helloOf(options.clientId));
    await client.next('welcome');
    return client;
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
  }

  send(message: Parameters<typeof encodeMessage>[0]): void {
    this.socket.send(encodeMessage(message));
  }

  /** Settles when the condition holds; looked at after each message and the close. */
  async until<T>(condition: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = condition();
      if (found !== undefined && found !== false) return found;
      if (this.closed !== undefined && this.socket.readyState === WebSocket.CLOSED) {
        throw new Error(`closed (${String(this.closed.code)} ${this.closed.reason}) while waiting`);
      }
      await new Promise<void>((resolve) => this.#checks.push(resolve));
    }
  }

  /** The first message of a type, heard already or not. */
  next<T extends DaemonMessage['type']>(
    type: T,
    fits: (message: Of<T>) => boolean = () => true,
  ): Promise<Of<T>> {
    return this.until(() =>
      this.heard.find((message): message is Of<T> => message.type === type && fits(message as Of<T>)),
    );
  }

  whenClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.closed !== undefined) resolve(this.closed);
        else this.#checks.push(look);
      };
      look();
    });
  }

  async request<M extends Method>(method: M, params: MethodInput<M>): Promise<MethodResult<M>> {
    const id = this.#nextId;
    this.#nextId += 1;
    this.send({ type: 'request', id, method, params });
    const answer = await this.until(() =>
      this.heard.find(
        (message) => (message.type === 'response' || message.type === 'failure') && message.id === id,
      ),
    );
    if (answer.type === 'failure') throw new Refused(answer.error.code, answer.error.message);
    return (answer as Of<'response'>).result as MethodResult<M>;
  }

  /** A terminal with a plain shell, or with a program of its own. */
  async create(params: Partial<MethodInput<'terminal.create'>> = {}): Promise<TerminalInfo> {
    const { terminal } = await this.request('terminal.create', {
      command: 'sh',
      cols: 80,
      rows: 24,
      ...params,
    });
    return terminal;
  }

  #check(): void {
    const checks = this.#checks;
    this.#checks = [];
    for (const check of checks) check();
  }
}

export function helloOf(clientId = 'test-client'): Parameters<typeof encodeMessage>[0] {
  return { type: 'hello', protocol: { min: 1, max: 1 }, clientId, clientName: 'test', version: '0' };
}
