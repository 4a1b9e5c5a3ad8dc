/**
 * The transport for Node, over `ws`: tells the cause of every failure, sends headers and no `Origin`, follows no redirect,
 * and finds a dead peer by WebSocket pings.
 */
import type { IncomingMessage } from 'node:http';
import { connect as dial } from 'node:net';
import { WebSocket, type RawData } from 'ws';
import { closeCode, closeReason, messageLength } from '../byte-length.js';
import {
  CLOSE_HANDSHAKE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
  SEND_QUEUE_BYTES,
  TRANSPORT_CONNECT_TIMEOUT_MS,
  TRANSPORT_PING_INTERVAL_MS,
  TRANSPORT_PONG_TIMEOUT_MS,
} from '../limits.js';
import { SEND_QUEUE_FULL, SendQueue } from '../send-queue.js';
import { ABNORMAL_CLOSE, failedTransport, TransportEvents } from '../transport-events.js';
import { TransportLiveness } from '../transport-liveness.js';
import type {
  DaemonTransport,
  DaemonTransportFactory,
  DaemonTransportOptions,
  TransportCloseEvent,
  TransportErrorEvent,
} from '../transport.js';
import { causeOf, causeOfConstructor, readRefusal } from './node-causes.js';

/** All in ms or bytes; the defaults are those of the package's limits. */
export type NodeTransportOptions = {
  /** Deadline of dial, TLS and upgrade. Default: 10,000 ms. */
  readonly connectTimeoutMs?: number;
  /** A ping is sent when nothing was heard for this long. Default: 15,000 ms. */
  readonly pingIntervalMs?: number;
  /** The connection is dead when nothing is heard for this long after a ping. Default: 10,000 ms. */
  readonly pongTimeoutMs?: number;
  /** Largest message accepted. Default: 16 MiB and 1 KiB. */
  readonly maxMessageBytes?: number;
  /** A Unix socket or named pipe that is dialled in place of the host of the URL, which then only names it in `Host`. */
  readonly socketPath?: string;
};

/** Makes transports over `ws`. */
export function createNodeTransportFactory(options: NodeTransportOptions = {}): DaemonTransportFactory {
  const settings = {
    connectTimeoutMs: options.connectTimeoutMs ?? TRANSPORT_CONNECT_TIMEOUT_MS,
    pingIntervalMs: options.pingIntervalMs ?? TRANSPORT_PING_INTERVAL_MS,
    pongTimeoutMs: options.pongTimeoutMs ?? TRANSPORT_PONG_TIMEOUT_MS,
    maxMessageBytes: options.maxMessageBytes ?? MAX_MESSAGE_BYTES,
    socketPath: options.socketPath,
  };
  return (request) => connect(request, settings);
}

type Settings = Required<Omit<NodeTransportOptions, 'socketPath'>> & {
  readonly socketPath: string | undefined;
};

function connect(request: DaemonTransportOptions, settings: Settings): DaemonTransport {
  const { headers } = request;
  const { socketPath } = settings;
  if (socketPath !== undefined && !request.url.startsWith('ws://')) {
    return failedTransport({
      code: 'invalid_url',
      message: `The address ${request.url} does not start with ws://, which is what ${socketPath} speaks.`,
    });
  }
  /** What messages call the other end. */
  const url = socketPath ?? request.url;
  let socket: WebSocket;
  try {
    socket = new WebSocket(request.url, {
      ...(headers === undefined ? {} : { headers }),
      ...(socketPath === undefined ? {} : { createConnection: () => dial({ path: socketPath }) }),
      perMessageDeflate: false,
      followRedirects: false,
      handshakeTimeout: settings.connectTimeoutMs,
      maxPayload: settings.maxMessageBytes,
    });
  } catch (error) {
    return failedTransport(causeOfConstructor(request.url, error));
  }
  const events = new TransportEvents();
  const queue = new SendQueue();
  let closing = false;
  let closeTimer: NodeJS.Timeout | undefined;

  const finish = (close: TransportCloseEvent): void => {
    clearTimeout(closeTimer);
    liveness.stop();
    queue.take();
    events.emitClose(close);
  };
  const fail = (error: TransportErrorEvent): void => {
    if (events.closed) return;
    closing = true;
    events.emitError(error);
    socket.terminate();
    finish(ABNORMAL_CLOSE);
  };

  /** The close handshake has a bound, which starts anew while something is still being sent. */
  const awaitClose = (): void => {
    const waiting = socket.bufferedAmount;
    closeTimer = setTimeout(() => {
      if (socket.bufferedAmount < waiting) {
        awaitClose();
        return;
      }
      socket.terminate();
      finish(ABNORMAL_CLOSE);
    }, CLOSE_HANDSHAKE_TIMEOUT_MS);
  };

  const liveness = new TransportLiveness({
    ...settings,
    ping: () => {
      socket.ping();
    },
    onDead: () => {
      fail({
        code: 'timed_out',
        message: `${url} has not answered for ${String((settings.pingIntervalMs + settings.pongTimeoutMs) / 1000)} s.`,
      });
    },
  });

  socket.on('open', () => {
    if (closing) return;
    liveness.start();
    events.emitOpen();
    for (const data of queue.take()) transmit(data);
  });
  socket.on('message', (data: RawData, isBinary: boolean) => {
    liveness.heard();
    if (closing) return;
    const bytes = asBytes(data);
    events.emitMessage(
      isBinary ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes.toString('utf8'),
    );
  });
  const alive = (): void => {
    liveness.heard();
  };
  socket.on('ping', alive);
  socket.on('pong', alive);
  socket.on('unexpected-response', (_request, response: IncomingMessage) => {
    void readRefusal(response).then(fail);
  });
  socket.on('error', (error: Error) => {
    // Closing before `open` makes `ws` report an error that is no failure: the caller asked for it.
    if (!closing) events.emitError(causeOf(url, error, events.opened));
  });
  socket.on('close', (code: number, reason: Buffer) => {
    if (code === 1006 && !closing && !events.failed) {
      events.emitError({
        code: 'connection_reset',
        message: `The connection to ${url} ended without a close frame.`,
      });
    }
    finish({ code, reason: reason.toString('utf8'), wasClean: code !== 1006 });
  });

  const transmit = (data: string | Uint8Array): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount + messageLength(data) > SEND_QUEUE_BYTES) {
      fail(SEND_QUEUE_FULL);
      return;
    }
    socket.send(data);
  };

  return {
    ...events.handlers,
    send: (data) => {
      if (closing || events.closed) return;
      if (events.opened) transmit(data);
      else if (!queue.push(typeof data === 'string' ? data : data.slice())) fail(SEND_QUEUE_FULL);
    },
    close: (code, reason = '') => {
      if (closing || events.closed) return;
      closing = true;
      liveness.stop();
      awaitClose();
      if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
      else socket.close(closeCode(code), closeReason(reason));
    },
    get bufferedAmount() {
      return queue.bytes + socket.bufferedAmount;
    },
  };
}

function asBytes(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
