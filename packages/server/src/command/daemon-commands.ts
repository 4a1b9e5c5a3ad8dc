/** `holdfast daemon run | start | stop | restart | status`. */
import type { Command } from 'commander';
import { type GlobalOptions, collect, homeOf, parsePort } from './options.js';
import { runDaemon } from './run-daemon.js';

type ListenOptions = {
  readonly port?: number;
  readonly host?: string;
  readonly allowOrigin?: string[];
  readonly webRoot?: string;
};

function withListenOptions(command: Command): Command {
  return command
    .option('--port <number>', 'port to listen on; 0 is any free one (default: 6767)', parsePort)
    .option('--host <address>', 'address of this computer to listen on: 127.0.0.1 or ::1')
    .option('--allow-origin <origin>', 'a further web origin that may connect, exactly; can be repeated', collect)
    .option('--web-root <directory>', 'directory of the built web app');
}

export function addDaemonCommands(program: Command): void {
  const daemon = program.command('daemon').description('the background process that owns the terminals');

  withListenOptions(daemon.command('run').description('run the daemon here, until Ctrl-C'))
    .option('--quiet', 'write the log to its file only')
    .action(async (options: ListenOptions & { quiet?: boolean }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      process.exitCode = await runDaemon({
        ...options,
        home: homeOf(globals),
        json: globals.json === true,
        verbose: options.quiet !== true,
      });
    });
}
