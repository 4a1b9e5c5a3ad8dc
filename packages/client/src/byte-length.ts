/** Sizes in bytes of UTF-8 without encoding: exact, because limits of the wire are in bytes. */
import { MAX_CLOSE_REASON_BYTES } from './limits.js';

/** Bytes of `text` in UTF-8; a lone surrogate counts as U+FFFD, which it becomes on the wire. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      // Two units, four bytes.
      bytes += 2;
      index += 1;
    } else bytes += 2;
  }
  return bytes;
}

/** Bytes of one message. */
export function messageLength(data: string | Uint8Array): number {
  return typeof data === 'string' ? utf8Length(data) : data.byteLength;
}

/** The longest start of `reason` that fits into a close frame, never cut inside a character. */
export function closeReason(reason: string): string {
  if (utf8Length(reason) <= MAX_CLOSE_REASON_BYTES) return reason;
  let kept = '';
  let bytes = 0;
  for (const character of reason) {
    bytes += utf8Length(character);
    if (bytes > MAX_CLOSE_REASON_BYTES) break;
    kept += character;
  }
  return kept;
}

/** The code that may stand in a close frame sent by an application (RFC 6455 section 7.4; the WebSocket standard's `close()`). */
export function closeCode(code: number | undefined): number {
  if (code === undefined) return 1000;
  return code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999) ? code : 1000;
}
