/** How large a character cell is and how many fill a box: measured before a terminal exists, so that it is made to fit. */
import { MAX_COLS, MAX_ROWS, MIN_COLS, MIN_ROWS } from '@holdfast/protocol';
import type { Size } from './size-policy.js';

/** A cell in CSS px. */
export type CellSize = { readonly width: number; readonly height: number };

/** Room that the emulator keeps for its scroll bar, in CSS px: its own default. */
export const SCROLL_BAR_PX = 14;

/** Characters measured at once, so that the width is not rounded to a whole pixel. */
const MEASURED = 32;

/** Measures a cell of the font in the document. Zero where the document is not laid out. */
export function measureCell(fontFamily: string, fontSize: number): CellSize {
  const probe = document.createElement('span');
  probe.textContent = 'W'.repeat(MEASURED);
  Object.assign(probe.style, {
    position: 'absolute',
    visibility: 'hidden',
    whiteSpace: 'pre',
    fontFamily,
    fontSize: `${String(fontSize)}px`,
    fontKerning: 'none',
    lineHeight: 'normal',
  });
  probe.setAttribute('aria-hidden', 'true');
  document.body.append(probe);
  const box = probe.getBoundingClientRect();
  probe.remove();
  return { width: box.width / MEASURED, height: Math.ceil(box.height) };
}

/** How many cells fill a box of this size in CSS px; null while there is no box or no cell. */
export function cellsIn(width: number, height: number, cell: CellSize): Size | null {
  if (width <= 0 || height <= 0 || cell.width <= 0 || cell.height <= 0) return null;
  const clamp = (value: number, least: number, most: number): number =>
    Math.min(most, Math.max(least, Math.floor(value)));
  return {
    cols: clamp((width - SCROLL_BAR_PX) / cell.width, MIN_COLS, MAX_COLS),
    rows: clamp(height / cell.height, MIN_ROWS, MAX_ROWS),
  };
}
