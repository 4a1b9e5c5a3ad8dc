/**
 * Puts the daemon together: state directory, log, terminals, sessions, HTTP. It promises to be reachable when
 * `startDaemon` settles, and to leave nothing behind when `stop` settles.
 */
import { randomUUID } from 'node:crypto';
import { homedir, hostname } from 'node:os';
import { type AuthMode, CLOSE_GOING_AWAY, CLOSE_SERVICE_RESTART, PROTOCOL_VERSION } from '@holdfast/protocol';
import { HoldfastError, reasonOf } from './errors.js';
import {
  DEFAULT_HOST,
  DEFAULT_PORT,
  type LoopbackHost,
  parseHost,
  parseOrigin,
  webUrlOf,
  wsUrlOf,
} from './http/addresses.js';
import { Credentials } from './http/credentials.js';
import { type HttpServer, startHttpServer } from './http/server.js';
import { defaultWebRoot } from './http/web-app.js';
import {
  DEFAULT_MAX_CONNECTIONS,
  HIGHEST_MAX_CONNECTIONS,
  isMaxConnections,
  maxSocketsFor,
} from './limits.js';
import { createLog, type Log, openLogFile, writeToStderr } from './log.js';
import { warnOfFewOpenFiles } from './open-files.js';
import { isAlive, readRuntimeFile, removeRuntimeFile, writeRuntimeFile } from './runtime-file.js';
import { SessionRegistry } from './session/session-registry.js';
import { withStartLock } from './start-lock.js';
import { logFilePath, prepareStateDirectory, readDaemonId } from './state-directory.js';
import { createInProcessHost } from './terminals/in-process-host.js';
import { DaemonToken } from './token.js';
import { VERSION } from './version.js';

export type DaemonOptions = {
  /** State directory; see state-directory.ts for the default place. */
  readonly home: string;
  /** `127.0.0.1` (default), `::1` or `localhost`. */
  readonly host?: string | undefined;
  /** Default 6767; 0 is any free port. */
  readonly port?: number | undefined;
  /** Origins that may connect besides the daemon's own web address, compared exactly. Default: none. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * `token`: `/ws` and everything of HTTP but the health question ask for the daemon's token. Default: `none`, where one
   * that is sent is checked all the same.
   */
  readonly auth?: AuthMode | undefined;
  /** WebSocket connections at once, from 1 to 1000. Default: 100. */
  readonly maxConnections?: number | undefined;
  /** Directory of the built web app. Default: that of the package `@holdfast/app`. */
  readonly webRoot?: string | undefined;
  /** Environment that terminals inherit. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Where log lines go besides the log file. Default: nowhere. */
  readonly onLogLine?: ((line: string) => void) | undefined;
};

export type Daemon = {
  readonly wsUrl: string;
  readonly webUrl: string;
  readonly port: number;
  /** Where it listens besides TCP: the path of a Unix socket or the name of a pipe; undefined where the system gives none. */
  readonly socket: string | undefined;
  readonly instanceId: string;
  readonly daemonId: string;
  readonly epoch: string;
  readonly logFile: string;
  readonly log: Log;
  /** Closes clients (1001, or 1012 before a restart), ends the terminals, removes the runtime file. Safe to repeat. */
  stop(options?: { readonly restart?: boolean }): Promise<void>;
};

/** A daemon that lives owns its state directory: a second one would overwrite its runtime file. */
async function refuseIfAlive(home: string, log: Log): Promise<void> {
  let found;
  try {
    found = readRuntimeFile(home);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'runtime_file_invalid') throw error;
    // A damaged file tells of no daemon; it is replaced as a stale one is.
    log.warn({ event: 'runtime-file.damaged', reason: error.message });
    return;
  }
  if (found === undefined) return;
  if (await isAlive(found)) {
    throw new HoldfastError(
      'already_running',
      `A daemon (pid ${String(found.pid)}) already serves ${home} at ${found.webUrl}. ` +
        'Use it, or stop it with: holdfast daemon stop',
    );
  }
  log.info({ event: 'runtime-file.stale', pid: found.pid, webUrl: found.webUrl });
}

