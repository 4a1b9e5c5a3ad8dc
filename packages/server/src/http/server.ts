/**
 * The daemon's HTTP server: health, the web app, and the upgrade to a WebSocket. It promises that every request
 * passes admission first, that a refusal says why (JSON and a line in the log), and that no byte string ends the
 * process: every socket has an error listener and a time limit.
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Health } from '@holdfast/protocol';
import { Hono } from 'hono';
import { type WebSocket, WebSocketServer } from 'ws';
import { HoldfastError, reasonOf, systemCode } from '../errors.js';
import {
  CLOSE_TIMEOUT_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_FRAME_BYTES,
  MAX_HEADER_BYTES,
  MAX_SOCKETS,
  REQUEST_TIMEOUT_MS,
  TIMEOUT_CHECK_MS,
} from '../limits.js';
import type { Log } from '../log.js';
import { allowedHostsFor, allowedOriginsFor, contentSecurityPolicy, type LoopbackHost } from './addresses.js';
import {
  admitRequest,
  admitUpgrade,
  type AdmissionRules,
  headerValues,
  type Refusal,
  type RefusalCode,
  type RequestHead,
  shown,
} from './admission.js';
import { serveWebApp } from './web-app.js';

export type HttpServerOptions = {
  readonly host: LoopbackHost;
  /** 0 is any free port. */
  readonly port: number;
  readonly allowedOrigins: readonly string[];
  readonly webRoot: string;
  readonly health: Health;
  readonly log: Log;
  /** Takes each WebSocket; the number names it in the log. */
  readonly onConnection: (socket: WebSocket, connectionId: number) => void;
};

