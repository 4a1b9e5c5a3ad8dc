/**
 * The headless emulator and the parts of its inside that a snapshot needs and that its public interface lacks.
 * The version is pinned; a test draws snapshots and compares all of this, so that an upgrade cannot break it unseen.
 */
import headless from '@xterm/headless';
import unicode11 from '@xterm/addon-unicode11';
import { SCROLLBACK_LINES } from '../limits.js';

export type Emulator = InstanceType<typeof headless.Terminal>;

/** Colours and styles of a cell: the emulator's own bit fields. */
export type CellStyle = {
  readonly fg: number;
  readonly bg: number;
  readonly extended: {
    readonly underlineStyle: number;
    readonly underlineColor: number;
    readonly urlId: number;
  };
};

export type InnerCell = { -readonly [K in keyof CellStyle]: CellStyle[K] };

export type InnerLine = {
  readonly length: number;
  readonly isWrapped: boolean;
  getWidth(x: number): number;
  hasContent(x: number): number;
  getString(x: number): string;
  getFg(x: number): number;
  getBg(x: number): number;
  loadCell(x: number, cell: InnerCell): InnerCell;
};

export type InnerBuffer = {
  readonly lines: { readonly length: number; get(index: number): InnerLine | undefined };
  readonly x: number;
  y: number;
  readonly ybase: number;
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly savedX: number;
  readonly savedY: number;
  readonly savedCurAttrData: CellStyle;
  readonly savedCharset: unknown;
  readonly tabs: Readonly<Record<number, boolean | undefined>>;
};

export type InnerEmulator = {
  readonly cols: number;
  readonly rows: number;
  readonly buffers: { readonly normal: InnerBuffer; readonly alt: InnerBuffer; readonly active: InnerBuffer };
  readonly coreService: {
    readonly isCursorHidden: boolean;
    readonly modes: { readonly insertMode: boolean };
    readonly decPrivateModes: {
      readonly applicationCursorKeys: boolean;
      readonly applicationKeypad: boolean;
      readonly bracketedPasteMode: boolean;
      readonly cursorBlink: boolean | undefined;
      readonly cursorStyle: 'block' | 'underline' | 'bar' | undefined;
      readonly origin: boolean;
      readonly reverseWraparound: boolean;
      readonly sendFocus: boolean;
      readonly wraparound: boolean;
    };
  };
  readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string };
  readonly _charsetService: {
    readonly glevel: number;
    readonly charset: unknown;
    readonly _charsets: readonly unknown[];
  };
  readonly _oscLinkService: {
    getLinkData(id: number): { readonly id?: string | undefined; readonly uri: string } | undefined;
  };
  readonly _inputHandler: {
    readonly _curAttrData: CellStyle;
    readonly _parser: {
      /** 0 is the state outside of sequences. */
      readonly currentState: number;
      /** Not 0 after a printed character that a combining one or a repetition (REP) would join. */
      readonly precedingJoinState: number;
      readonly _transitions: { readonly table: ArrayLike<number> };
    };
    eraseInDisplay(params: { readonly params: readonly number[] }): boolean;
    eraseInLine(params: { readonly params: readonly number[] }): boolean;
  };
  /** Parses at once, in this turn; the public `write` only ever parses later and cannot be caught when it fails. */
  writeSync(data: string): void;
};

/** An emulator with the widths of Unicode 11, which every viewer uses too. */
export function createEmulator(cols: number, rows: number): Emulator {
  const emulator = new headless.Terminal({
    cols,
    rows,
    scrollback: SCROLLBACK_LINES,
    allowProposedApi: true,
    logLevel: 'off',
  });
  emulator.loadAddon(new unicode11.Unicode11Addon());
  emulator.unicode.activeVersion = '11';
  guardEraseAbove(emulator);
  return emulator;
}

/**
 * "Erase above" (CSI 1 J) with the cursor at the end of the last row makes this version of the emulator look at a
 * row that is not there, and throw. Then the rows above and the row itself are erased one after the other.
 */
function guardEraseAbove(emulator: Emulator): void {
  const inner = inside(emulator);
  emulator.parser.registerCsiHandler({ final: 'J' }, (params) => {
    const { active } = inner.buffers;
    const isLastRow = active.y + 1 >= active.lines.length;
    if (params[0] !== 1 || !isLastRow || active.x + 1 < inner.cols) return false;
    const above = { params: [1] };
    if (active.y > 0) {
      active.y -= 1;
      inner._inputHandler.eraseInDisplay(above);
      active.y += 1;
    }
    inner._inputHandler.eraseInLine(above);
    return true;
  });
}

/** The inside of an emulator; see the head of this file. */
export function inside(emulator: Emulator): InnerEmulator {
  return (emulator as unknown as { readonly _core: InnerEmulator })._core;
}

/** Final bytes that designate the character sets which the emulator knows (ECMA-35). */
const DESIGNATORS = ['0', 'A', '4', 'C', 'R', 'Q', 'K', 'Y', 'E', 'Z', 'H', '='] as const;

/** Maps the emulator's character sets, which have no name inside it, back to what designates them. */
export const designatorOf: ReadonlyMap<unknown, string> = ((): ReadonlyMap<unknown, string> => {
  const probe = createEmulator(2, 1);
  const found = new Map<unknown, string>();
  for (const designator of DESIGNATORS) {
    inside(probe).writeSync(`\x1b(${designator}`);
    const charset = inside(probe)._charsetService._charsets[0];
    if (charset !== undefined && !found.has(charset)) found.set(charset, designator);
  }
  probe.dispose();
  return found;
})();
