/** How large a character cell is and how many fill a box: measured before a terminal exists, so that it is made to fit. */
import { MAX_COLS, MAX_ROWS, MIN_COLS, MIN_ROWS } from '@holdfast/protocol';
import type { Size } from './size-policy.js';

/** A cell in CSS px. */
export type CellSize = { readonly width: number; readonly height: number };

/** Room that the emulator keeps for its scroll bar, in CSS px: its own default. */
export const SCROLL_BAR_PX = 14;

/** Characters measured at once in the document, so that the width is not rounded to a whole pixel. */
const MEASURED = 32;

/**
 * Measures a cell of the font by the emulator's own rule (xterm 6: text metrics of a canvas where the platform has
 * them, else an element; the height rounded up to a device pixel), so that a terminal is made in the size that it
 * will have. Zero where the font cannot be measured.
 */
export function measureCell(fontFamily: string, fontSize: number): CellSize {
  const { width, height } = measureOnCanvas(fontFamily, fontSize) ?? measureInDocument(fontFamily, fontSize);
  const ratio = window.devicePixelRatio;
  return { width, height: Math.ceil(height * ratio) / ratio };
}

function measureOnCanvas(fontFamily: string, fontSize: number): CellSize | null {
  if (typeof OffscreenCanvas === 'undefined') return null;
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  if (context === null) return null;
  context.font = `${String(fontSize)}px ${fontFamily}`;
  const metrics = context.measureText('W');
  // Old engines lack the two heights, whatever the types say.
  if (!('fontBoundingBoxAscent' in metrics && 'fontBoundingBoxDescent' in metrics)) return null;
  return { width: metrics.width, height: metrics.fontBoundingBoxAscent + metrics.fontBoundingBoxDescent };
}

function measureInDocument(fontFamily: string, fontSize: number): CellSize {
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
  const size = { width: probe.offsetWidth / MEASURED, height: probe.offsetHeight };
  probe.remove();
  return size;
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
