/** `holdfast logs`: the end of the daemon's log, and what is added to it. */
import { closeSync, existsSync, fstatSync, openSync, readSync, unwatchFile, watchFile } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { logFilePath } from '../state-directory.js';
import { EXIT } from './exit-codes.js';
import { formatLogLine, readLastLines } from './log-lines.js';
import { type GlobalOptions, homeOf } from './options.js';
import { CommandError, print } from './output.js';

/** How often the file is looked at while following, in ms. */
const FOLLOW_INTERVAL_MS = 250;

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError('A number of lines.');
}

/** Prints what is added to the file, until a signal. */
async function follow(path: string, show: (line: string) => void): Promise<void> {
  let file = openSync(path, 'r');
  let at = fstatSync(file).size;
  let rest = '';
  const buffer = Buffer.alloc(64 * 1024);
  const readOn = (): void => {
    for (;;) {
      const read = readSync(file, buffer, 0, buffer.length, at);
      if (read === 0) return;
      at += read;
      const lines = (rest + buffer.subarray(0, read).toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(show);
    }
  };
  watchFile(path, { interval: FOLLOW_INTERVAL_MS }, (now, before) => {
    readOn();
    // The file was rotated: its name means a new one.
    if (now.ino !== before.ino && existsSync(path)) {
      closeSync(file);
      file = openSync(path, 'r');
      at = 0;
      readOn();
    }
  });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  unwatchFile(path);
  closeSync(file);
}

export function addLogCommand(program: Command): void {
  program
    .command('logs')
    .description("show the end of the daemon's log")
    .option('-n, --lines <number>', 'how many lines', parseCount, 50)
    .option('-f, --follow', 'go on with what is added, until Ctrl-C')
    .action(async (options: { lines: number; follow?: boolean }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const path = logFilePath(homeOf(globals));
      if (!existsSync(path)) {
        throw new CommandError(
          'log_not_found',
          `There is no log at ${path}. Start the daemon with: holdfast daemon start`,
        );
      }
      // With --json each line is what the daemon wrote: JSON already, one document a line.
      const show = (line: string): void => {
        print(globals.json === true ? line : formatLogLine(line));
      };
      readLastLines(path, options.lines).forEach(show);
      if (options.follow === true) await follow(path, show);
      process.exitCode = EXIT.ok;
    });
}
