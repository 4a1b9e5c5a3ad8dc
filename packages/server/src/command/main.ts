#!/usr/bin/env node
/** The command `holdfast`: reads the command line and hands over to one file for each group of subcommands. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { addDaemonCommands } from './daemon-commands.js';
import { EXIT } from './exit-codes.js';
import { addLogCommand } from './log-command.js';
import { CommandError, endWhenNobodyReads, reportError } from './output.js';
import { addTerminalCommands } from './terminal-commands.js';

const wantsJson = (): boolean => program.opts<{ json?: boolean }>().json === true;

/** A wrong command line as an error like any other; a missing subcommand has only help to say. */
function usageError({ code, message }: CommanderError): CommandError {
  return new CommandError(
    'usage',
    code === 'commander.help'
      ? 'A subcommand is missing. See: holdfast --help'
      : message.replace(/^error: /, ''),
    EXIT.usage,
  );
}

endWhenNobodyReads();

const program = new Command('holdfast')
  .description('Terminals that outlive their windows.')
  .version(VERSION)
  .option(
    '--home <directory>',
    'state directory (default: HOLDFAST_HOME, or the place your system has for it)',
  )
  .option('--json', 'answer in JSON')
  .exitOverride()
  // Subcommands take this over. With --json the error is told once, below.
  .configureOutput({
    writeErr: (text) => {
      if (!wantsJson()) process.stderr.write(text);
    },
  })
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
  if (!(error instanceof CommanderError)) process.exitCode = reportError(wantsJson(), error);
  else if (error.exitCode === 0) process.exitCode = EXIT.ok;
  else process.exitCode = wantsJson() ? reportError(true, usageError(error)) : EXIT.usage;
}
