#!/usr/bin/env node
/** The command `holdfast`: reads the command line and hands over to one file for each group of subcommands. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { addDaemonCommands } from './daemon-commands.js';
import { EXIT } from './exit-codes.js';
import { addLogCommand } from './log-command.js';
import { reportError } from './output.js';
import { addTerminalCommands } from './terminal-commands.js';

const program = new Command('holdfast')
  .description('Terminals that outlive their windows.')
  .version(VERSION)
  .option(
    '--home <directory>',
    'state directory (default: HOLDFAST_HOME, or the place your system has for it)',
  )
  .option('--json', 'answer in JSON')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 wrong command line, 3 no daemon runs, 4 no such terminal, 5 refused by the daemon.',
  );

addDaemonCommands(program);
addTerminalCommands(program);
addLogCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else process.exitCode = reportError(program.opts<{ json?: boolean }>().json === true, error);
}
