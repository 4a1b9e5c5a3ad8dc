/** A snapshot, drawn on another emulator, is the same screen: cells, cursor, modes, and how both go on. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEmulator, type Emulator, inside, type InnerBuffer } from '../src/terminals/emulator.js';
import { Screen } from '../src/terminals/screen.js';
import { unfinishedSequence } from '../src/terminals/unfinished-sequence.js';

const SILENT = {
  onAnswer: (): void => undefined,
  onTitle: (): void => undefined,
  onBell: (): void => undefined,
  onParsed: (): void => undefined,
  onFailure: (error: unknown): void => {
    throw error;
  },
};

const NO_EXTENSION = { underlineStyle: 0, underlineColor: 0, urlId: 0 };

/** Colour and flags; a palette's number keeps bits of an earlier colour, which show nothing. */
function plain(value: number): number {
  const mode = value & 0x3000000;
  const colour = mode === 0x3000000 ? 0xffffff : mode === 0 ? 0 : 0xff;
  return (value & ~0xffffff) | (value & colour);
}

/** Everything of a buffer that a person or a program can tell from another. */
function describeBuffer(buffer: InnerBuffer, cols: number): unknown {
  const lines: unknown[] = [];
  for (let y = 0; y < buffer.lines.length; y += 1) {
    const line = buffer.lines.get(y);
    if (line === undefined) continue;
    const cells: string[] = [];
    for (let x = 0; x < cols; x += 1) {
      const cell = line.loadCell(x, { fg: 0, bg: 0, extended: NO_EXTENSION });
      const isEmpty = line.hasContent(x) === 0;
      const content = line.getWidth(x) === 0 ? '' : line.getString(x) || ' ';
      const isBlank = content === ' ';
      // A blank shows only its background, its underline and the like, but no colour of its own.
      const fg = isEmpty ? cell.fg & 0x4000000 : plain(cell.fg);
      const bg = plain(isEmpty ? cell.bg & 0x3ffffff : cell.bg & ~0x20000000);
      const link = (cell.bg & 0x10000000) !== 0 && !isEmpty ? cell.extended.underlineStyle : 0;
      cells.push(
        isBlank && fg === 0 && bg === 0 ? ' ' : `${content}/${String(fg)}/${String(bg)}/${String(link)}`,
      );
    }
    // The first row may be the rest of one that is gone.
    lines.push({ wrapped: y > 0 && line.isWrapped, cells: cells.join('|').replace(/[ |]+$/, '') });
  }
  const { x, y, scrollTop, scrollBottom, savedX } = buffer;
  const savedY = Math.max(buffer.savedY - buffer.ybase, 0);
  return {
    lines,
    x,
    y,
    scrollTop,
    scrollBottom,
    savedX,
    savedY,
    saved: [plain(buffer.savedCurAttrData.fg), plain(buffer.savedCurAttrData.bg)],
  };
}

function describeEmulator(emulator: Emulator): unknown {
  const inner = inside(emulator);
  const { active, normal, alt } = inner.buffers;
  const { fg, bg } = inner._inputHandler._curAttrData;
  return {
    kind: active === alt ? 'alternate' : 'normal',
    active: describeBuffer(active, inner.cols),
    normal: describeBuffer(normal, inner.cols),
    modes: { ...inner.coreService.decPrivateModes, synchronizedOutput: undefined },
    insert: inner.coreService.modes.insertMode,
    hidden: inner.coreService.isCursorHidden,
    mouse: [inner.coreMouseService.activeProtocol, inner.coreMouseService.activeEncoding],
    pen: [plain(fg), plain(bg & ~0x20000000)],
    charset: [
      inner._charsetService.glevel,
      inner._charsetService._charsets[0],
      inner._charsetService._charsets[1],
    ],
    parser: inner._inputHandler._parser.currentState,
  };
}

async function screenOf(cols: number, rows: number, pieces: readonly string[]): Promise<Screen> {
  const screen = new Screen(cols, rows, SILENT);
  let bytes = 0;
  for (const piece of pieces) {
    const length = Buffer.byteLength(piece);
    bytes += length;
    screen.write(piece, length);
  }
  await screen.whenParsed(bytes);
  return screen;
}

