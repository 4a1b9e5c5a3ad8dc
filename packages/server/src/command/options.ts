/** Options that every subcommand understands, read and checked. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { authMode } from '@holdfast/protocol';
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
