/**
 * Finds an escape sequence that a text has begun and not ended, so that a snapshot taken in the middle of one can
 * hand the beginning on. It walks the emulator's own table of states, so it cannot differ from the emulator.
 */
import { MAX_UNFINISHED_SEQUENCE_LENGTH } from '../limits.js';
import { createEmulator, inside } from './emulator.js';

// How the table is packed (src/common/parser/EscapeSequenceParser.ts of @xterm/headless 6.0.0): indexed by the state
// and the character, an entry holds an action above a state.
const STATE_SHIFT = 8;
const ACTION_SHIFT = 4;
const STATE_MASK = 15;
/** Every character that is not ASCII or a C1 control. */
const NON_ASCII = 0xa0;
const ACTION_EXECUTE = 3;
const GROUND = 0;
const ESCAPE = 1;

const table: ArrayLike<number> = ((): ArrayLike<number> => {
  const probe = createEmulator(2, 1);
  const { table: found } = inside(probe)._inputHandler._parser._transitions;
  probe.dispose();
  return found;
})();

/**
 * The unfinished sequence at the end of `text`, which starts outside of any sequence; empty if there is none.
 * Controls inside it that have already taken effect are left out. Of a longer one only the first
 * {@link MAX_UNFINISHED_SEQUENCE_LENGTH} code units are kept: only strings without effect on the screen are so long.
 */
export function unfinishedSequence(text: string): string {
  let state = GROUND;
  let kept: string[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const entry = table[(state << STATE_SHIFT) | Math.min(code, NON_ASCII)] ?? 0;
    const isStart = state === GROUND || code === 0x1b || (code >= 0x80 && code < NON_ASCII);
    // ESC ends a string and begins the next sequence.
    state = code === 0x1b ? ESCAPE : entry & STATE_MASK;
    if (state === GROUND) kept = [];
    else if (isStart) kept = [text.charAt(index)];
    else if (entry >> ACTION_SHIFT !== ACTION_EXECUTE && kept.length < MAX_UNFINISHED_SEQUENCE_LENGTH) {
      kept.push(text.charAt(index));
    }
  }
  return kept.join('');
}
