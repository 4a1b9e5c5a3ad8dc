/**
 * Input on its way to a program. It promises never to block: a write that libuv makes to the master of a
 * pseudo-terminal spins until the program reads, which would stop the whole daemon, so the descriptor (which
 * does not block) is written here, and what does not fit waits within a limit.
 */
import { writeSync } from 'node:fs';
import { systemCode } from '../errors.js';
import { INPUT_QUEUE_BYTES, INPUT_RETRY_MS } from '../limits.js';

export class InputQueue {
  readonly #descriptor: number;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Takes all of it or, where too much waits, nothing. */
  write(data: string): boolean {
    if (this.#isClosed) return false;
    const bytes = Buffer.from(data, 'utf8');
    if (this.#bytes + bytes.length > INPUT_QUEUE_BYTES) return false;
    if (bytes.length === 0) return true;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#timer === undefined) this.#flush();
    return true;
  }

  /** From now on the descriptor is not touched: its number may soon name something else. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#bytes = 0;
  }

  #flush(): void {
    this.#timer = undefined;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      let written: number;
      try {
        written = writeSync(this.#descriptor, first);
      } catch (error) {
        if (systemCode(error) === 'EAGAIN') written = 0;
        else {
          // EIO: the program has ended, and nobody is left to read.
          this.close();
          return;
        }
      }
      this.#bytes -= written;
      if (written === first.length) {
        this.#waiting.shift();
        continue;
      }
      this.#waiting[0] = first.subarray(written);
      // Node offers no event for "writable" here, so it is tried again.
      this.#timer = setTimeout(() => {
        this.#flush();
      }, INPUT_RETRY_MS);
      return;
    }
  }
}
