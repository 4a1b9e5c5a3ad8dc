/**
 * The transport over the standard WebSocket interface: a browser's own, and React Native's. A page can set no headers on
 * it, so `headers` are passed on only where the platform takes them (React Native); no cause of a failure is told.
 */
import { DaemonClientError } from '../errors.js';
import { TRANSPORT_CONNECT_TIMEOUT_MS } from '../limits.js';
import { failedTransport } from '../transport-events.js';
import type { DaemonTransport, DaemonTransportFactory, TransportErrorEvent } from '../transport.js';
import { SocketTransport } from './socket-transport.js';

/** The part of the WebSocket interface that this transport uses. */
export type StandardWebSocket = {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
};

/** A WebSocket constructor. React Native's takes options with headers as its third argument. */
export type StandardWebSocketConstructor = new (
  url: string,
  protocols?: string | string[],
  options?: { headers?: Record<string, string> },
) => StandardWebSocket;

export type WebSocketTransportOptions = {
  /** Deadline of dial and upgrade, in ms. Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /** True where the constructor takes `{ headers }` as its third argument (React Native). Default: by `navigator.product`. */
  readonly passHeaders?: boolean;
};

const CONNECTING = 0;
const OPEN = 1;

/**
 * Makes transports over the platform's WebSocket.
 *
 * @throws DaemonClientError `websocket_missing` where the platform has none (Node 20: use `@holdfast/client/node`).
 */
export function createWebSocketTransportFactory(
  WebSocketConstructor: StandardWebSocketConstructor | undefined = globalThis.WebSocket,
  options: WebSocketTransportOptions = {},
): DaemonTransportFactory {
  if (typeof WebSocketConstructor !== 'function') {
    throw new DaemonClientError(
      'websocket_missing',
      'This platform has no WebSocket. Give a transportFactory: in Node, createNodeTransportFactory() of @holdfast/client/node.',
    );
  }
  const passHeaders =
    options.passHeaders ??
    (globalThis as { navigator?: { product?: string } }).navigator?.product === 'ReactNative';
  const connectTimeoutMs = options.connectTimeoutMs ?? TRANSPORT_CONNECT_TIMEOUT_MS;
  return ({ url, headers }) => {
    // Newer browsers take a relative address and http: for a WebSocket; a client of a daemon means what it says.
    if (!/^wss?:/i.test(url)) return failedTransport(invalidUrl(url, 'it does not start with ws: or wss:'));
    let socket: StandardWebSocket;
    try {
      socket =
        passHeaders && headers !== undefined
          ? new WebSocketConstructor(url, undefined, { headers })
          : new WebSocketConstructor(url);
    } catch (error) {
      return failedTransport(constructorError(url, error));
    }
    return overSocket(socket, url, connectTimeoutMs);
  };
}

function constructorError(url: string, error: unknown): TransportErrorEvent {
  const detail = error instanceof Error ? error.message : String(error);
  // SecurityError: ws: from an https: page. Anything else the constructor throws is about the URL.
  return error instanceof Error && error.name === 'SecurityError'
    ? { code: 'policy_refused', message: `This page may not connect to ${url}: ${detail}` }
    : invalidUrl(url, detail);
}

function invalidUrl(url: string, detail: string): TransportErrorEvent {
  return { code: 'invalid_url', message: `"${url}" is not a WebSocket address: ${detail}` };
}

function overSocket(socket: StandardWebSocket, url: string, connectTimeoutMs: number): DaemonTransport {
  socket.binaryType = 'arraybuffer';
  const transport = new SocketTransport({
    state: () =>
      socket.readyState === CONNECTING ? 'connecting' : socket.readyState === OPEN ? 'open' : 'over',
    bufferedAmount: () => socket.bufferedAmount,
    send: (data) => {
      socket.send(typeof data === 'string' ? data : ownBuffer(data));
    },
    close: (code, reason) => {
      socket.close(code, reason);
    },
    // The standard has no other way; a second call does nothing.
    abandon: () => {
      socket.close();
    },
    release: () => {
      clearTimeout(connectTimer);
    },
  });
  const connectTimer = setTimeout(() => {
    transport.fail({
      code: 'timed_out',
      message: `${url} did not answer within ${String(connectTimeoutMs / 1000)} s.`,
    });
  }, connectTimeoutMs);

  socket.onopen = () => {
    clearTimeout(connectTimer);
    transport.opened();
  };
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (typeof data === 'string') transport.received(data);
    else if (data instanceof ArrayBuffer) transport.received(new Uint8Array(data));
    else {
      transport.fail({
        code: 'transport_failed',
        message: 'The platform delivered a message that is neither text nor an ArrayBuffer.',
      });
    }
  };
  // The standard gives this event no cause, and a close always follows it: the close reports both.
  socket.onerror = () => undefined;
  socket.onclose = (event: { code?: number; reason?: string; wasClean?: boolean }) => {
    const code = event.code ?? 1006;
    if (code === 1006) {
      transport.report(
        transport.hasOpened
          ? {
              code: 'connection_reset',
              message: `The connection to ${url} ended without a close frame.`,
            }
          : {
              code: 'transport_failed',
              message: `No connection to ${url}. The platform does not tell whether nothing listens there or the connection was refused.`,
            },
      );
    }
    transport.ended({ code, reason: event.reason ?? '', wasClean: event.wasClean ?? code !== 1006 });
  };
  return transport;
}

/** The standard's `send` takes no view of shared memory. */
function ownBuffer(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer ? (data as Uint8Array<ArrayBuffer>) : new Uint8Array(data);
}
