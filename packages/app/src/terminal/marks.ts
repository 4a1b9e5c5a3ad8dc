/** The lines that a view itself writes into its scrollback, set apart from the program's output. Pure. */
import { bytesInWords } from '../connection/amounts.js';

/** Bright black, to which the emulator gives the minimum contrast; the faint attribute would fall below it. */
const DIM = '\x1b[0;90m';
const PLAIN = '\x1b[0m';

/**
 * Marks a range of output that this view does not have. For an emulator that was just reset: the line goes into the
 * scrollback and the screen is left blank with the cursor at home, so that the snapshot drawn next is not shifted.
 */
export function gapMark(bytes: number, rows: number): string {
  return `${DIM}── ${bytesInWords(bytes)} of output not kept here ──${PLAIN}\x1b[${String(rows)};1H\n\x1b[H`;
}

/**
 * Says that this screen is only a memory: below the last output, or at the bottom of a full-screen program's screen
 * (`bottomRow`). The scroll region and origin mode are given up, for nothing will be drawn after it.
 */
export function goneMark(reason: string, bottomRow: number | null): string {
  const place = bottomRow === null ? '\r\n' : `\x1b[${String(bottomRow)};1H\r\n`;
  return `\x1b7\x1b[?6l\x1b[r\x1b8${place}${DIM}── ${reason} ──${PLAIN}\x1b[?25l`;
}
