/**
 * What the daemon serves, the health question, the web app and the WebSocket, on loopback TCP and on the local socket.
 * It promises to listen when it settles, and to have ended every connection when `close` settles.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Health } from '@holdfast/protocol';
import { Hono } from 'hono';
import { HoldfastError, reasonOf, systemCode } from '../errors.js';
import type { Log } from '../log.js';
import { allowedHostsFor, allowedOriginsFor, contentSecurityPolicy, type LoopbackHost } from './addresses.js';
import { type AdmissionRules, HEALTH_PATH } from './admission.js';
import type { Credentials } from './credentials.js';
import { type Accepted, createListener } from './listener.js';
import { type LocalSocket, openLocalSocket } from './local-socket.js';
import type { RefusalCode } from './refusal.js';
import { serveWebApp } from './web-app.js';

export type HttpServerOptions = {
  /** State directory, in or for which the local socket is made. */
  readonly home: string;
  readonly host: LoopbackHost;
  /** 0 is any free port. */
  readonly port: number;
  readonly allowedOrigins: readonly string[];
  readonly credentials: Credentials;
  /** Connections at once over TCP, and as many again over the local socket. */
  readonly maxSockets: number;
  readonly webRoot: string;
  readonly health: Health;
  readonly log: Log;
  /** Takes each WebSocket. */
  readonly onConnection: (accepted: Accepted) => void;
};

export type HttpServer = {
  readonly port: number;
  /** Undefined where the system gives none. */
  readonly localSocket: Pick<LocalSocket, 'via' | 'path'> | undefined;
  /** Takes no more connections and no more upgrades; those that are open go on. */
  stopAccepting(): void;
  /** Ends what is still open; settles when the last connection has ended. */
  close(): Promise<void>;
};

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
  app.get(HEALTH_PATH, (context) => {
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

/** Ends a server's connections and settles when the last has ended. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

/** Starts to listen; the result is ready to serve. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { log, credentials } = options;
  let tcpRules: AdmissionRules = { allowedHosts: new Set(), allowedOrigins: new Set(), credentials };
  // A program that dials a path has no name for its peer but this one.
  const socketRules: AdmissionRules = {
    allowedHosts: new Set(['localhost']),
    allowedOrigins: undefined,
    credentials,
  };
  let policy = '';
  let isStopping = false;

  const respond = getRequestListener(createApp(options, () => policy).fetch, {
    overrideGlobalObjects: false,
  });
  const shared = {
    log,
    maxSockets: options.maxSockets,
    isStopping: () => isStopping,
    respond: (...request: Parameters<typeof respond>) => void respond(...request),
    onWebSocket: options.onConnection,
  };
  const tcp = createListener({ ...shared, via: 'tcp', rules: () => tcpRules });
  const local = createListener({
    ...shared,
    via: process.platform === 'win32' ? 'pipe' : 'unix',
    rules: () => socketRules,
  });

  const port = await listen(tcp, options.host, options.port);
  tcpRules = {
    allowedHosts: allowedHostsFor(port),
    allowedOrigins: allowedOriginsFor(options.host, port, options.allowedOrigins),
    credentials,
  };
  policy = contentSecurityPolicy(port);
  let localSocket: LocalSocket | undefined;
  try {
    localSocket = await openLocalSocket(local, options.home, log);
  } catch (error) {
    await closeServer(tcp);
    throw error;
  }
  const servers = [tcp, ...(localSocket === undefined ? [] : [local])];
  for (const server of servers) {
    server.on('error', (error) => {
      log.error({ event: 'server.error', err: error });
    });
  }

  const closed = Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.once('close', resolve))),
  );
  const stopAccepting = (): void => {
    if (isStopping) return;
    isStopping = true;
    localSocket?.remove();
    for (const server of servers) server.close();
  };
  return {
    port,
    localSocket,
    stopAccepting,
    close: async () => {
      stopAccepting();
      for (const server of servers) server.closeAllConnections();
      await closed;
    },
  };
}
