/** What `holdfast attach` writes to a person's terminal: everything, except what would make that terminal answer. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEmulator, inside } from '../src/terminals/emulator.js';
import { QueryFilter } from '../src/command/query-filter.js';

const QUESTIONS = [
  '\x1b[c',
  '\x1b[>c',
  '\x1b[=c',
  '\x1b[6n',
  '\x1b[?6n',
  '\x1b[5n',
  '\x1b[?2026$p',
  '\x1b[4$p',
  '\x1bP$qm\x1b\\',
  '\x1b[18t',
  '\x1b[>q',
  '\x1b]11;?\x07',
  '\x1b]4;1;?\x1b\\',
  '\x1b[?u',
  '\x05',
];
const OTHERS = [
  'text',
  'ü漢😀',
  '\x1b[1;31m',
  '\x1b[2;3H',
  '\x1b[?1049h',
  '\x1b]0;title\x07',
  '\x1b]8;;http://a\x1b\\',
  '\x1b(0',
  '\x1b7',
  '\r\n',
  '\x1b[!p',
  '\x1bP1$r0m\x1b\\',
];

test('questions are taken out and nothing else, however the output is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...QUESTIONS), fc.constantFrom(...OTHERS)), { maxLength: 12 }),
      fc.array(fc.nat(200), { maxLength: 6 }),
      (pieces, cuts) => {
        const text = pieces.join('');
        const expected = pieces.filter((piece) => !QUESTIONS.includes(piece)).join('');
        const filter = new QueryFilter();
        const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const written = places
          .slice(1)
          .map((to, index) => filter.filter(text.slice(places[index], to)))
          .join('');
        expect(written).toBe(expected);
      },
    ),
    { numRuns: 2000 },
  );
});

test('an emulator that is given the filtered output never answers', () => {
  const emulator = createEmulator(20, 5);
  const answers: string[] = [];
  emulator.onData((data) => answers.push(data));
  inside(emulator).writeSync(new QueryFilter().filter(QUESTIONS.join('x')));
  expect(answers).toEqual([]);
  emulator.dispose();
});
