/**
 * What Shift+Enter sends. ESC CR (what a terminal sends for Alt+Enter) is the default: the coding agents in common use
 * take it for a newline in their prompt, and a shell does not run the line by it. LF (Ctrl+J) is a newline to them as
 * well, but to bash and zsh it is "accept line", so it would run a half-written command. Plain CR is what a terminal
 * without this setting sends.
 */
import type { Settings } from '../state/settings.js';

const BYTES: { readonly [K in Settings['shiftEnter']]: string } = {
  'escape-return': '\x1b\r',
  'line-feed': '\n',
  return: '\r',
};

export function shiftEnterBytes(setting: Settings['shiftEnter']): string {
  return BYTES[setting];
}