function emulatorWith(cols: number, rows: number, text: string): Emulator {
  const emulator = createEmulator(cols, rows);
  inside(emulator).writeSync(text);
  return emulator;
}

async function expectSame(cols: number, rows: number, before: string, after = ''): Promise<void> {
  const screen = await screenOf(cols, rows, [before]);
  const drawn = emulatorWith(cols, rows, screen.snapshot().data + after);
  const direct = emulatorWith(cols, rows, before + after);
  try {
    expect(describeEmulator(drawn)).toEqual(describeEmulator(direct));
  } finally {
    for (const used of [screen, drawn, direct]) used.dispose();
  }
}

describe('a snapshot draws the same screen', () => {
  const screens: readonly (readonly [string, string])[] = [
    ['plain text with scrollback', Array.from({ length: 60 }, (_, i) => `line ${String(i)}`).join('\r\n')],
    [
      'colours and styles',
      '\x1b[1;31mbold\x1b[0;48;5;200m256\x1b[38;2;1;2;3mrgb\x1b[4:3;58;2;9;8;7mcurly\x1b[0;7;9;53mx\x1b[m.',
    ],
    ['wide characters, wrapped at the edge', '漢字かな漢字かな漢字かな😀e\u0301\x1b[2;5H漢\x1b[3;20H漢字'],
    ['a long wrapped line', 'abcdefghij'.repeat(9)],
    ['a cursor that waits behind the last column', '\x1b[5;1H' + 'x'.repeat(20)],
    ['a wide one that waits there', '\x1b[5;1H' + 'x'.repeat(18) + '漢'],
    ['the same with content below', '\x1b[7;1Hbelow\x1b[5;1H\x1b[41m' + 'x'.repeat(20)],
    [
      'an editor',
      '\x1b[?1049h\x1b[?1h\x1b=\x1b[?2004h\x1b[1;9r\x1b[?25l\x1b[44m\x1b[2J\x1b[Htext\x1b[10;1Hstatus\x1b[3;4H',
    ],
    ['what lies under the editor', 'shell$ \x1b[32mvim\x1b[5;3H\x1b[?1049h\x1b[Hinside'],
    ['mouse, focus and cursor modes', '\x1b[?1003h\x1b[?1006h\x1b[?1004h\x1b[4 q\x1b[?25l\x1b[?7l\x1b[4h'],
    ['origin mode in a scroll region', '\x1b[3;6r\x1b[?6h\x1b[2;4Hx'],
    ['line drawing characters', '\x1b(0lqqk\x1b(B plain \x1b)0\x0eqq'],
    ['a saved cursor', '\x1b[4;4H\x1b[31m\x1b7\x1b[m\x1b[1;1H'],
    ['tab stops', '\x1b[3g\x1b[1;6H\x1bH\x1b[1;1H'],
    ['backgrounds to the end of the line', '\x1b[44mblue\x1b[K\r\n\x1b[42m\x1b[2X\x1b[m x'],
    ['a synchronised update that was not ended', '\x1b[?2026hhalf'],
  ];
  test.each(screens)('%s', async (_name, text) => {
    await expectSame(20, 10, text);
    // And both go on alike: text, a restored cursor, a tab, leaving the alternate screen.
    await expectSame(20, 10, text, 'more\ttext\r\nabc\x1b8R\x1b[?1049lz\x1b8r');
  });

  test('synchronised update never stays on', async () => {
    const screen = await screenOf(20, 10, ['\x1b[?2026hhalf']);
    expect(screen.snapshot().data).not.toContain('2026');
    screen.dispose();
  });

  test('a very large screen loses lines above it, not the screen', async () => {
    const line = Array.from(
      { length: 190 },
      (_, x) => `\x1b[38;2;${String(x)};1;2m\x1b[48;2;3;${String(x)};9mx`,
    ).join('');
    const screen = await screenOf(200, 20, [
      Array.from({ length: 1500 }, () => line).join('\r\n'),
      '\r\n\x1b[mEND',
    ]);
    const { data } = screen.snapshot();
    expect(Buffer.byteLength(data)).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(data).toContain('END');
    screen.dispose();
  });
});

