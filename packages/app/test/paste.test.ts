import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decidePaste, inputPieces, pasteBytes } from '../src/terminal/paste.js';

test('several lines are asked about unless the program takes them as one paste', () => {
  expect(decidePaste('one\ntwo', false)).toEqual({ kind: 'ask', lines: 2 });
  expect(decidePaste('one\ntwo', true)).toEqual({ kind: 'paste' });
  expect(decidePaste('one', false)).toEqual({ kind: 'paste' });
});

test('a line that ends in a line break would run at once and is asked about', () => {
  expect(decidePaste('rm -rf build\n', false)).toEqual({ kind: 'ask', lines: 2 });
});

test('pasted text cannot end its own brackets, not even by marks inside of marks', () => {
  expect(pasteBytes('a\x1b[201~rm -rf ~\n', true)).toBe('\x1b[200~a␛[201~rm -rf ~\r\x1b[201~');
  const hostile = fc.array(fc.constantFrom('\x1b', '\x9b', '[', '2', '0', '1', '~', '\x1b[201~', 'x'));
  fc.assert(
    fc.property(hostile, (pieces) => {
      const inside = pasteBytes(pieces.join(''), true).slice('\x1b[200~'.length, -'\x1b[201~'.length);
      expect(inside).not.toContain('\x1b');
      expect(inside).not.toContain('\x9b');
    }),
  );
});

test('the pieces of any text are whole characters within the limit and make up the text again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 4, max: 16 }), (text, limit) => {
      const pieces = [...inputPieces(text, limit)];
      expect(pieces.join('')).toBe(text);
      for (const piece of pieces) {
        expect(new TextEncoder().encode(piece).length).toBeLessThanOrEqual(limit);
        expect(piece).not.toBe('');
      }
    }),
  );
});
