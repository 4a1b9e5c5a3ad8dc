/**
 * One terminal's stream: its output, its changes of size and its end, in their order, readable from any position
 * that is still kept. It promises that a reader gets each piece once.
 */
import type { ExitStatus } from '@holdfast/protocol';
import { MAX_RESIZE_MARKS } from '../limits.js';
import { OutputRecord } from './output-record.js';
import type { ReadResult, ResumePoint, StreamPosition, StreamRecord } from './terminal-host.js';

type ResizeMark = {
  readonly sequence: number;
  readonly offset: number;
  readonly cols: number;
  readonly rows: number;
};

export class StreamLog {
  readonly record = new OutputRecord();
  readonly #marks: ResizeMark[] = [];
  /** The size before the first mark that is kept. */
  #baseSize: { cols: number; rows: number };
  #nextMark = 0;
  #exit: ExitStatus | undefined;

  constructor(cols: number, rows: number) {
    this.#baseSize = { cols, rows };
  }

  /** Adds output and says its length in bytes. */
  append(text: string): number {
    return this.record.append(text);
  }

  /** Adds a change of size and says the number by which positions know it has been passed. */
  resized(cols: number, rows: number): number {
    const sequence = this.#nextMark;
    this.#nextMark += 1;
    const last = this.#marks.at(-1);
    // Of several changes at one offset only the last can be seen.
    if (last !== undefined && last.offset === this.record.end) this.#marks.pop();
    this.#marks.push({ sequence, offset: this.record.end, cols, rows });
    if (this.#marks.length > MAX_RESIZE_MARKS) this.#forgetOldestMark();
    return sequence + 1;
  }

  exited(status: ExitStatus): void {
    this.#exit = status;
  }

  /** Lets the oldest output go until at most `bytes` are held. */
  trim(bytes: number): void {
    this.record.trim(bytes);
    while (this.#marks[0] !== undefined && this.#marks[0].offset < this.record.start)
      this.#forgetOldestMark();
  }

  read(position: StreamPosition, maxBytes: number): ReadResult {
    const { end } = this.record;
    if (!this.record.isReadable(position.offset)) return { kind: 'lost', end };
    const records: StreamRecord[] = [];
    let { offset, mark, ended } = position;
    let left = maxBytes;
    for (;;) {
      const next = this.#marks.find((candidate) => candidate.sequence >= mark);
      const until = next === undefined ? end : Math.max(next.offset, offset);
      if (offset < until) {
        const { data, length } = this.record.read(offset, Math.min(left, until - offset));
        if (length === 0) break;
        records.push({ kind: 'output', offset, length, data });
        offset += length;
        left -= length;
      } else if (next !== undefined) {
        records.push({ kind: 'resized', cols: next.cols, rows: next.rows });
        mark = next.sequence + 1;
      } else {
        if (this.#exit !== undefined && !ended) {
          records.push({ kind: 'exited', offset, ...this.#exit });
          ended = true;
        }
        break;
      }
    }
    return { kind: 'records', records, position: { offset, mark, ended }, end };
  }

  resumePoint(from: number): ResumePoint {
    if (!this.record.isReadable(from)) return { kind: 'lost' };
    let size = this.#baseSize;
    let mark = 0;
    for (const passed of this.#marks) {
      if (passed.offset > from) break;
      size = passed;
      mark = passed.sequence + 1;
    }
    return {
      kind: 'found',
      position: { offset: from, mark, ended: false },
      cols: size.cols,
      rows: size.rows,
    };
  }

  #forgetOldestMark(): void {
    const oldest = this.#marks.shift();
    if (oldest !== undefined) this.#baseSize = { cols: oldest.cols, rows: oldest.rows };
  }
}
