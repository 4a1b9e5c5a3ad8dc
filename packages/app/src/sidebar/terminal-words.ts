/** How a terminal is named and described in the list. Pure. */
import type { TerminalInfo } from '@holdfast/protocol';

/** The last part of a path; `~` for the home directory. */
export function folderName(cwd: string, home: string | null): string {
  if (home !== null && cwd === home) return '~';
  const trimmed = cwd.replace(/[/\\]+$/, '');
  if (trimmed === '') return '/';
  return trimmed.slice(Math.max(trimmed.lastIndexOf('/'), trimmed.lastIndexOf('\\')) + 1);
}

/** A path with `~` for the home directory. */
export function shortPath(cwd: string, home: string | null): string {
  if (home === null || home === '' || home === '/') return cwd;
  if (cwd === home) return '~';
  return cwd.startsWith(`${home}/`) ? `~${cwd.slice(home.length)}` : cwd;
}

/** What stands muted beside the title: how the program ended, the program in the foreground, or the folder. */
export function subtitleOf(info: TerminalInfo, home: string | null): string {
  const { state } = info;
  if (state.kind === 'exited') {
    return state.signal === null ? `exit ${String(state.exitCode ?? '?')}` : state.signal;
  }
  const title = titleOf(info);
  if (info.foreground !== null && info.foreground !== '' && info.foreground !== title) return info.foreground;
  const folder = folderName(info.cwd, home);
  return folder === title ? '' : folder;
}

/** The title, or the command's name where there is none. */
export function titleOf(info: TerminalInfo): string {
  const title = info.title.trim();
  return title === '' ? folderName(info.command, null) : title;
}

/** How a program ended, as a sentence. */
export function endSentence(exitCode: number | null, signal: string | null): string {
  if (signal !== null) return `The program was ended by ${signal}.`;
  if (exitCode === null) return 'The program ended.';
  return `The program ended with code ${String(exitCode)}.`;
}

/** The state of a terminal for somebody who does not see its mark. */
export function stateWords(info: TerminalInfo, unseen: { output: boolean; bell: boolean }): string {
  const words: string[] = [];
  if (info.state.kind === 'exited') words.push('ended');
  if (unseen.bell) words.push('needs you');
  else if (unseen.output) words.push('new output');
  return words.join(', ');
}
