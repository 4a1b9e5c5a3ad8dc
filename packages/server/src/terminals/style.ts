/** Writes the style of a cell as the SGR sequence and the hyperlink (OSC 8) that set it from any other style. */
import type { CellStyle, InnerEmulator } from './emulator.js';

// The emulator's bit fields (src/common/buffer/Constants.ts of @xterm/headless 6.0.0).
const COLOUR_MODE = 0x3000000;
const PALETTE_16 = 0x1000000;
const PALETTE_256 = 0x2000000;
const RGB = 0x3000000;
const FG_FLAGS = [
  [0x8000000, '1'],
  [0x20000000, '5'],
  [0x4000000, '7'],
  [0x40000000, '8'],
  [0x80000000, '9'],
] as const;
const FG_UNDERLINE = 0x10000000;
const BG_FLAGS = [
  [0x8000000, '2'],
  [0x4000000, '3'],
  [0x40000000, '53'],
] as const;
const BG_EXTENDED = 0x10000000;

function colour(value: number, base: 30 | 40): string | undefined {
  const index = value & 0xff;
  switch (value & COLOUR_MODE) {
    case PALETTE_16:
      return String((index & 8) === 0 ? base + (index & 7) : base + 60 + (index & 7));
    case PALETTE_256:
      return `${String(base + 8)};5;${String(index)}`;
    case RGB:
      return `${String(base + 8)};2;${String((value >>> 16) & 0xff)};${String((value >>> 8) & 0xff)};${String(index)}`;
    default:
      return undefined;
  }
}

function underlineColour(value: number): string | undefined {
  const index = value & 0xff;
  switch (value & COLOUR_MODE) {
    case PALETTE_16:
    case PALETTE_256:
      return `58:5:${String(index)}`;
    case RGB:
      return `58:2::${String((value >>> 16) & 0xff)}:${String((value >>> 8) & 0xff)}:${String(index)}`;
    default:
      return undefined;
  }
}

/** The SGR sequence for a style, whatever was set before. */
export function sgr(style: CellStyle): string {
  const parts = ['0'];
  for (const [bit, code] of FG_FLAGS) if ((style.fg & bit) !== 0) parts.push(code);
  for (const [bit, code] of BG_FLAGS) if ((style.bg & bit) !== 0) parts.push(code);
  const extended = (style.bg & BG_EXTENDED) !== 0;
  // A hyperlink is drawn underlined by itself; only the program's own underline is written.
  const own = extended && style.extended.urlId === 0 ? style.extended.underlineStyle : 0;
  if ((style.fg & FG_UNDERLINE) !== 0) parts.push(own > 1 ? `4:${String(own)}` : '4');
  if (extended) {
    const under = underlineColour(style.extended.underlineColor);
    if (under !== undefined) parts.push(under);
  }
  const foreground = colour(style.fg, 30);
  if (foreground !== undefined) parts.push(foreground);
  const background = colour(style.bg, 40);
  if (background !== undefined) parts.push(background);
  return `\x1b[${parts.join(';')}m`;
}

/** The number of the hyperlink of a style; 0 is none. */
export function linkOf(style: CellStyle): number {
  return (style.bg & BG_EXTENDED) !== 0 ? style.extended.urlId : 0;
}

/** The OSC 8 sequence that opens this hyperlink, or closes the open one. */
export function openLink(emulator: InnerEmulator, link: number): string {
  const data = link === 0 ? undefined : emulator._oscLinkService.getLinkData(link);
  if (data === undefined) return '\x1b]8;;\x1b\\';
  return `\x1b]8;${data.id === undefined ? '' : `id=${data.id}`};${data.uri}\x1b\\`;
}
