/**
 * Finds an escape sequence that a text has begun and not ended, so that a snapshot taken in the middle of one can
 * hand the beginning on. It promises to follow the same states as the emulator (the VT500 parser of vt100.net).
 */
import { MAX_UNFINISHED_SEQUENCE_LENGTH } from '../limits.js';

type State = 'ground' | 'escape' | 'escape-intermediate' | 'csi' | 'osc' | 'dcs' | 'ignored-string';

/** C0 controls that take effect at once, also inside ESC and CSI sequences. */
function isExecuted(code: number): boolean {
  return code < 0x18 || code === 0x19 || (code >= 0x1c && code < 0x20);
}

function afterEscape(code: number): State {
  if (code === 0x5b) return 'csi';
  if (code === 0x5d) return 'osc';
  if (code === 0x50) return 'dcs';
  if (code === 0x58 || code === 0x5e || code === 0x5f) return 'ignored-string';
  if (code >= 0x20 && code < 0x30) return 'escape-intermediate';
  return code === 0x7f ? 'escape' : 'ground';
}

function next(state: State, code: number): State {
  // Everywhere: CAN, SUB, ESC and the C1 controls.
  if (code === 0x1b) return 'escape';
  if (code === 0x18 || code === 0x1a) return 'ground';
  if (code >= 0x80 && code < 0xa0) {
    if (code === 0x9b) return 'csi';
    if (code === 0x9d) return 'osc';
    if (code === 0x90) return 'dcs';
    if (code === 0x98 || code === 0x9e || code === 0x9f) return 'ignored-string';
    return 'ground';
  }
  switch (state) {
    case 'ground':
      return 'ground';
    case 'escape':
      return isExecuted(code) ? 'escape' : afterEscape(code);
    case 'escape-intermediate':
      return isExecuted(code) || (code >= 0x20 && code < 0x30) || code === 0x7f ? 'escape-intermediate' : 'ground';
    case 'csi':
      return (code >= 0x40 && code < 0x7f) || code >= 0xa0 ? 'ground' : state;
    case 'osc':
      return code === 0x07 ? 'ground' : 'osc';
    case 'dcs':
    case 'ignored-string':
      return state;
  }
}

/**
 * The unfinished sequence at the end of `text`, which starts outside of any sequence; empty if there is none.
 * Controls inside it that have already taken effect are left out. Of a longer one only the first
 * {@link MAX_UNFINISHED_SEQUENCE_LENGTH} code units are kept: only strings without effect on the screen are so long.
 */
export function unfinishedSequence(text: string): string {
  let state: State = 'ground';
  let kept: string[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const before = state;
    state = next(state, code);
    if (state === 'ground') {
      kept = [];
    } else if (code === 0x1b || before === 'ground' || (code >= 0x80 && code < 0xa0)) {
      kept = [text.charAt(index)];
    } else {
      const inString = state === 'osc' || state === 'dcs' || state === 'ignored-string';
      const wasExecuted = isExecuted(code) && !inString;
      if (!wasExecuted && kept.length < MAX_UNFINISHED_SEQUENCE_LENGTH) kept.push(text.charAt(index));
    }
  }
  return kept.join('');
}
