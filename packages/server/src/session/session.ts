/**
 * One client's connection from its `hello` to its close.
 *
 *     awaiting hello ──hello──▶ open ──▶ closed
 *           └──── timeout, wrong version, not a hello ────▲
 *
 * It promises an answer to every request, that nothing a client sends disturbs anything but its own connection, and
 * that when it closes nothing of it is left.
 */
import {
  type ClientMessage,
  CLOSE_HELLO_TIMEOUT,
  CLOSE_INVALID_MESSAGE,
  CLOSE_MESSAGE_OVER_LIMIT,
  CLOSE_PROTOCOL_UNSUPPORTED,
  CLOSE_REPLACED,
  CLOSE_UNRESPONSIVE,
  describeIssues,
  HELLO_TIMEOUT_MS,
  isMethod,
  MAX_CLIENT_MESSAGE_BYTES,
  MAX_INPUT_BYTES,
  MAX_PENDING_REQUESTS,
  type Method,
  METHODS,
  type MethodParams,
  OUTPUT_WINDOW_BYTES,
  parseClientMessage,
  PROTOCOL_VERSION,
  type WireError,
} from '@holdfast/protocol';
import type { RawData, WebSocket } from 'ws';
import { HoldfastError } from '../errors.js';
import { MAX_SEND_BUFFER_BYTES, MAX_VIOLATIONS } from '../limits.js';
import type { Log } from '../log.js';
import { Attachments } from './attachments.js';
import { Connection } from './connection.js';
import { Liveness } from './liveness.js';
import { HANDLERS } from './requests.js';
import type { SessionRegistry } from './session-registry.js';

type Hello = Extract<ClientMessage, { type: 'hello' }>;

export class Session {
  readonly connection: Connection;
  readonly attachments: Attachments;
  readonly #registry: SessionRegistry;
  readonly #log: Log;
  readonly #liveness: Liveness;
  readonly #helloTimer: NodeJS.Timeout;
  readonly #pending = new Set<number>();
  readonly #openedAt = performance.now();
  #hello: Hello | undefined;
  #violations = 0;

