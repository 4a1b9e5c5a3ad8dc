/**
 * One viewer's stream of one terminal, without sockets or timers: decides what to read next and what to send. It
 * promises order and completeness, or a gap that names what is missing followed by a snapshot; and that what is sent
 * and not acknowledged stays within the window, or one snapshot and the window. A snapshot is acknowledged by its offset.
 */
import {
  MAX_OUTPUT_CHUNK_BYTES,
  MAX_SNAPSHOT_PART_BYTES,
  OUTPUT_WINDOW_BYTES,
  type StreamMessage,
} from '@holdfast/protocol';
import { MIN_BEHIND_BYTES } from '../limits.js';
import type { ReadResult, Snapshot, StreamPosition } from '../terminals/terminal-host.js';

/** What the owner of this stream does next. */
export type StreamStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'send'; readonly message: StreamMessage }
  | { readonly kind: 'read'; readonly position: StreamPosition; readonly maxBytes: number }
  | { readonly kind: 'snapshot'; readonly atLeast: number };

/** With less room than this in the window, in bytes, the stream waits rather than send crumbs. */
const LEAST_READ_BYTES = 4 * 1024;

/** Code units of one snapshot part: as many as fit whatever they are, since one is at most 3 bytes of UTF-8. */
const SNAPSHOT_PART_LENGTH = Math.floor(MAX_SNAPSHOT_PART_BYTES / 3);

/** Cuts a text into parts, never inside a surrogate pair; an empty text is one empty part. */
export function splitSnapshot(data: string): string[] {
  const parts: string[] = [];
  let at = 0;
  do {
    let to = Math.min(at + SNAPSHOT_PART_LENGTH, data.length);
    const last = data.charCodeAt(to - 1);
    if (to < data.length && last >= 0xd800 && last < 0xdc00) to -= 1;
    parts.push(data.slice(at, to));
    at = to;
  } while (at < data.length);
  return parts;
}

export class OutputStream {
  readonly attachment: number;
  readonly #maxBehindBytes: number;
  /** Parts of a snapshot, and the gap before it, that wait to be sent. */
  #queue: StreamMessage[] = [];
  #position: StreamPosition;
  #acknowledged: number;
  /** All output of the terminal that we know of. */
  #end: number;
  /** Whether a read may give something. */
  #hasMore = true;
  #isLost = false;
  /** The snapshot that was sent last and not yet acknowledged: a viewer that does not take one gets no other. */
  #openSnapshot: number | undefined;

  constructor(attachment: number, maxBehindBytes: number, position: StreamPosition) {
    this.attachment = attachment;
    this.#maxBehindBytes = Math.max(maxBehindBytes, MIN_BEHIND_BYTES);
    this.#position = position;
    this.#acknowledged = position.offset;
    this.#end = position.offset;
  }

  /** Whether parts of a snapshot wait: their memory is why one connection has one snapshot at a time. */
  get holdsSnapshot(): boolean {
    return this.#queue.length > 0;
  }

  /** The terminal has output up to here, or something else happened in its stream. */
  advanced(end: number): void {
    this.#end = Math.max(this.#end, end);
    this.#hasMore = true;
  }

  /** The viewer has taken output up to here; anything that was not sent is no acknowledgement. */
  acknowledge(offset: number): void {
    if (offset > this.#acknowledged) this.#acknowledged = Math.min(offset, this.#position.offset);
    if (this.#openSnapshot !== undefined && offset >= this.#openSnapshot) this.#openSnapshot = undefined;
  }

  /** Starts anew with a snapshot; `gapFrom` names the first byte that the viewer misses, if it misses any. */
  startWith(snapshot: Snapshot, gapFrom: number | undefined): void {
    const { attachment } = this;
    const { position, cols, rows } = snapshot;
    const { offset } = position;
    if (gapFrom !== undefined && gapFrom < offset) {
      this.#queue.push({ type: 'gap', attachment, from: gapFrom, to: offset });
    }
    const parts = splitSnapshot(snapshot.data);
    parts.forEach((data, part) => {
      this.#queue.push({ type: 'snapshot', attachment, offset, cols, rows, part, parts: parts.length, data });
    });
    this.#position = position;
    this.#acknowledged = offset;
    this.#openSnapshot = offset;
    this.#end = Math.max(this.#end, offset);
    this.#hasMore = true;
    this.#isLost = false;
  }

  next(): StreamStep {
    const message = this.#queue.shift();
    if (message !== undefined) return { kind: 'send', message };
    const unacknowledged = this.#position.offset - this.#acknowledged;
    if (this.#isLost || this.#end - this.#position.offset > this.#maxBehindBytes) {
      // Only a viewer that takes what it was sent can use a snapshot; another would be sent one after the other.
      if (unacknowledged > OUTPUT_WINDOW_BYTES / 2 || this.#openSnapshot !== undefined)
        return { kind: 'wait' };
      return { kind: 'snapshot', atLeast: this.#position.offset };
    }
    if (!this.#hasMore) return { kind: 'wait' };
    const room = OUTPUT_WINDOW_BYTES - unacknowledged;
    if (room < LEAST_READ_BYTES) return { kind: 'wait' };
    return { kind: 'read', position: this.#position, maxBytes: Math.min(room, MAX_OUTPUT_CHUNK_BYTES) };
  }

  /** Takes what a read gave and says what to send. */
  took(result: ReadResult): StreamMessage[] {
    this.#end = Math.max(this.#end, result.end);
    if (result.kind === 'lost') {
      this.#isLost = true;
      return [];
    }
    const { attachment } = this;
    this.#position = result.position;
    this.#hasMore = result.position.offset < this.#end;
    return result.records.map((record): StreamMessage => {
      switch (record.kind) {
        case 'output':
          return {
            type: 'output',
            attachment,
            offset: record.offset,
            length: record.length,
            data: record.data,
          };
        case 'resized':
          return { type: 'resized', attachment, cols: record.cols, rows: record.rows };
        case 'exited':
          return {
            type: 'exited',
            attachment,
            offset: record.offset,
            exitCode: record.exitCode,
            signal: record.signal,
          };
      }
    });
  }

  /** Takes a snapshot that {@link next} asked for. */
  tookSnapshot(snapshot: Snapshot): void {
    this.startWith(snapshot, this.#position.offset);
  }
}
