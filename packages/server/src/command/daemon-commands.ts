/** `holdfast daemon run | start | stop | restart | status`. */
import type { Command } from 'commander';
import type { AuthMode, RuntimeFile } from '@holdfast/protocol';
import { DEFAULT_PORT } from '../http/addresses.js';
import { DEFAULT_MAX_CONNECTIONS } from '../limits.js';
import { logFilePath } from '../state-directory.js';
import { findDaemon, startInBackground, type Started, stopDaemon } from './daemon-process.js';
import { EXIT } from './exit-codes.js';
import {
  authOption,
  collect,
  type GlobalOptions,
  homeOf,
  maxConnectionsOption,
  parsePort,
} from './options.js';
import { report } from './output.js';

type ListenOptions = {
  readonly port?: number;
  readonly host?: string;
  readonly allowOrigin?: string[];
  readonly auth?: AuthMode;
  readonly maxConnections?: number;
  readonly webRoot?: string;
};

function withListenOptions(command: Command): Command {
  return command
    .option(
      '--port <number>',
      `port to listen on; 0 is any free one (default: ${String(DEFAULT_PORT)})`,
      parsePort,
    )
    .option('--host <address>', 'address of this computer to listen on: 127.0.0.1 or ::1')
    .option(
      '--allow-origin <origin>',
      'a further web origin that may connect, exactly; can be repeated',
      collect,
    )
    .addOption(authOption())
    .addOption(maxConnectionsOption())
    .option('--web-root <directory>', 'directory of the built web app');
}

/** A daemon that wrote nothing of it is an older one, which took as many as is the default now. */
function maxConnectionsOf(file: RuntimeFile): number {
  return file.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
}

/** What is told of a daemon: everything of its runtime file but the token. */
function describe(home: string, file: RuntimeFile): Record<string, unknown> {
  const { pid, webUrl, wsUrl, port, socket, pipe, version, instanceId, startedAt, auth = 'none' } = file;
  return {
    running: true,
    pid,
    webUrl,
    wsUrl,
    port,
    ...(socket === undefined ? {} : { socket }),
    ...(pipe === undefined ? {} : { pipe }),
    version,
    instanceId,
    startedAt,
    auth,
    maxConnections: maxConnectionsOf(file),
    home,
    logFile: logFilePath(home),
  };
}

function reportStarted(home: string, json: boolean, started: Started, wanted: number | undefined): void {
  const { file, alreadyRunning, portChanged } = started;
  const takes = maxConnectionsOf(file);
  const where = `at ${file.webUrl} (pid ${String(file.pid)})`;
  const portNote = portChanged
    ? `\nPort ${String(DEFAULT_PORT)} is in use by another program, so a free one was chosen.`
    : '';
  // The terminals of a daemon that runs are worth more than the number that was asked for.
  const connectionsNote =
    wanted === undefined || wanted === takes
      ? ''
      : `\nIts limit of connections is ${String(takes)}. To change that, which ends its terminals: ` +
        `holdfast daemon restart --max-connections ${String(wanted)}`;
  report(
    json,
    { ...describe(home, file), alreadyRunning, portChanged },
    (alreadyRunning ? `The daemon already runs ${where}.` : `The daemon runs ${where}.`) +
      portNote +
      connectionsNote,
  );
}

export function addDaemonCommands(program: Command): void {
  const daemon = program.command('daemon').description('the background process that owns the terminals');

  withListenOptions(daemon.command('run').description('run the daemon here, until Ctrl-C'))
    .option('--quiet', 'write the log to its file only')
    .action(async (options: ListenOptions & { quiet?: boolean }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      // Loaded here alone: the other commands start faster without the daemon's code.
      const { runDaemon } = await import('./run-daemon.js');
      process.exitCode = await runDaemon({
        ...options,
        home: homeOf(globals),
        json: globals.json === true,
        verbose: options.quiet !== true,
      });
    });

  withListenOptions(
    daemon
      .command('start')
      .description('start the daemon in the background, if none runs')
      .addHelpText(
        'after',
        `\nWithout --port, a free port is chosen if ${String(DEFAULT_PORT)} is in use by another program; a port that is named is never replaced.`,
      ),
  ).action(async (options: ListenOptions, command: Command) => {
    const globals = command.optsWithGlobals<GlobalOptions>();
    const home = homeOf(globals);
    const started = await startInBackground({ ...options, home });
    reportStarted(home, globals.json === true, started, options.maxConnections);
  });

  daemon
    .command('stop')
    .description('end the daemon and its terminals')
    .action(async (_options: object, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const found = await findDaemon(homeOf(globals));
      if (found.state !== 'running') {
        report(
          globals.json === true,
          { stopped: false, running: false },
          'No daemon runs; there is nothing to stop.',
        );
        return;
      }
      await stopDaemon(found.file, false);
      const { pid } = found.file;
      report(
        globals.json === true,
        { stopped: true, running: false, pid },
        `The daemon (pid ${String(pid)}) has ended.`,
      );
    });

  withListenOptions(
    daemon
      .command('restart')
      .description('end the daemon and its terminals, and start it again at the same address')
      .addHelpText('after', '\nOrigins that were allowed with --allow-origin must be named again.'),
  ).action(async (options: ListenOptions, command: Command) => {
    const globals = command.optsWithGlobals<GlobalOptions>();
    const home = homeOf(globals);
    const found = await findDaemon(home);
    let { port, host, auth, maxConnections } = options;
    if (found.state === 'running') {
      port ??= found.file.port;
      host ??= found.file.host;
      // A daemon that asks for its token must not stop to do so unsaid.
      auth ??= found.file.auth;
      maxConnections ??= found.file.maxConnections;
      await stopDaemon(found.file, true);
    }
    const started = await startInBackground({ ...options, home, port, host, auth, maxConnections });
    reportStarted(home, globals.json === true, started, maxConnections);
  });

  daemon
    .command('status')
    .description('say whether the daemon runs, and where')
    .action(async (_options: object, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = homeOf(globals);
      const json = globals.json === true;
      const found = await findDaemon(home);
      if (found.state === 'running') {
        const { file } = found;
        report(
          json,
          describe(home, file),
          `The daemon runs at ${file.webUrl} (pid ${String(file.pid)}, version ${file.version}, since ${file.startedAt})` +
            (file.auth === 'token' ? ', and asks for its token.' : '.'),
        );
        return;
      }
      process.exitCode = EXIT.notRunning;
      const stale = found.state === 'stale' ? { pid: found.file.pid, webUrl: found.file.webUrl } : undefined;
      report(
        json,
        { running: false, home, ...(stale === undefined ? {} : { stale }) },
        (stale === undefined
          ? 'No daemon runs.'
          : `No daemon runs: the one that was at ${stale.webUrl} (pid ${String(stale.pid)}) does not answer.`) +
          ' Start it with: holdfast daemon start',
      );
    });
}
