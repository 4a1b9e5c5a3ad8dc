/** Which program a person would lose by closing a terminal. Pure. */
import type { TerminalInfo } from '@holdfast/protocol';
import { folderName } from '../sidebar/terminal-words.js';

/** Shells that wait for a command hold nothing that could be lost. */
const SHELLS: ReadonlySet<string> = new Set([
  'ash',
  'bash',
  'cmd.exe',
  'csh',
  'dash',
  'elvish',
  'fish',
  'ksh',
  'mksh',
  'nu',
  'powershell.exe',
  'pwsh',
  'sh',
  'tcsh',
  'xonsh',
  'zsh',
]);

/** The program to name before closing; null where nothing but a waiting shell runs, or nothing at all. */
export function runningProgram(info: TerminalInfo): string | null {
  if (info.state.kind === 'exited') return null;
  if (info.foreground !== null && info.foreground !== '') return info.foreground;
  const command = folderName(info.command, null).replace(/^-/, '');
  return SHELLS.has(command) ? null : command;
}
