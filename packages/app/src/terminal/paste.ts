/**
 * What becomes of pasted text: whether to ask first, and how it is cut into inputs that the daemon takes. Pure.
 * Several lines without bracketed paste would run line by line before anybody has read them, so they are asked about.
 */
import { MAX_PASTE_LENGTH } from '../limits.js';

export type PasteDecision =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'paste' }
  | { readonly kind: 'ask'; readonly lines: number }
  | { readonly kind: 'too-large' };

/** Decides about a text. `bracketed`: the program asked for bracketed paste (DEC mode 2004). */
export function decidePaste(text: string, bracketed: boolean): PasteDecision {
  if (text === '') return { kind: 'nothing' };
  if (text.length > MAX_PASTE_LENGTH) return { kind: 'too-large' };
  if (bracketed) return { kind: 'paste' };
  // A single line that ends in a line break runs at once: that is a line of its own, so it counts as two.
  const lines = text.split(/\r\n|\r|\n/).length;
  return lines > 1 ? { kind: 'ask', lines } : { kind: 'paste' };
}

/**
 * Text as the program gets it: line breaks as Enter sends them. Between the marks of bracketed paste no control
 * sequence is left, for an end mark, or one put together from pieces, would let the text out of its brackets: ESC and
 * CSI become the symbol for escape.
 */
export function pasteBytes(text: string, bracketed: boolean): string {
  const typed = text.replace(/\r\n|\n/g, '\r');
  if (!bracketed) return typed;
  return `\x1b[200~${typed.replaceAll('\x1b', '␛').replaceAll('\x9b', '␛')}\x1b[201~`;
}

/** Cuts text into pieces of at most `maxBytes` bytes of UTF-8, never through a character. */
export function* inputPieces(text: string, maxBytes: number): Generator<string> {
  let start = 0;
  let bytes = 0;
  let index = 0;
  while (index < text.length) {
    const code = text.codePointAt(index) ?? 0;
    const units = code > 0xffff ? 2 : 1;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes + size > maxBytes && index > start) {
      yield text.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += size;
    index += units;
  }
  if (start < text.length) yield text.slice(start);
}