// Without DECAWM off (?7l): there this emulator keeps half of a wide character, which no drawing can make.
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z ]{1,30}$/) },
  { weight: 2, arbitrary: fc.constantFrom('漢字', '😀', 'e\u0301', '\t', '\r\n', '\n', '\r', '\b') },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.nat(14),
        fc.nat(24),
        fc.constantFrom(
          'H',
          'r',
          'X',
          'K',
          'J',
          'L',
          'M',
          'P',
          '@',
          'A',
          'B',
          'C',
          'D',
          'd',
          'G',
          'S',
          'T',
          'b',
        ),
      )
      .map(([a, b, final]) =>
        final === 'H' || final === 'r'
          ? `\x1b[${String(a)};${String(b)}${final}`
          : `\x1b[${String(b % (final === 'J' || final === 'K' ? 3 : 9))}${final}`,
      ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '\x1b[m',
      '\x1b[1m',
      '\x1b[31m',
      '\x1b[44m',
      '\x1b[7m',
      '\x1b[38;5;99m',
      '\x1b[48;2;1;2;3m',
      '\x1b[4:3m',
      '\x1b[58:5:3m',
      '\x1b[9m',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '\x1b7',
      '\x1b8',
      '\x1bM',
      '\x1bD',
      '\x1bE',
      '\x1bc',
      '\x1b[!p',
      '\x1b[?1049h',
      '\x1b[?1049l',
      '\x1b[?6h',
      '\x1b[?6l',
      '\x1b[4h',
      '\x1b[4l',
      '\x1b[?25l',
      '\x1b[?25h',
      '\x1b(0',
      '\x1b(B',
      '\x0e',
      '\x0f',
      '\x1b)0',
      '\x1b[?1h',
      '\x1b[?2004h',
      '\x1b[?1000h',
      '\x1b[?1006h',
      '\x1bH',
      '\x1b[3g',
      '\x1b[2 q',
      '\x1b]0;title\x07',
    ),
  },
);

test('whatever a program draws, a snapshot of it is the same screen', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 2, max: 25 }),
      fc.integer({ min: 1, max: 12 }),
      async (pieces, cols, rows) => {
        await expectSame(cols, rows, pieces.join(''));
      },
    ),
    { numRuns: 400 },
  );
});

test('taking a snapshot leaves the screen as it was: what comes later is drawn as if none had been taken', async () => {
  const before = 'first \x1b[31mred \x1b[0m\r\nwide 漢 \r\n';
  const after = 'x\r\n'.repeat(40);
  const disturbed = await screenOf(30, 5, [before]);
  const left = await screenOf(30, 5, [before]);
  try {
    disturbed.snapshot();
    for (const screen of [disturbed, left]) screen.write(after, after.length);
    const bytes = Buffer.byteLength(before + after);
    await Promise.all([disturbed.whenParsed(bytes), left.whenParsed(bytes)]);
    expect(disturbed.snapshot().data).toBe(left.snapshot().data);
  } finally {
    disturbed.dispose();
    left.dispose();
  }
});

test('a snapshot in the middle of an escape sequence hands its beginning on: both go on alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 20 }), fc.nat(), async (pieces, at) => {
      const text = pieces.join('');
      const cut = at % (text.length + 1);
      const isInPair = (text.charCodeAt(cut - 1) & 0xfc00) === 0xd800;
      if (!isInPair) await expectSame(20, 8, text.slice(0, cut), text.slice(cut));
    }),
    { numRuns: 400 },
  );
});

test('the unfinished sequence is known exactly when the emulator is inside one', () => {
  const part = fc.oneof(
    fc.constantFrom(
      '\x1b',
      '[',
      ']',
      'P',
      '(',
      '\\',
      '\x07',
      '\x18',
      '?',
      '1',
      ';',
      'm',
      'q',
      '\n',
      'ü',
      '\x9b',
      '\x9c',
      '\x9d',
      '\x90',
      '_',
      '\x7f',
      ' ',
      '$',
    ),
    fc.stringMatching(/^[a-z0-9]{1,3}$/),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const emulator = emulatorWith(20, 5, text);
      const isInside = inside(emulator)._inputHandler._parser.currentState !== 0;
      emulator.dispose();
      expect(unfinishedSequence(text) !== '').toBe(isInside);
    }),
    { numRuns: 1500 },
  );
});
