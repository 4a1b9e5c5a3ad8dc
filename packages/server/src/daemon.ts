/**
 * Puts the daemon together: state directory, log, terminals, sessions, HTTP. It promises to be reachable when
 * `startDaemon` settles, and to leave nothing behind when `stop` settles.
 */
import { randomUUID } from 'node:crypto';
import { homedir, hostname } from 'node:os';
import { CLOSE_GOING_AWAY, CLOSE_SERVICE_RESTART, PROTOCOL_VERSION } from '@holdfast/protocol';
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
import { type HttpServer, startHttpServer } from './http/server.js';
import { defaultWebRoot } from './http/web-app.js';
import { createLog, type Log, openLogFile, writeToStderr } from './log.js';
import { isAlive, readRuntimeFile, removeRuntimeFile, writeRuntimeFile } from './runtime-file.js';
import { SessionRegistry } from './session/session-registry.js';
import { withStartLock } from './start-lock.js';
import { logFilePath, prepareStateDirectory, readDaemonId } from './state-directory.js';
import { createInProcessHost } from './terminals/in-process-host.js';
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
    found = await readRuntimeFile(home);
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
  log: Log,
  onStopped: () => void,
): Promise<Daemon> {
  const { home, allowedOrigins = [] } = options;
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
  });
  const server: HttpServer = await startHttpServer({
    host,
    port: options.port ?? DEFAULT_PORT,
    allowedOrigins,
    webRoot: options.webRoot ?? defaultWebRoot(),
    health: {
      name: 'holdfast',
      instanceId,
      daemonId,
      version: VERSION,
      protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
    },
    log,
    onConnection: (socket, connectionId) => {
      registry.accept(socket, connectionId);
    },
  });
  const { port } = server;
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
    instanceId,
    allowedOrigins,
  });
  return daemon;
}

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { home, allowedOrigins = [] } = options;
  const host = parseHost(options.host ?? DEFAULT_HOST);
  allowedOrigins.forEach(parseOrigin);
  await prepareStateDirectory(home);

  const logFile = logFilePath(home);
  const file = openLogFile(logFile, options.onLogLine === undefined ? writeToStderr : () => undefined);
  const log = createLog([file, ...(options.onLogLine === undefined ? [] : [{ write: options.onLogLine }])]);

  try {
    return await withStartLock(home, log, () =>
      serve(options, host, log, () => {
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
