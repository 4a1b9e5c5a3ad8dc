/** A digest of a sequence of messages that both ends can keep: tells order, kind, length and every byte apart (FNV-1a, 32 bit). */
const utf8 = new TextEncoder();

export class MessageDigest {
  #state = 0x811c9dc5;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Hexadecimal. */
  get value(): string {
    return (this.#state >>> 0).toString(16).padStart(8, '0');
  }

  add(data: string | Uint8Array): void {
    this.#count += 1;
    const bytes = typeof data === 'string' ? utf8.encode(data) : data;
    // Kind and length first, so that two messages never look like one.
    this.#mix(utf8.encode(`${typeof data === 'string' ? 't' : 'b'}${String(bytes.length)}:`));
    this.#mix(bytes);
  }

  #mix(bytes: Uint8Array): void {
    let state = this.#state;
    for (const byte of bytes) {
      state = Math.imul(state ^ byte, 0x01000193);
    }
    this.#state = state;
  }
}

/** Digest of one message. */
export function digestOf(data: string | Uint8Array): string {
  const digest = new MessageDigest();
  digest.add(data);
  return digest.value;
}
