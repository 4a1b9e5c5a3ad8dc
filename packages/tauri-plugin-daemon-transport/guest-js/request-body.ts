/**
 * The raw body of a `daemon_send` request, written as messages come: version, connection, page, acknowledgement,
 * evaluated hand-over and first number (little-endian), then for each frame kind, length and bytes. The Rust side
 * reads it in `src/core/wire.rs`.
 */
import { FIRST_BUFFER_BYTES, REQUEST_BYTES } from './limits.js';

const VERSION = 1;
const TEXT = 1;
const BINARY = 2;
const ID_BYTES = 16;
const NAMES_AT = 1;
const ACKNOWLEDGED_AT = 33;
const EVALUATED_AT = 41;
const FIRST_AT = 49;
const HEAD_BYTES = 57;
const FRAME_HEAD_BYTES = 5;
/** Above this length a string is encoded on its own: `encodeInto` needs three bytes of room for each unit. */
const LONG_STRING = 16 * 1024;

const encoder = new TextEncoder();

/** What a request says besides its messages. */
export type Head = {
  /** Who the request is from and about: see {@link namesOf}. */
  names: Uint8Array;
  acknowledged: number;
  evaluated: number;
};

/** Connection and page as a request names them, which is the same in all of a connection's. */
export function namesOf(connectionId: string, pageId: string): Uint8Array {
  const names = new Uint8Array(2 * ID_BYTES);
  writeId(names, 0, connectionId);
  writeId(names, ID_BYTES, pageId);
  return names;
}

export class RequestBody {
  #bytes: Uint8Array;
  #length = HEAD_BYTES;
  #frames = 0;
  #payload = 0;
  readonly #first: number;

  /** `first` is the number of the first frame that will be added; `room` is what another body has let go of. */
  constructor(first: number, room: Uint8Array = new Uint8Array(FIRST_BUFFER_BYTES)) {
    this.#first = first;
    this.#bytes = room;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Bytes of the messages, without what frames them. */
  get payload(): number {
    return this.#payload;
  }

  get isFull(): boolean {
    return this.#length >= REQUEST_BYTES;
  }

  /** Adds one message. Lone surrogates become U+FFFD, as a WebSocket has it. Gives its size in bytes. */
  add(data: string | Uint8Array): number {
    const short = typeof data === 'string' && data.length <= LONG_STRING;
    const bytes = typeof data !== 'string' ? data : short ? undefined : encoder.encode(data);
    this.#reserve(FRAME_HEAD_BYTES + (bytes ? bytes.length : data.length * 3));
    const start = this.#length + FRAME_HEAD_BYTES;
    let size: number;
    if (bytes) {
      this.#bytes.set(bytes, start);
      size = bytes.length;
    } else {
      size = encoder.encodeInto(data as string, this.#bytes.subarray(start)).written;
    }
    this.#bytes[this.#length] = typeof data === 'string' ? TEXT : BINARY;
    new DataView(this.#bytes.buffer).setUint32(this.#length + 1, size, true);
    this.#length = start + size;
    this.#frames += 1;
    this.#payload += size;
    return size;
  }

  /** The body as it stands now. May be called again with newer acknowledgements to send the same frames again. */
  finish(head: Head): Uint8Array {
    const view = new DataView(this.#bytes.buffer);
    this.#bytes[0] = VERSION;
    this.#bytes.set(head.names, NAMES_AT);
    writeNumber(view, ACKNOWLEDGED_AT, head.acknowledged);
    writeNumber(view, EVALUATED_AT, head.evaluated);
    writeNumber(view, FIRST_AT, this.#first);
    return this.#bytes.subarray(0, this.#length);
  }

  /** Lets go of its room, for another body. The body is no longer to be used. */
  release(): Uint8Array {
    return this.#bytes;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** 64 bits, without the detour over BigInt: the number is below 2^53. */
function writeNumber(view: DataView, at: number, number: number): void {
  view.setUint32(at, number % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(number / 2 ** 32), true);
}

/** Ids are 32 hexadecimal digits. */
function writeId(bytes: Uint8Array, at: number, id: string): void {
  for (let index = 0; index < 16; index += 1) {
    bytes[at + index] = Number.parseInt(id.slice(2 * index, 2 * index + 2), 16);
  }
}
