/**
 * The transport for Node, over `ws`: tells the cause of every failure, sends headers and no `Origin`, follows no redirect,
 * and finds a dead peer by WebSocket pings.
 */
import type { IncomingMessage } from 'node:http';
import { connect as dial } from 'node:net';
import { WebSocket, type RawData } from 'ws';
import {
  MAX_MESSAGE_BYTES,
  TRANSPORT_CONNECT_TIMEOUT_MS,
  TRANSPORT_PING_INTERVAL_MS,
  TRANSPORT_PONG_TIMEOUT_MS,
} from '../limits.js';
import { failedTransport } from '../transport-events.js';
import { TransportLiveness } from '../transport-liveness.js';
import type { DaemonTransport, DaemonTransportFactory, DaemonTransportOptions } from '../transport.js';
import { causeOf, causeOfConstructor, readRefusal } from './node-causes.js';
import { SocketTransport } from './socket-transport.js';

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
  const transport = new SocketTransport({
    state: () =>
      socket.readyState === WebSocket.CONNECTING
        ? 'connecting'
        : socket.readyState === WebSocket.OPEN
          ? 'open'
          : 'over',
    bufferedAmount: () => socket.bufferedAmount,
    send: (data) => {
      socket.send(data);
    },
    close: (code, reason) => {
      socket.close(code, reason);
    },
    abandon: () => {
      socket.terminate();
    },
    release: () => {
      liveness.stop();
    },
  });
  const liveness = new TransportLiveness({
    ...settings,
    ping: () => {
      socket.ping();
    },
    onDead: () => {
      transport.fail({
        code: 'timed_out',
        message: `${url} has not answered for ${String((settings.pingIntervalMs + settings.pongTimeoutMs) / 1000)} s.`,
      });
    },
  });

  socket.on('open', () => {
    if (transport.isClosing) return;
    liveness.start();
    transport.opened();
  });
  socket.on('message', (data: RawData, isBinary: boolean) => {
    liveness.heard();
    const bytes = asBytes(data);
    transport.received(
      isBinary ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes.toString('utf8'),
    );
  });
  const alive = (): void => {
    liveness.heard();
  };
  socket.on('ping', alive);
  socket.on('pong', alive);
  socket.on('unexpected-response', (_request, response: IncomingMessage) => {
    void readRefusal(response).then((refusal) => {
      transport.fail(refusal);
    });
  });
  socket.on('error', (error: Error) => {
    transport.report(causeOf(url, error, transport.hasOpened));
  });
  socket.on('close', (code: number, reason: Buffer) => {
    // If it has told a cause, that is the one that counts.
    if (code === 1006) {
      transport.report({
        code: 'connection_reset',
        message: `The connection to ${url} ended without a close frame.`,
      });
    }
    transport.ended({ code, reason: reason.toString('utf8'), wasClean: code !== 1006 });
  });
  return transport;
}

function asBytes(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
