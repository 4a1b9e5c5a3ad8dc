/** Options that every subcommand understands, read and checked. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { authMode } from '@holdfast/protocol';
import { DEFAULT_MAX_CONNECTIONS, HIGHEST_MAX_CONNECTIONS, isMaxConnections } from '../limits.js';
import { defaultStateDirectory } from '../state-directory.js';

export type GlobalOptions = { readonly home?: string; readonly json?: boolean };

export function homeOf(options: GlobalOptions): string {
  return options.home === undefined ? defaultStateDirectory() : resolve(options.home);
}

/** A port: 0 is any free one. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 is any free one.');
}

/** Collects an option that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Whether the daemon asks for its token. */
export function authOption(): Option {
  return new Option('--auth <mode>', 'what a client has to show: none, or the token of the runtime file')
    .choices(authMode.options)
    .env('HOLDFAST_AUTH');
}

function parseMaxConnections(text: string): number {
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && isMaxConnections(number)) return number;
  throw new InvalidArgumentError(
    `The number of connections is a whole one from 1 to ${String(HIGHEST_MAX_CONNECTIONS)}.`,
  );
}

/** How many clients may be connected at once. */
export function maxConnectionsOption(): Option {
  return new Option(
    '--max-connections <number>',
    `windows and other clients that may be connected at once, at most ${String(HIGHEST_MAX_CONNECTIONS)} ` +
      `(default: ${String(DEFAULT_MAX_CONNECTIONS)})`,
  )
    .argParser(parseMaxConnections)
    .env('HOLDFAST_MAX_CONNECTIONS');
}