export type HttpServer = {
  readonly port: number;
  /** Takes no more connections and no more upgrades; those that are open go on. */
  stopAccepting(): void;
  /** Ends what is still open; settles when the last connection has ended. */
  close(): Promise<void>;
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

function bodyOf(refusal: Refusal): string {
  return `${JSON.stringify({ code: refusal.code, message: refusal.message })}\n`;
}

function writeRawRefusal(socket: Duplex, refusal: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = bodyOf(refusal);
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body, 'utf8')),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${String(refusal.status)} ${STATUS_CODES[refusal.status] ?? 'Refused'}\r\n`;
  socket.end(`${status}${lines.join('')}\r\n${body}`, () => {
    // What the peer may still send is not read.
    socket.destroy();
  });
}

function listen(server: Server, host: LoopbackHost, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      const isInUse = systemCode(error) === 'EADDRINUSE';
      reject(
        new HoldfastError(
          isInUse ? 'port_in_use' : 'listen_failed',
          isInUse
            ? `Port ${String(port)} on ${host} is in use by another program. Choose another with --port, or --port 0 for any free one.`
            : `The daemon cannot listen on ${host} port ${String(port)}: ${reasonOf(error)}. Choose another with --port.`,
          { cause: error },
        ),
      );
    };
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function createApp(options: HttpServerOptions, policy: () => string): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header('Content-Security-Policy', policy());
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('Referrer-Policy', 'no-referrer');
    context.header('Cross-Origin-Opener-Policy', 'same-origin');
    context.header('Cross-Origin-Resource-Policy', 'same-origin');
  });
  app.get('/api/health', (context) => {
    context.header('Cache-Control', 'no-store');
    return context.json(options.health);
  });
  app.all('/api/*', (context) =>
    context.json(
      { code: 'path_not_found' satisfies RefusalCode, message: 'There is nothing at this path.' },
      404,
    ),
  );
  app.get('*', (context) => serveWebApp(options.webRoot, context.req.path, context.req.method === 'HEAD'));
  app.onError((error, context) => {
    options.log.error({ event: 'http.defect', err: error });
    return context.json(
      { code: 'internal' satisfies RefusalCode, message: 'The daemon met a defect; its log has more.' },
      500,
    );
  });
  return app;
}

/** Starts to listen; the result is ready to serve. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { log } = options;
  let rules: AdmissionRules = { allowedHosts: new Set(), allowedOrigins: new Set() };
  let policy = '';
  let nextConnectionId = 1;
  let isStopping = false;

  const logRefusal = (refusal: Refusal, head: RequestHead, isUpgrade: boolean): void => {
    log.warn({
      event: isUpgrade ? 'connection.refused' : 'request.refused',
      status: refusal.status,
      code: refusal.code,
      reason: refusal.message,
      method: shown(head.method),
      // Without a query: what stands there is not for the log.
      path: shown(head.target.split('?', 1)[0] ?? ''),
      origin: headerValues(head.rawHeaders, 'origin').map(shown).join(', ') || null,
      host: headerValues(head.rawHeaders, 'host').map(shown).join(', ') || null,
    });
  };

  const app = createApp(options, () => policy);
  const respond = getRequestListener(app.fetch, { overrideGlobalObjects: false });

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', (error) => {
      log.debug({ event: 'request.error', reason: error.message });
    });
    response.on('error', (error) => {
      log.debug({ event: 'response.error', reason: error.message });
    });
    const head = headOf(request);
    const admission = admitRequest(head, rules);
    if (admission.kind === 'accepted') {
      void respond(request, response);
      return;
    }
    logRefusal(admission, head, false);
    const body = bodyOf(admission);
    response.writeHead(admission.status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body, 'utf8'),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      Connection: 'close',
      ...admission.headers,
    });
    response.end(head.method === 'HEAD' ? undefined : body);
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
  server.maxConnections = MAX_SOCKETS;
  server.on('drop', () => {
    log.warn({ event: 'connection.dropped', reason: `more than ${String(MAX_SOCKETS)} connections` });
  });
  server.on('connection', (socket) => {
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      log.debug({ event: 'socket.error', reason: error.message });
    });
  });
  server.on('clientError', (error, socket) => {
    const code = systemCode(error);
    const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    log.warn({ event: 'request.refused', status, code: 'malformed_request', reason: shown(reasonOf(error)) });
    const message = `The request could not be read: ${shown(reasonOf(error))}.`;
    writeRawRefusal(socket, { kind: 'refused', status, code: 'malformed_request', message });
  });
  server.on('connect', (request, socket) => {
    // A proxy request: never ours.
    const head = headOf(request);
    const refusal = admitUpgrade(head, rules, 0, isStopping);
    if (refusal.kind !== 'refused') {
      socket.destroy();
      return;
    }
    logRefusal(refusal, head, false);
    writeRawRefusal(socket, refusal);
  });

  const webSockets = new WebSocketServer(WEBSOCKET_OPTIONS);
  webSockets.on('wsClientError', (error, socket, request) => {
    const refusal: Refusal = {
      kind: 'refused',
      status: 400,
      code: 'websocket_handshake',
      message: `The WebSocket handshake could not be read: ${shown(error.message)}.`,
    };
    logRefusal(refusal, headOf(request), true);
    writeRawRefusal(socket, refusal);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, first: Buffer) => {
    const head = headOf(request);
    const admission = admitUpgrade(head, rules, first.length, isStopping);
    if (admission.kind === 'refused') {
      logRefusal(admission, head, true);
      writeRawRefusal(socket, admission);
      return;
    }
    webSockets.handleUpgrade(request, socket, first, (webSocket) => {
      const connectionId = nextConnectionId;
      nextConnectionId += 1;
      log.info({
        event: 'connection.accepted',
        connectionId,
        origin: admission.origin,
        remote: `${request.socket.remoteAddress ?? '?'} ${String(request.socket.remotePort ?? 0)}`,
      });
      options.onConnection(webSocket, connectionId);
    });
  });

  const port = await listen(server, options.host, options.port);
  server.on('error', (error) => {
    log.error({ event: 'server.error', err: error });
  });
  rules = {
    allowedHosts: allowedHostsFor(port),
    allowedOrigins: allowedOriginsFor(options.host, port, options.allowedOrigins),
  };
  policy = contentSecurityPolicy(port);

  const closed = new Promise<void>((resolve) => {
    server.once('close', resolve);
  });
  return {
    port,
    stopAccepting: () => {
      isStopping = true;
      server.close();
    },
    close: () => {
      if (!isStopping) server.close();
      server.closeAllConnections();
      return closed;
    },
  };
}
