/**
 * "Erase above" (CSI 1 J) with the cursor at the end of the last row makes xterm 6.0 look at a row that is not there and
 * throw, and what throws while it parses stops it for good. Here the rows above and the row itself are erased one after
 * the other instead. The daemon's emulator has the same guard.
 */
import type { Terminal } from '@xterm/xterm';

/** The part of the emulator's inside that this needs; the version is pinned, and a test uses it. */
type InnerEmulator = {
  readonly cols: number;
  readonly buffer: { readonly x: number; y: number; readonly lines: { readonly length: number } };
  readonly _inputHandler: {
    eraseInDisplay(params: { readonly params: readonly number[] }): boolean;
    eraseInLine(params: { readonly params: readonly number[] }): boolean;
  };
};

export function guardEraseAbove(terminal: Terminal): void {
  const inner = (terminal as unknown as { readonly _core: InnerEmulator })._core;
  terminal.parser.registerCsiHandler({ final: 'J' }, (params) => {
    const { buffer } = inner;
    const isLastRow = buffer.y + 1 >= buffer.lines.length;
    if (params[0] !== 1 || !isLastRow || buffer.x + 1 < inner.cols) return false;
    const above = { params: [1] };
    if (buffer.y > 0) {
      buffer.y -= 1;
      inner._inputHandler.eraseInDisplay(above);
      buffer.y += 1;
    }
    inner._inputHandler.eraseInLine(above);
    return true;
  });
}
