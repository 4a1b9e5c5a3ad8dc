/**
 * Writes an emulator's whole state (screen, scrollback, cursor, modes) as text that draws it on another emulator
 * that was reset and has the same size. It promises that both then go on alike, and that drawing asks no question.
 */
import {
  type CellStyle,
  designatorOf,
  type InnerBuffer,
  type InnerCell,
  type InnerEmulator,
  type InnerLine,
} from './emulator.js';
import { linkOf, openLink, sgr } from './style.js';

const DEFAULT_STYLE: CellStyle = {
  fg: 0,
  bg: 0,
  extended: { underlineStyle: 0, underlineColor: 0, urlId: 0 },
};
/** Colour bits of a cell's background: an empty cell shows nothing else. */
const BACKGROUND_COLOUR = 0x3ffffff;
const INVERSE = 0x4000000;

/**
 * A cell to read into. Not the buffer's own null cell, which its accessor hands out: that one is what blank rows are
 * made of, and reading into it would fill every later row with the last character read.
 */
function scratchCell(): InnerCell {
  return { ...DEFAULT_STYLE };
}

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
    // Unsigned: a bit field that comes from a typed array has no sign, the pen has one.
    const key = `${String(style.fg >>> 0)}/${String(style.bg >>> 0)}/${String(urlId)}/${String(underlineColor)}/${String(underlineStyle)}`;
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

/** What of a cell's style can be seen: of an empty cell only the background. Reads into `cell`. */
function visibleStyle(line: InnerLine, x: number, cell: InnerCell): CellStyle {
  line.loadCell(x, cell);
  if (line.hasContent(x) !== 0) return cell;
  return { ...DEFAULT_STYLE, fg: cell.fg & INVERSE, bg: cell.bg & BACKGROUND_COLOUR };
}

function drawRow(drawing: Drawing, line: InnerLine, next: InnerLine | undefined, isWrapped: boolean): void {
  const cell = scratchCell();
  const continues = next !== undefined;
  // A wide character that finds one column wraps by itself and leaves that column empty.
  const end = line.length - 1;
  const isWideNext =
    next?.getWidth(0) === 2 &&
    line.hasContent(end) === 0 &&
    line.getWidth(end) === 1 &&
    // It fills that column with its own background; another one must be printed.
    (next.getBg(0) & BACKGROUND_COLOUR) === (line.getBg(end) & BACKGROUND_COLOUR) &&
    (next.getFg(0) & INVERSE) === (line.getFg(end) & INVERSE);
  const used = !continues ? usedLength(line) : isWideNext ? line.length - 1 : line.length;
  let x = 0;
  while (x < used) {
    const width = line.getWidth(x);
    if (width === 0) {
      x += 1;
      continue;
    }
    drawing.style(visibleStyle(line, x, cell));
    // Erasing draws no inverse.
    const isInverse = (line.getFg(x) & INVERSE) !== 0;
    const mustPrint =
      isInverse || (isWrapped && x === 0) || (continues && !isWideNext && x === line.length - 1);
    if (line.hasContent(x) !== 0 || mustPrint) {
      // Only a printed character wraps into the next row, so a blank at the seam is printed as a space.
      drawing.raw(line.getString(x) || ' ');
      x += width;
      continue;
    }
    let run = 1;
    const last = continues && !isWideNext ? line.length - 1 : used;
    while (
      x + run < last &&
      line.hasContent(x + run) === 0 &&
      line.getWidth(x + run) === 1 &&
      sameStyle(line, x, x + run)
    ) {
      run += 1;
    }
    // Erase (ECH) rather than print: an empty cell stays empty, in its background.
    drawing.raw(`\x1b[${String(run)}X`);
    if (x + run < line.length) drawing.raw(`\x1b[${String(run)}C`);
    x += run;
  }
  if (isWrapped && !continues && used < line.length) {
    // The wrap that made this row may have filled it with a background. (ECH, since EL would end the wrap.)
    drawing.style(DEFAULT_STYLE);
    if (used === 0) drawing.raw(' \r');
    drawing.raw(`\x1b[${String(line.length - used)}X`);
  }
}

function sameStyle(line: InnerLine, a: number, b: number): boolean {
  return line.getFg(a) === line.getFg(b) && line.getBg(a) === line.getBg(b);
}

/** The last row that must be drawn: blank ones at the end are there after a reset, unless rows must scroll away. */
function lastRow(buffer: InnerBuffer, first: number, rows: number): number {
  let last = buffer.lines.length - 1;
  if (last - first >= rows) return last;
  for (; last > first; last -= 1) {
    const line = buffer.lines.get(last);
    if (line === undefined || line.isWrapped || usedLength(line) > 0) break;
  }
  return last;
}

