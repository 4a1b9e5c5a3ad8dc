/**
 * The most recent output of one terminal as bytes of UTF-8, addressed by offsets that count from the terminal's
 * first byte. It promises that memory never exceeds its capacity by more than a block.
 */
import { RECORD_BLOCK_BYTES } from '../limits.js';

type Block = { readonly bytes: Buffer; used: number };

/** Whether this byte continues a character (RFC 3629 section 3). */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

export class OutputRecord {
  /** Offset of the first byte kept. */
  start = 0;
  /** Offset after the last byte. */
  end = 0;
  readonly #blocks: Block[] = [];

  /** Bytes of memory held. */
  get heldBytes(): number {
    return this.#blocks.length * RECORD_BLOCK_BYTES;
  }

  append(text: string): number {
    const bytes = Buffer.from(text, 'utf8');
    let at = 0;
    while (at < bytes.length) {
      let block = this.#blocks.at(-1);
      if (block === undefined || block.used === RECORD_BLOCK_BYTES) {
        block = { bytes: Buffer.allocUnsafeSlow(RECORD_BLOCK_BYTES), used: 0 };
        this.#blocks.push(block);
      }
      const copied = bytes.copy(block.bytes, block.used, at);
      block.used += copied;
      at += copied;
    }
    this.end += bytes.length;
    return bytes.length;
  }

  /** Lets the oldest blocks go until at most `bytes` are held. */
  trim(bytes: number): void {
    while (this.#blocks.length > 1 && this.heldBytes > bytes) {
      const oldest = this.#blocks.shift();
      this.start += oldest?.used ?? 0;
    }
  }

  /** At most `maxBytes` from `offset` (which must be kept), cut between characters; empty at the end. */
  read(offset: number, maxBytes: number): { readonly data: string; readonly length: number } {
    let take = Math.min(maxBytes, this.end - offset);
    if (take <= 0) return { data: '', length: 0 };
    // Every block but the last is full, so the place of an offset is arithmetic.
    while (take > 0 && offset + take < this.end && isContinuation(this.#byteAt(offset + take))) take -= 1;
    const pieces: Buffer[] = [];
    let at = offset - this.start;
    let left = take;
    while (left > 0) {
      const block = this.#blocks[Math.floor(at / RECORD_BLOCK_BYTES)];
      if (block === undefined) throw new RangeError(`offset ${String(offset)} is not kept`);
      const from = at % RECORD_BLOCK_BYTES;
      const piece = block.bytes.subarray(from, Math.min(block.used, from + left));
      pieces.push(piece);
      at += piece.length;
      left -= piece.length;
    }
    const first = pieces[0];
    const all = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, take);
    return { data: all.toString('utf8'), length: take };
  }

  /** Whether a character starts at this offset and the bytes from there on are kept. */
  isReadable(offset: number): boolean {
    if (offset < this.start || offset > this.end) return false;
    return offset === this.end || !isContinuation(this.#byteAt(offset));
  }

  #byteAt(offset: number): number | undefined {
    const at = offset - this.start;
    return this.#blocks[Math.floor(at / RECORD_BLOCK_BYTES)]?.bytes[at % RECORD_BLOCK_BYTES];
  }
}
