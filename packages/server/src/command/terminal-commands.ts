/** `holdfast ls | new | attach | kill`. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  MAX_COLS,
  MAX_PATH_LENGTH,
  MAX_ROWS,
  MIN_COLS,
  MIN_ROWS,
  signalName,
  type TerminalInfo,
} from '@holdfast/protocol';
import type { DaemonClientV2 } from '@holdfast/client';
import { printableText } from '../printable-text.js';
import { attachTo } from './attach-session.js';
import { type GlobalOptions, homeOf } from './options.js';
import { CommandError, print, printJson, report } from './output.js';
import { findTerminal, withClient } from './with-client.js';

/** Size of a terminal made without one, where this command is on no terminal either. */
const DEFAULT_SIZE = { cols: 80, rows: 24 };

function sizeBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const size = Number(text);
    if (Number.isInteger(size) && size >= least && size <= most) return size;
    throw new InvalidArgumentError(`A number from ${String(least)} to ${String(most)}.`);
  };
}

function describeState({ state, foreground }: TerminalInfo): string {
  if (state.kind === 'running') return foreground === null ? 'running' : `running ${foreground}`;
  return state.signal === null ? `exited ${String(state.exitCode)}` : `ended by ${state.signal}`;
}

/** The list for people. */
function table(terminals: readonly TerminalInfo[]): string {
  if (terminals.length === 0) return 'There are no terminals. Make one with: holdfast new';
  const lines = [
    ['ID', 'STATE', 'SIZE', 'VIEWERS', 'TITLE', 'DIRECTORY'],
    ...terminals.map((terminal) => [
      terminal.terminalId,
      describeState(terminal),
      `${String(terminal.cols)}x${String(terminal.rows)}`,
      String(terminal.viewers),
      terminal.title,
      terminal.cwd,
    ]),
    // Titles, names and paths are other people's text; here they reach a real terminal.
  ].map((line) => line.map((cell) => printableText(cell, MAX_PATH_LENGTH)));
  const widths = lines.reduce<number[]>(
    (most, line) => line.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    [],
  );
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function requireTty(): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new CommandError(
    'not_a_terminal',
    'This needs a terminal of its own for its input and output. Run it in one.',
  );
}

async function attachAndReport(client: DaemonClientV2, terminalId: string, json: boolean): Promise<void> {
  const end = await attachTo(client, terminalId);
  if (end.kind === 'lost') throw new CommandError('connection_lost', end.message);
  const sentences = {
    detached: `Detached. The terminal goes on; come back with: holdfast attach ${terminalId}`,
    closed: 'The terminal was closed.',
    exited:
      end.kind === 'exited'
        ? `The program ended (${end.signal === null ? `exit code ${String(end.exitCode)}` : end.signal}).`
        : '',
  };
  report(json, { terminalId, ...end }, sentences[end.kind]);
}

type NewOptions = {
  readonly title?: string;
  readonly cwd?: string;
  readonly cols?: number;
  readonly rows?: number;
  readonly attach?: boolean;
};

export function addTerminalCommands(program: Command): void {
  program
    .command('ls')
    .description('list the terminals')
    .action(async (_options: object, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await withClient(homeOf(globals), false, async (client) => {
        const list = await client.request('terminal.list', {});
        if (globals.json === true) printJson(list);
        else print(table(list.terminals));
      });
    });

  program
    .command('new')
    .description('make a terminal; without a command, with your login shell')
    .argument('[command...]', 'what to run, after --')
    .option('--title <title>', 'a title that programs do not replace')
    .option('--cwd <directory>', 'working directory (default: this one)')
    .option('--cols <number>', 'width', sizeBetween(MIN_COLS, MAX_COLS))
    .option('--rows <number>', 'height', sizeBetween(MIN_ROWS, MAX_ROWS))
    .option('-a, --attach', 'attach to it at once')
    .action(async ([file, ...args]: string[], options: NewOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const json = globals.json === true;
      if (options.attach === true) requireTty();
      await withClient(homeOf(globals), options.attach === true, async (client) => {
        const { terminal } = await client.request('terminal.create', {
          ...(file === undefined ? {} : { command: file, args }),
          cwd: resolve(options.cwd ?? '.'),
          cols: options.cols ?? (process.stdout.isTTY ? process.stdout.columns : DEFAULT_SIZE.cols),
          rows: options.rows ?? (process.stdout.isTTY ? process.stdout.rows : DEFAULT_SIZE.rows),
          ...(options.title === undefined ? {} : { title: options.title }),
        });
        if (options.attach === true) await attachAndReport(client, terminal.terminalId, json);
        else report(json, { terminal }, terminal.terminalId);
      });
    });

  program
    .command('attach')
    .description('show a terminal here and type into it; Ctrl-\\ twice detaches')
    .argument('<terminal>', 'its id, the beginning of its id, or its title')
    .action(async (name: string, _options: object, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      requireTty();
      await withClient(homeOf(globals), true, async (client) => {
        const { terminalId } = await findTerminal(client, name);
        await attachAndReport(client, terminalId, globals.json === true);
      });
    });

  program
    .command('kill')
    .description('end a terminal and take it off the list, or only send it a signal')
    .argument('<terminal>', 'its id, the beginning of its id, or its title')
    .addOption(
      new Option('--signal <name>', 'send this signal and leave the terminal').choices(signalName.options),
    )
    .action(async (name: string, options: { signal?: string }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const json = globals.json === true;
      await withClient(homeOf(globals), false, async (client) => {
        const { terminalId } = await findTerminal(client, name);
        if (options.signal === undefined) {
          await client.request('terminal.close', { terminalId });
          report(json, { terminalId, closed: true }, `The terminal ${terminalId} was closed.`);
          return;
        }
        const signal = signalName.parse(options.signal);
        await client.request('terminal.kill', { terminalId, signal });
        report(json, { terminalId, signal }, `${signal} was sent to the terminal ${terminalId}.`);
      });
    });
}
