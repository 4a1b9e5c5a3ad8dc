/**
 * One server of HTTP/1.1, on TCP or on the local socket, with rules of its own. It promises that every request passes
 * admission first, that a refusal says why (an answer and a line in the log), and that no byte string ends the process:
 * every socket has an error listener and a time limit.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { reasonOf, systemCode } from '../errors.js';
import {
  CLOSE_TIMEOUT_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_FRAME_BYTES,
  MAX_HEADER_BYTES,
  REQUEST_TIMEOUT_MS,
  TIMEOUT_CHECK_MS,
} from '../limits.js';
import type { Log } from '../log.js';
import { type Admission, admitRequest, admitUpgrade, type AdmissionRules } from './admission.js';
import { jsonAnswer, type Refusal, refusalHeaders, refuse, writeRawRefusal } from './refusal.js';
import { headerValues, pathOf, type RequestHead, shown } from './request-head.js';
import { TOKEN_PAGE_POLICY, tokenPageFor } from './token-page.js';

/** The way by which a client came. */
export type Via = 'tcp' | 'unix' | 'pipe';

/** A WebSocket that was admitted, and what is known about who opened it. */
export type Accepted = {
  readonly socket: WebSocket;
  readonly via: Via;
  readonly origin: string | null;
  readonly credential: 'token' | null;
  /** Address and port; null on the local socket, whose other end has none. */
  readonly remote: string | null;
};

export type ListenerOptions = {
  readonly via: Via;
  /** Connections at once, HTTP and WebSocket; further ones are dropped. */
  readonly maxSockets: number;
  /** Asked at each request: a port may be known only once the server listens. */
  readonly rules: () => AdmissionRules;
  readonly isStopping: () => boolean;
  /** Answers a request that was admitted. */
  readonly respond: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onWebSocket: (accepted: Accepted) => void;
  readonly log: Log;
};

/** A constant of its own type: the types of `ws` do not know `closeTimeout` yet. */
const WEBSOCKET_OPTIONS = {
  noServer: true,
  clientTracking: false,
  maxPayload: MAX_FRAME_BYTES,
  perMessageDeflate: false,
  // Pongs are ours to bound.
  autoPong: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
};

function headOf(request: IncomingMessage): RequestHead {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
  };
}

function remoteOf({ socket }: IncomingMessage, via: Via): string | null {
  return via === 'tcp' ? `${socket.remoteAddress ?? '?'} ${String(socket.remotePort ?? 0)}` : null;
}

/** Makes a server that does not listen yet. */
export function createListener({
  via,
  maxSockets,
  rules,
  isStopping,
  respond,
  onWebSocket,
  log,
}: ListenerOptions): Server {
  const logRefusal = (refusal: Refusal, head: RequestHead, isUpgrade: boolean): void => {
    if (refusal.isRepeated === true) return;
    log.warn({
      event: isUpgrade ? 'connection.refused' : 'request.refused',
      via,
      status: refusal.status,
      code: refusal.code,
      reason: refusal.message,
      method: shown(head.method),
      path: shown(pathOf(head.target)),
      origin: headerValues(head.rawHeaders, 'origin').map(shown).join(', ') || null,
      host: headerValues(head.rawHeaders, 'host').map(shown).join(', ') || null,
    });
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', (error) => {
      log.debug({ event: 'request.error', reason: error.message });
    });
    response.on('error', (error) => {
      log.debug({ event: 'response.error', reason: error.message });
    });
    const head = headOf(request);
    const admission = admitRequest(head, rules());
    if (admission.kind === 'accepted') {
      respond(request, response);
      return;
    }
    logRefusal(admission, head, false);
    const page = admission.code === 'credential_missing' ? tokenPageFor(head) : undefined;
    const answer = page ?? jsonAnswer(admission);
    response.writeHead(admission.status, {
      ...refusalHeaders(admission, answer),
      ...(page === undefined ? {} : { 'Content-Security-Policy': TOKEN_PAGE_POLICY }),
    });
    response.end(head.method === 'HEAD' ? undefined : answer.body);
  };

  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Our own check names the error and writes it to the log.
      requireHostHeader: false,
      insecureHTTPParser: false,
    },
    onRequest,
  );
  server.maxConnections = maxSockets;
  server.on('drop', () => {
    log.warn({ event: 'connection.dropped', via, reason: `more than ${String(maxSockets)} connections` });
  });
  server.on('connection', (socket) => {
    if (via === 'tcp') socket.setNoDelay(true);
    socket.on('error', (error) => {
      log.debug({ event: 'socket.error', reason: error.message });
    });
  });
  server.on('clientError', (error, socket) => {
    const code = systemCode(error);
    const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    const reason = shown(reasonOf(error));
    log.warn({ event: 'request.refused', via, status, code: 'malformed_request', reason });
    writeRawRefusal(socket, refuse(status, 'malformed_request', `The request could not be read: ${reason}.`));
  });

  /** The verdict on an upgrade; a refusal has been answered. */
  const admit = (request: IncomingMessage, socket: Duplex, bytesAfterHead: number): Admission => {
    const head = headOf(request);
    const admission = admitUpgrade(head, rules(), bytesAfterHead, isStopping());
    if (admission.kind === 'refused') {
      logRefusal(admission, head, true);
      writeRawRefusal(socket, admission);
    }
    return admission;
  };
  server.on('connect', (request, socket) => {
    // A proxy request: never ours.
    if (admit(request, socket, 0).kind === 'accepted') socket.destroy();
  });

  const webSockets = new WebSocketServer(WEBSOCKET_OPTIONS);
  webSockets.on('wsClientError', (error, socket, request) => {
    const reason = shown(error.message);
    const message = `The WebSocket handshake could not be read: ${reason}.`;
    const refusal = refuse(400, 'websocket_handshake', message);
    logRefusal(refusal, headOf(request), true);
    writeRawRefusal(socket, refusal);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, first: Buffer) => {
    const admission = admit(request, socket, first.length);
    if (admission.kind === 'refused') return;
    const { origin, credential } = admission;
    webSockets.handleUpgrade(request, socket, first, (webSocket) => {
      onWebSocket({ socket: webSocket, via, origin, credential, remote: remoteOf(request, via) });
    });
  });
  return server;
}
