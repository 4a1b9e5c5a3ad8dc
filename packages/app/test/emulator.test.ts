// @vitest-environment happy-dom
import { Terminal } from '@xterm/xterm';
import { expect, test } from 'vitest';
import { useSettings } from '../src/state/settings.js';
import { createEmulator, screenText } from '../src/terminal/emulator.js';
import { gapMark } from '../src/terminal/marks.js';
import { isFocusReport, silenceReplies } from '../src/terminal/silence-replies.js';

function write(terminal: Terminal, data: string): Promise<void> {
  return new Promise((resolve) => {
    terminal.write(data, resolve);
  });
}

const QUERIES = [
  '\x1b[c', '\x1b[0c', '\x1b[>c', '\x1b[=c', '\x1b[5n', '\x1b[6n', '\x1b[?6n', '\x1b[?15n', '\x1b[?996n',
  '\x1b[4$p', '\x1b[?2026$p', '\x1b[>q', '\x1b[?u', '\x1b[x', '\x1b[14t', '\x1b[16t', '\x1b[18t', '\x1b[21t',
  '\x1bP$qm\x1b\\', '\x1bP+q544e\x1b\\', '\x1b]10;?\x07', '\x1b]11;?\x1b\\', '\x1b]12;?\x07', '\x1b]4;1;?\x07',
  '\x1bZ',
]; // prettier-ignore

test('a view answers none of the queries that a program may ask', async () => {
  const terminal = new Terminal({ allowProposedApi: true, windowOptions: { getWinSizeChars: true } });
  const emitted: string[] = [];
  terminal.onData((data) => emitted.push(data));
  silenceReplies(terminal);
  for (const query of QUERIES) {
    await write(terminal, query);
    expect(emitted, JSON.stringify(query)).toEqual([]);
  }
  terminal.dispose();
});

test('without the silence an emulator does answer, so that the test above can fail', async () => {
  const terminal = new Terminal({ allowProposedApi: true });
  const emitted: string[] = [];
  terminal.onData((data) => emitted.push(data));
  await write(terminal, '\x1b[c\x1b[6n\x1bP$qm\x1b\\\x1b[?2026$p');
  expect(emitted).toHaveLength(4);
  terminal.dispose();
});

test('the reports of a mode that a snapshot turns on are told from what a person types', () => {
  expect(isFocusReport('\x1b[I')).toBe(true);
  expect(isFocusReport('\x1b[O')).toBe(true);
  expect(isFocusReport('\x1b[A')).toBe(false);
});

test('the mark of a gap does not shift the screen of the snapshot that follows it', async () => {
  const plain = new Terminal({ allowProposedApi: true, cols: 60, rows: 5 });
  const marked = new Terminal({ allowProposedApi: true, cols: 60, rows: 5 });
  const snapshot = 'one\r\ntwo\x1b[4;3Hthree\x1b[2;1H';
  await write(plain, snapshot);
  await write(marked, gapMark(1_400_000, 5) + snapshot);
  const { baseY, cursorX, cursorY } = marked.buffer.active;
  expect({ cursorX, cursorY }).toEqual({
    cursorX: plain.buffer.active.cursorX,
    cursorY: plain.buffer.active.cursorY,
  });
  expect(baseY).toBe(1);
  expect(screenText(marked)).toContain('1.4 MB of output not kept here');
  for (let row = 0; row < 5; row += 1) {
    expect(marked.buffer.active.getLine(baseY + row)?.translateToString(true)).toBe(
      plain.buffer.active.getLine(row)?.translateToString(true),
    );
  }
  plain.dispose();
  marked.dispose();
});

test('an "erase above" at the very end of the screen does not stop the view for good', async () => {
  const terminal = createEmulator(useSettings.getState(), () => undefined);
  terminal.resize(10, 3);
  await write(terminal, 'one\r\ntwo\r\n0123456789');
  await write(terminal, '\x1b[1J');
  await write(terminal, '\x1b[Hstill here');
  expect(screenText(terminal)).toBe('still here');
  terminal.dispose();
});