function drawRows(drawing: Drawing, buffer: InnerBuffer, first: number): void {
  const last = lastRow(buffer, first, drawing.emulator.rows);
  let isWrapped = false;
  for (let index = first; index <= last; index += 1) {
    const line = buffer.lines.get(index);
    if (line === undefined) continue;
    const next = index < last ? buffer.lines.get(index + 1) : undefined;
    const continues = next?.isWrapped === true;
    drawRow(drawing, line, continues ? next : undefined, isWrapped);
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

type Place = {
  readonly row: number;
  readonly column: number;
  /** First row of the scroll region where origin mode counts from it. */
  readonly origin?: number;
  /** Print the cell before even where moving would do. */
  readonly print?: boolean;
  /** Insert mode is on: what is printed is taken out first, so that the rest of the row stays in its place. */
  readonly inserts?: boolean;
};

/**
 * Moves to a column, or behind the last one (pending wrap), where only printing brings the cursor: then the cell
 * before is printed once more, in its style.
 */
function place(
  drawing: Drawing,
  buffer: InnerBuffer,
  { row, column, origin = 0, print = false, inserts = false }: Place,
): void {
  const { cols } = drawing.emulator;
  const line = buffer.lines.get(buffer.ybase + row);
  if (line === undefined || (column < cols && !print)) {
    drawing.raw(moveTo(row - origin, Math.min(column, cols - 1)));
    return;
  }
  const before = Math.min(column, cols) - 1;
  const at = line.getWidth(before) === 0 && before > 0 ? before - 1 : before;
  drawing.raw(moveTo(row - origin, at));
  drawing.style(visibleStyle(line, at, scratchCell()));
  if (inserts) drawing.raw(`\x1b[${String(line.getWidth(at))}P`);
  drawing.raw(line.getString(at) || ' ');
}

function drawSavedCursor(drawing: Drawing, buffer: InnerBuffer): void {
  const { fg, bg } = buffer.savedCurAttrData;
  if (buffer.savedX === 0 && buffer.savedY <= buffer.ybase && fg === 0 && bg === 0 && !buffer.savedCharset)
    return;
  place(drawing, buffer, { row: Math.max(buffer.savedY - buffer.ybase, 0), column: buffer.savedX });
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

/** The scroll region. It moves the cursor, so it comes before it. */
function drawRegion(drawing: Drawing, buffer: InnerBuffer): void {
  if (buffer.scrollTop !== 0 || buffer.scrollBottom !== drawing.emulator.rows - 1) {
    drawing.raw(`\x1b[${String(buffer.scrollTop + 1)};${String(buffer.scrollBottom + 1)}r`);
  }
}

/**
 * The cursor. The emulator remembers the character it has just printed, which a combining mark or a repetition (REP)
 * joins; so that is printed once more too.
 */
function drawCursor(drawing: Drawing, buffer: InnerBuffer): void {
  const { coreService, _inputHandler: handler } = drawing.emulator;
  const inserts = coreService.modes.insertMode;
  if (inserts) drawing.raw('\x1b[4h');
  const origin = coreService.decPrivateModes.origin ? buffer.scrollTop : 0;
  const print = handler._parser.precedingJoinState !== 0 && buffer.x > 0;
  place(drawing, buffer, { row: buffer.y, column: buffer.x, origin, print, inserts });
}

/** Whether the character before the cursor would become another one in the character set that is on now. */
function isMapped(emulator: InnerEmulator, buffer: InnerBuffer): boolean {
  const { charset } = emulator._charsetService;
  const before =
    buffer.lines.get(buffer.ybase + buffer.y)?.getString(Math.min(buffer.x, emulator.cols) - 1) ?? '';
  return typeof charset === 'object' && charset !== null && (before || ' ') in charset;
}

const MOUSE_PROTOCOLS: Readonly<Record<string, string>> = {
  X10: '\x1b[?9h',
  VT200: '\x1b[?1000h',
  DRAG: '\x1b[?1002h',
  ANY: '\x1b[?1003h',
};
const MOUSE_ENCODINGS: Readonly<Record<string, string>> = { SGR: '\x1b[?1006h', SGR_PIXELS: '\x1b[?1016h' };
const CURSOR_STYLES = { block: 1, underline: 3, bar: 5 } as const;

/** Modes that neither move the cursor nor change how one cell is printed. Synchronised update (2026) is left out: it must never stay on. */
function drawModes(drawing: Drawing): void {
  const { coreService, coreMouseService, _charsetService: charsets } = drawing.emulator;
  DESIGNATE.forEach((introducer, level) => {
    const designator = designatorOf.get(charsets._charsets[level]);
    if (designator !== undefined) drawing.raw(`\x1b${introducer}${designator}`);
  });
  if (charsets.glevel !== 0) drawing.raw(SHIFTS[charsets.glevel] ?? '');
  if (charsets.charset !== charsets._charsets[charsets.glevel]) {
    // Restoring a cursor brings its character set back without a designation; only a restore can do the same.
    drawing.style(DEFAULT_STYLE);
    drawing.raw('\x1b8\x1b[m');
  }
  const modes = coreService.decPrivateModes;
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
    drawTabStops(drawing, normal);
    drawRegion(drawing, normal);
    place(drawing, normal, { row: normal.y, column: normal.x });
    drawing.style(DEFAULT_STYLE);
    // 1047 and not 1049: the latter would save the cursor again.
    drawing.raw('\x1b[?1047h\x1b[H');
    drawRows(drawing, alt, 0);
    drawing.style(DEFAULT_STYLE);
    drawSavedCursor(drawing, alt);
  }
  drawTabStops(drawing, active);
  drawRegion(drawing, active);
  if (emulator.coreService.decPrivateModes.origin) drawing.raw('\x1b[?6h');
  const isEarly = isMapped(emulator, active);
  if (isEarly) drawCursor(drawing, active);
  drawModes(drawing);
  if (!isEarly) drawCursor(drawing, active);
  // Writes nothing where the style is still that of the last character, and then the memory of that stays.
  drawing.style(emulator._inputHandler._curAttrData);
  return drawing.toString();
}