  constructor(socket: WebSocket, connectionId: number, registry: SessionRegistry) {
    this.#registry = registry;
    this.#log = registry.log.child({ connectionId });
    this.connection = new Connection(socket, () => {
      this.attachments.schedule();
    });
    this.attachments = new Attachments(registry.host, registry.directory, this.connection, (error) => {
      this.#log.error({ event: 'stream.defect', err: error });
      this.connection.close(1011, 'the daemon met a defect; its log has more');
    });
    this.#liveness = new Liveness(
      (id) => {
        this.connection.send({ type: 'ping', id });
      },
      () => {
        this.connection.terminate(CLOSE_UNRESPONSIVE, 'the client did not answer in time');
      },
    );
    this.#helloTimer = setTimeout(() => {
      this.connection.close(CLOSE_HELLO_TIMEOUT, `no hello within ${String(HELLO_TIMEOUT_MS / 1000)} s`);
    }, HELLO_TIMEOUT_MS);
    socket.on('message', (data, isBinary) => {
      this.#received(data, isBinary);
    });
    socket.on('ping', (data) => {
      this.#liveness.heard();
      // A peer that pings and does not read must not fill our memory with pongs.
      if (socket.bufferedAmount < MAX_SEND_BUFFER_BYTES) socket.pong(data, undefined, () => undefined);
      else this.connection.terminate(CLOSE_UNRESPONSIVE, 'pongs are not read');
    });
    socket.on('pong', () => {
      this.#liveness.heard();
    });
    socket.on('error', (error) => {
      this.#log.warn({ event: 'connection.error', reason: error.message });
    });
    socket.on('close', (code, reason) => {
      this.#closed(code, reason.toString('utf8'));
    });
  }

  /** The client's name for itself once it has said hello. */
  get clientId(): string | undefined {
    return this.#hello?.clientId;
  }

  /** A newer connection of the same client took over. */
  replaced(): void {
    this.connection.close(CLOSE_REPLACED, 'another connection took over this client id');
  }

  #closed(code: number, reason: string): void {
    clearTimeout(this.#helloTimer);
    this.#liveness.stop();
    this.attachments.close();
    this.#registry.remove(this);
    const ours = this.connection.closedWith;
    this.#log.info({
      event: 'connection.closed',
      code: ours?.code ?? code,
      reason: ours?.reason ?? reason,
      by: ours === undefined ? 'client' : 'daemon',
      clientId: this.clientId ?? null,
      durationMs: Math.round(performance.now() - this.#openedAt),
    });
  }

  #received(data: RawData, isBinary: boolean): void {
    if (!this.connection.isOpen) return;
    this.#liveness.heard();
    if (isBinary) {
      this.connection.close(1003, 'only text frames are understood');
      return;
    }
    // `nodebuffer` is the binary type of every socket here, so that a message is one Buffer.
    const bytes = Buffer.isBuffer(data)
      ? data
      : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    if (bytes.length > MAX_CLIENT_MESSAGE_BYTES) {
      this.connection.close(
        CLOSE_MESSAGE_OVER_LIMIT,
        `a message of ${String(bytes.length)} bytes; at most ${String(MAX_CLIENT_MESSAGE_BYTES)}`,
      );
      return;
    }
    const parsed = parseClientMessage(bytes.toString('utf8'));
    switch (parsed.kind) {
      case 'message':
        this.#handle(parsed.message);
        return;
      case 'unknown':
        // A newer client may say what this version does not know.
        this.#log.debug({ event: 'message.unknown', type: parsed.type.slice(0, 100) });
        return;
      case 'invalid':
        this.#violation({ code: parsed.code, message: parsed.message });
    }
  }

  #violation(error: WireError): void {
    this.#violations += 1;
    this.#log.warn({ event: 'message.invalid', code: error.code, reason: error.message.slice(0, 500) });
    if (this.#hello === undefined) {
      this.connection.send({ type: 'error', error });
      this.connection.close(CLOSE_INVALID_MESSAGE, 'the first message must be a hello');
      return;
    }
    this.connection.send({ type: 'error', error });
    if (this.#violations >= MAX_VIOLATIONS) {
      this.connection.close(CLOSE_INVALID_MESSAGE, `${String(this.#violations)} messages could not be read`);
    }
  }

  #handle(message: ClientMessage): void {
    switch (message.type) {
      case 'hello':
        this.#greet(message);
        return;
      case 'ping':
        this.connection.send({ type: 'pong', id: message.id });
        return;
      case 'pong':
        return;
      case 'ack':
        this.attachments.acknowledge(message.attachment, message.offset);
        return;
      case 'request':
        if (this.#hello === undefined) {
          this.#violation({ code: 'invalid_message', message: 'a request came before the hello' });
          return;
        }
        this.#request(message.id, message.method, message.params);
    }
  }

  #greet(hello: Hello): void {
    if (this.#hello !== undefined) {
      this.#violation({ code: 'invalid_message', message: 'a second hello on one connection' });
      return;
    }
    clearTimeout(this.#helloTimer);
    const { version, daemonId, hostName, home, host } = this.#registry;
    const { min, max } = hello.protocol;
    if (min > PROTOCOL_VERSION || max < PROTOCOL_VERSION) {
      const advice = min > PROTOCOL_VERSION ? 'Update the daemon.' : 'Update this client.';
      this.connection.send({
        type: 'refused',
        code: 'protocol_unsupported',
        message:
          `The daemon (version ${version}) speaks protocol ${String(PROTOCOL_VERSION)}, ` +
          `this client ${String(min)} to ${String(max)}. ${advice}`,
        protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
        version,
      });
      this.connection.close(
        CLOSE_PROTOCOL_UNSUPPORTED,
        `protocol ${String(PROTOCOL_VERSION)} only. ${advice}`,
      );
      return;
    }
    this.#hello = hello;
    this.#log.info({
      event: 'connection.hello',
      clientId: hello.clientId,
      clientName: hello.clientName,
      version: hello.version,
    });
    this.#registry.greeted(this);
    this.connection.send({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      daemonId,
      epoch: host.epoch,
      version,
      hostName,
      home,
      limits: {
        maxMessageBytes: MAX_CLIENT_MESSAGE_BYTES,
        maxInputBytes: MAX_INPUT_BYTES,
        outputWindowBytes: OUTPUT_WINDOW_BYTES,
      },
    });
  }

  #request(id: number, method: string, params: unknown): void {
    if (this.#pending.has(id)) {
      this.#fail(id, {
        code: 'duplicate_request',
        message: `The request ${String(id)} has not been answered yet.`,
      });
      return;
    }
    if (this.#pending.size >= MAX_PENDING_REQUESTS) {
      this.#fail(id, {
        code: 'too_many_requests',
        message: `${String(MAX_PENDING_REQUESTS)} requests wait for their answer. Wait for one first.`,
      });
      return;
    }
    if (!isMethod(method)) {
      this.#fail(id, {
        code: 'unknown_method',
        message: `The daemon (version ${this.#registry.version}) does not know ${method}. Update the daemon.`,
      });
      return;
    }
    const parsed = METHODS[method].params.safeParse(params ?? {});
    if (!parsed.success) {
      this.#fail(id, { code: 'invalid_params', message: describeIssues(parsed.error) });
      return;
    }
    this.#pending.add(id);
    // The schema of this very method has just given these parameters; the compiler cannot follow the pairing.
    this.#run(method, id, parsed.data as MethodParams<typeof method>).catch((error: unknown) => {
      this.#pending.delete(id);
      this.#fail(id, this.#describe(method, error));
    });
  }

  async #run<M extends Method>(method: M, id: number, params: MethodParams<M>): Promise<void> {
    const { host, directory } = this.#registry;
    await HANDLERS[method]({ host, directory, attachments: this.attachments }, params, (result) => {
      this.#pending.delete(id);
      this.connection.send({ type: 'response', id, ok: true, result });
    });
  }

  #fail(id: number, error: WireError): void {
    this.connection.send({ type: 'failure', id, error });
  }

  #describe(method: string, error: unknown): WireError {
    if (error instanceof HoldfastError) return { code: error.code, message: error.message };
    this.#log.error({ event: 'request.defect', method, err: error });
    return { code: 'internal', message: `The daemon met a defect in ${method}; its log has more.` };
  }
}
