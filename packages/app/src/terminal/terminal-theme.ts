/** The terminal's colours, read from the tokens, so that no colour is written twice. */
import type { ITheme } from '@xterm/xterm';

/** Reads the theme in force from the document's CSS variables. */
export function terminalTheme(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--term-${name}`).trim();
  return {
    background: token('background'),
    foreground: token('foreground'),
    cursor: token('cursor'),
    cursorAccent: token('cursor-text'),
    selectionBackground: token('selection'),
    selectionInactiveBackground: token('selection-inactive'),
    black: token('black'),
    red: token('red'),
    green: token('green'),
    yellow: token('yellow'),
    blue: token('blue'),
    magenta: token('magenta'),
    cyan: token('cyan'),
    white: token('white'),
    brightBlack: token('bright-black'),
    brightRed: token('bright-red'),
    brightGreen: token('bright-green'),
    brightYellow: token('bright-yellow'),
    brightBlue: token('bright-blue'),
    brightMagenta: token('bright-magenta'),
    brightCyan: token('bright-cyan'),
    brightWhite: token('bright-white'),
  };
}

/** The terminal's font list: the person's, then the default, so that a missing font still has fixed width. */
export function terminalFont(chosen: string): string {
  const fallback = getComputedStyle(document.documentElement).getPropertyValue('--font-terminal').trim();
  return chosen.trim() === '' ? fallback : `${chosen.trim()}, ${fallback}`;
}