/** Listens and says so in the runtime file, unless a daemon of this state directory lives. */
async function serve(
  options: DaemonOptions,
  host: LoopbackHost,
  token: DaemonToken,
  log: Log,
  onStopped: () => void,
): Promise<Daemon> {
  const { home, allowedOrigins = [], auth = 'none', maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  await refuseIfAlive(home, log);
  const daemonId = await readDaemonId(home);
  const instanceId = randomUUID();
  const terminals = createInProcessHost({ env: options.env ?? process.env, version: VERSION, log });
  const registry = new SessionRegistry({
    host: terminals,
    log,
    daemonId,
    version: VERSION,
    hostName: hostname(),
    home: homedir(),
    maxConnections,
  });
  let connections = 0;
  const server: HttpServer = await startHttpServer({
    home,
    host,
    port: options.port ?? DEFAULT_PORT,
    allowedOrigins,
    credentials: new Credentials(token, auth === 'token'),
    maxSockets: maxSocketsFor(maxConnections),
    webRoot: options.webRoot ?? defaultWebRoot(),
    health: {
      name: 'holdfast',
      instanceId,
      daemonId,
      version: VERSION,
      protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
    },
    log,
    onConnection: ({ socket, ...from }) => {
      // The number names it in the log.
      connections += 1;
      const connectionId = connections;
      log.info({ event: 'connection.accepted', connectionId, ...from });
      registry.accept(socket, connectionId);
    },
  });
  const { port, localSocket } = server;
  const webUrl = webUrlOf(host, port);
  const wsUrl = wsUrlOf(host, port);

  let stopping: Promise<void> | undefined;
  const stop = async (restart: boolean): Promise<void> => {
    log.info({ event: 'daemon.stopping', restart });
    server.stopAccepting();
    if (restart) await registry.closeAll(CLOSE_SERVICE_RESTART, 'the daemon is restarting');
    else await registry.closeAll(CLOSE_GOING_AWAY, 'the daemon is stopping');
    await terminals.shutdown();
    registry.directory.close();
    await server.close();
    await removeRuntimeFile(home, instanceId);
    log.info({ event: 'daemon.stopped' });
    onStopped();
  };
  const daemon: Daemon = {
    wsUrl,
    webUrl,
    port,
    socket: localSocket?.path,
    instanceId,
    daemonId,
    epoch: terminals.epoch,
    logFile: logFilePath(home),
    log,
    stop: ({ restart = false } = {}) => {
      stopping ??= stop(restart);
      return stopping;
    },
  };
  try {
    await writeRuntimeFile(home, {
      format: 1,
      pid: process.pid,
      host,
      port,
      webUrl,
      wsUrl,
      version: VERSION,
      instanceId,
      startedAt: new Date().toISOString(),
      ...(localSocket?.via === 'unix' ? { socket: localSocket.path } : {}),
      ...(localSocket?.via === 'pipe' ? { pipe: localSocket.path } : {}),
      token: token.reveal(),
      auth,
      maxConnections,
    });
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  log.info({
    event: 'daemon.started',
    pid: process.pid,
    version: VERSION,
    webUrl,
    wsUrl,
    socket: localSocket?.path ?? null,
    instanceId,
    auth,
    maxConnections,
    allowedOrigins,
  });
  await warnOfFewOpenFiles(maxConnections, log);
  return daemon;
}

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { home, allowedOrigins = [] } = options;
  const host = parseHost(options.host ?? DEFAULT_HOST);
  allowedOrigins.forEach(parseOrigin);
  if (!isMaxConnections(options.maxConnections ?? DEFAULT_MAX_CONNECTIONS)) {
    throw new HoldfastError(
      'invalid_max_connections',
      `A daemon takes from 1 to ${String(HIGHEST_MAX_CONNECTIONS)} connections, not ${String(options.maxConnections)}. ` +
        'Leave the number out, or name a whole one in between.',
    );
  }
  await prepareStateDirectory(home);

  const logFile = logFilePath(home);
  const file = openLogFile(logFile, options.onLogLine === undefined ? writeToStderr : () => undefined);
  const token = new DaemonToken();
  // No place in the code may log it; if one does, or a stranger sends it where it is shown, this takes it out.
  const log = createLog(
    [file, ...(options.onLogLine === undefined ? [] : [{ write: options.onLogLine }])],
    (line) => token.hideIn(line),
  );

  try {
    return await withStartLock(home, log, () =>
      serve(options, host, token, log, () => {
        file.close();
      }),
    );
  } catch (error) {
    log.fatal({
      event: 'daemon.failed',
      reason: reasonOf(error),
      code: error instanceof HoldfastError ? error.code : null,
    });
    file.close();
    throw error;
  }
}
