/** Makes the emulator of one view: its options, Unicode widths, links, and its silence towards the program. */
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { Terminal } from '@xterm/xterm';
import { SCROLLBACK_LINES } from '../limits.js';
import type { Settings } from '../state/settings.js';
import { guardEraseAbove } from './erase-above.js';
import { silenceReplies } from './silence-replies.js';
import { terminalFont, terminalTheme } from './terminal-theme.js';

/** Contrast that the emulator gives every pair of colours a program chooses (WCAG 2.2, 1.4.3). */
const MINIMUM_CONTRAST = 4.5;

/** The renderer is the DOM's, the emulator's own default: WebKitGTK shows the frames of WebGL late. */
export function createEmulator(settings: Settings, openLink: (uri: string) => void): Terminal {
  const terminal = new Terminal({
    allowProposedApi: true, // for terminal.unicode
    cursorBlink: false,
    cursorInactiveStyle: 'outline',
    drawBoldTextInBrightColors: false,
    fontFamily: terminalFont(settings.fontFamily),
    fontSize: settings.fontSize,
    linkHandler: {
      activate: (_event, uri) => {
        // OSC 8 may name any scheme; only pages are opened.
        if (/^https?:\/\//i.test(uri)) openLink(uri);
      },
    },
    macOptionIsMeta: true,
    minimumContrastRatio: MINIMUM_CONTRAST,
    screenReaderMode: settings.screenReader,
    scrollback: SCROLLBACK_LINES,
    theme: terminalTheme(),
  });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  terminal.loadAddon(
    new WebLinksAddon((event, uri) => {
      if (event.ctrlKey || event.metaKey) openLink(uri);
    }),
  );
  silenceReplies(terminal);
  guardEraseAbove(terminal);
  return terminal;
}

/** The text of the screen and its scrollback, one line a row, without trailing blanks. */
export function screenText(terminal: Terminal): string {
  const buffer = terminal.buffer.active;
  const lines: string[] = [];
  for (let row = 0; row < buffer.length; row += 1) {
    const line = buffer.getLine(row);
    const text = line?.translateToString(true) ?? '';
    if (line?.isWrapped === true && lines.length > 0) lines.push((lines.pop() ?? '') + text);
    else lines.push(text);
  }
  return lines.join('\n').trimEnd();
}
