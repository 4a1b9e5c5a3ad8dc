/**
 * Writes an emulator's whole state (screen, scrollback, cursor, modes) as text that draws it on another emulator
 * that was reset and has the same size. It promises that both then go on alike, and that drawing asks no question.
 */
import { type CellStyle, designatorOf, type InnerBuffer, type InnerEmulator, type InnerLine } from './emulator.js';
import { linkOf, openLink, sgr } from './style.js';

const DEFAULT_STYLE: CellStyle = { fg: 0, bg: 0, extended: { underlineStyle: 0, underlineColor: 0, urlId: 0 } };
/** Colour bits of a cell's background: an empty cell shows nothing else. */
const BACKGROUND_COLOUR = 0x3ffffff;
const INVERSE = 0x4000000;

class Drawing {
  readonly #out: string[] = [];
  #style: CellStyle = DEFAULT_STYLE;
  #styleKey = '0/0/0/0/0';

  constructor(readonly emulator: InnerEmulator) {}

  raw(text: string): void {
    this.#out.push(text);
  }

  style(style: CellStyle): void {
    const extended = (style.bg & 0x10000000) !== 0 ? style.extended : DEFAULT_STYLE.extended;
    const { urlId, underlineColor, underlineStyle } = extended;
    const key = `${String(style.fg)}/${String(style.bg)}/${String(urlId)}/${String(underlineColor)}/${String(underlineStyle)}`;
    if (key === this.#styleKey) return;
    if (linkOf(style) !== linkOf(this.#style)) this.raw(openLink(this.emulator, linkOf(style)));
    this.raw(sgr(style));
    this.#style = { fg: style.fg, bg: style.bg, extended: { urlId, underlineColor, underlineStyle } };
    this.#styleKey = key;
  }

  toString(): string {
    return this.#out.join('');
  }
}

/** Whether anything of an empty cell can be seen. */
function isPlain(line: InnerLine, x: number): boolean {
  return (
    line.hasContent(x) === 0 &&
    line.getWidth(x) === 1 &&
    (line.getBg(x) & BACKGROUND_COLOUR) === 0 &&
    (line.getFg(x) & INVERSE) === 0
  );
}

function usedLength(line: InnerLine): number {
  let length = line.length;
  while (length > 0 && isPlain(line, length - 1)) length -= 1;
  return length;
}

function drawRow(drawing: Drawing, buffer: InnerBuffer, line: InnerLine, continues: boolean, isWrapped: boolean): void {
  const cell = buffer.getNullCell();
  const used = continues ? line.length : usedLength(line);
  let x = 0;
  while (x < used) {
    const width = line.getWidth(x);
    if (width === 0) {
      x += 1;
      continue;
    }
    line.loadCell(x, cell);
    drawing.style(cell);
    const mustPrint = (isWrapped && x === 0) || (continues && x === line.length - 1);
    if (line.hasContent(x) !== 0 || mustPrint) {
      // Only a printed character wraps into the next row, so a blank at the seam is printed as a space.
      drawing.raw(line.getString(x) || ' ');
      x += width;
      continue;
    }
    let run = 1;
    const last = continues ? line.length - 1 : used;
    while (x + run < last && line.hasContent(x + run) === 0 && line.getWidth(x + run) === 1 && sameStyle(line, x, x + run)) {
      run += 1;
    }
    // Erase (ECH) rather than print: an empty cell stays empty, in its background.
    drawing.raw(`\x1b[${String(run)}X`);
    if (x + run < line.length) drawing.raw(`\x1b[${String(run)}C`);
    x += run;
  }
  if (isWrapped && used < line.length) {
    // The wrap that made this row may have filled it with a background.
    drawing.style(DEFAULT_STYLE);
    if (used === 0) drawing.raw(' \r');
    drawing.raw('\x1b[K');
  }
}

function sameStyle(line: InnerLine, a: number, b: number): boolean {
  return line.getFg(a) === line.getFg(b) && line.getBg(a) === line.getBg(b);
}

function drawRows(drawing: Drawing, buffer: InnerBuffer, first: number): void {
  const last = buffer.lines.length - 1;
  let isWrapped = false;
  for (let index = first; index <= last; index += 1) {
    const line = buffer.lines.get(index);
    if (line === undefined) continue;
    const continues = index < last && buffer.lines.get(index + 1)?.isWrapped === true;
    drawRow(drawing, buffer, line, continues, isWrapped);
    // Default style first: a new row is filled with the background that is set (BCE).
    if (!continues && index < last) {
      drawing.style(DEFAULT_STYLE);
      drawing.raw('\r\n');
    }
    isWrapped = continues;
  }
}

const SHIFTS = ['\x0f', '\x0e', '\x1bn', '\x1bo'] as const;
const DESIGNATE = ['(', ')', '*', '+'] as const;

function moveTo(row: number, column: number): string {
  return `\x1b[${String(row + 1)};${String(column + 1)}H`;
}

function drawSavedCursor(drawing: Drawing, buffer: InnerBuffer): void {
  const row = Math.max(buffer.savedY - buffer.ybase, 0);
  drawing.raw(moveTo(row, buffer.savedX));
  drawing.style(buffer.savedCurAttrData);
  const designator = designatorOf.get(buffer.savedCharset);
  if (designator !== undefined) drawing.raw(`\x1b(${designator}`);
  drawing.raw('\x1b7');
  if (designator !== undefined) drawing.raw('\x1b(B');
  drawing.style(DEFAULT_STYLE);
}

function drawTabStops(drawing: Drawing, buffer: InnerBuffer): void {
  const stops: number[] = [];
  let usual = true;
  for (let x = 0; x < drawing.emulator.cols; x += 1) {
    const isStop = buffer.tabs[x] === true;
    if (isStop) stops.push(x);
    if (isStop !== (x % 8 === 0)) usual = false;
  }
  if (usual) return;
  drawing.raw('\x1b[3g');
  for (const stop of stops) drawing.raw(`\x1b[${String(stop + 1)}G\x1bH`);
}

function drawCursor(drawing: Drawing, buffer: InnerBuffer): void {
  const { cols, rows } = drawing.emulator;
  const { origin } = drawing.emulator.coreService.decPrivateModes;
  if (buffer.scrollTop !== 0 || buffer.scrollBottom !== rows - 1) {
    drawing.raw(`\x1b[${String(buffer.scrollTop + 1)};${String(buffer.scrollBottom + 1)}r`);
  }
  if (origin) drawing.raw('\x1b[?6h');
  const row = buffer.y - (origin ? buffer.scrollTop : 0);
  if (buffer.x < cols) {
    drawing.raw(moveTo(row, buffer.x));
    return;
  }
  // The cursor waits behind the last column (pending wrap): only printing brings it there.
  const line = buffer.lines.get(buffer.ybase + buffer.y);
  if (line === undefined) return;
  const at = line.getWidth(cols - 1) === 0 ? cols - 2 : cols - 1;
  drawing.raw(moveTo(row, at));
  drawing.style(line.loadCell(at, buffer.getNullCell()));
  drawing.raw(line.getString(at) || ' ');
}

const MOUSE_PROTOCOLS: Readonly<Record<string, string>> = {
  X10: '\x1b[?9h',
  VT200: '\x1b[?1000h',
  DRAG: '\x1b[?1002h',
  ANY: '\x1b[?1003h',
};
const MOUSE_ENCODINGS: Readonly<Record<string, string>> = { SGR: '\x1b[?1006h', SGR_PIXELS: '\x1b[?1016h' };
const CURSOR_STYLES = { block: 1, underline: 3, bar: 5 } as const;

/** Modes that do not move the cursor. Synchronised update (2026) is left out: it must never stay on. */
function drawModes(drawing: Drawing): void {
  const { coreService, coreMouseService, _charsetService: charsets } = drawing.emulator;
  DESIGNATE.forEach((introducer, level) => {
    const designator = designatorOf.get(charsets._charsets[level]);
    if (designator !== undefined) drawing.raw(`\x1b${introducer}${designator}`);
  });
  if (charsets.glevel !== 0) drawing.raw(SHIFTS[charsets.glevel] ?? '');
  const modes = coreService.decPrivateModes;
  if (coreService.modes.insertMode) drawing.raw('\x1b[4h');
  if (modes.applicationCursorKeys) drawing.raw('\x1b[?1h');
  if (modes.applicationKeypad) drawing.raw('\x1b=');
  if (modes.bracketedPasteMode) drawing.raw('\x1b[?2004h');
  if (modes.reverseWraparound) drawing.raw('\x1b[?45h');
  if (modes.sendFocus) drawing.raw('\x1b[?1004h');
  if (!modes.wraparound) drawing.raw('\x1b[?7l');
  drawing.raw(MOUSE_PROTOCOLS[coreMouseService.activeProtocol] ?? '');
  drawing.raw(MOUSE_ENCODINGS[coreMouseService.activeEncoding] ?? '');
  if (modes.cursorStyle !== undefined) {
    drawing.raw(`\x1b[${String(CURSOR_STYLES[modes.cursorStyle] + (modes.cursorBlink === false ? 1 : 0))} q`);
  }
  if (coreService.isCursorHidden) drawing.raw('\x1b[?25l');
}

/** Draws everything, with at most `scrollback` lines above the screen. */
export function drawSnapshot(emulator: InnerEmulator, scrollback: number): string {
  const drawing = new Drawing(emulator);
  const { normal, alt, active } = emulator.buffers;
  drawRows(drawing, normal, Math.max(0, normal.ybase - scrollback));
  drawing.style(DEFAULT_STYLE);
  drawSavedCursor(drawing, normal);
  if (active === alt) {
    drawing.raw(moveTo(normal.y, Math.min(normal.x, emulator.cols - 1)));
    // 1047 and not 1049: the latter would save the cursor again.
    drawing.raw('\x1b[?1047h\x1b[H');
    drawRows(drawing, alt, 0);
    drawing.style(DEFAULT_STYLE);
    drawSavedCursor(drawing, alt);
  }
  drawTabStops(drawing, active);
  drawCursor(drawing, active);
  drawModes(drawing);
  drawing.style(emulator._inputHandler._curAttrData);
  return drawing.toString();
}
