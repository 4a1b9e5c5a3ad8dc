/**
 * The screen of one terminal: a headless emulator that is fed all output in slices and can be drawn as a snapshot.
 * It alone answers what programs ask a terminal (device attributes, cursor reports, ...): once, as the output
 * arrives, whether or not anybody watches. Viewers never answer, and a snapshot holds no question.
 */
import type { Emulator } from './emulator.js';
import { createEmulator, inside } from './emulator.js';
import { MAX_SNAPSHOT_BYTES, SCREEN_CHUNK_LENGTH, SCREEN_SLICE_MS, SCROLLBACK_LINES } from '../limits.js';
import { drawSnapshot } from './snapshot.js';
import type { Snapshot } from './terminal-host.js';
import { unfinishedSequence } from './unfinished-sequence.js';

type Pending =
  | { readonly kind: 'text'; readonly text: string; readonly bytes: number }
  | { readonly kind: 'resize'; readonly cols: number; readonly rows: number; readonly mark: number };

export type ScreenEvents = {
  /** The emulator answers a question of the program. */
  readonly onAnswer: (data: string) => void;
  readonly onTitle: (title: string) => void;
  /** The program asks for attention. */
  readonly onBell: () => void;
  /** Some of the backlog has been parsed. */
  readonly onParsed: () => void;
  /** The emulator failed on this output and was replaced by an empty one. */
  readonly onFailure: (error: unknown) => void;
};

export class Screen {
  readonly #events: ScreenEvents;
  #emulator: Emulator;
  readonly #queue: Pending[] = [];
  #backlog = 0;
  #scheduled = false;
  #disposed = false;
  #offset = 0;
  #mark = 0;
  /** The sequence that the parsed text has begun and not ended. */
  #unfinished = '';
  #waiting: { readonly atLeast: number; readonly resolve: () => void }[] = [];

  constructor(cols: number, rows: number, events: ScreenEvents) {
    this.#events = events;
    this.#emulator = this.#create(cols, rows);
  }

  /** Bytes that have not been parsed. */
  get backlog(): number {
    return this.#backlog;
  }

  write(text: string, bytes: number): void {
    // Cut here, so that a slice is short however much came at once; never inside a surrogate pair.
    let at = 0;
    let left = bytes;
    while (text.length - at > SCREEN_CHUNK_LENGTH) {
      let to = at + SCREEN_CHUNK_LENGTH;
      const code = text.charCodeAt(to - 1);
      if (code >= 0xd800 && code < 0xdc00) to -= 1;
      const piece = text.slice(at, to);
      const length = Buffer.byteLength(piece, 'utf8');
      this.#queue.push({ kind: 'text', text: piece, bytes: length });
      left -= length;
      at = to;
    }
    this.#queue.push({ kind: 'text', text: text.slice(at), bytes: left });
    this.#backlog += bytes;
    this.#schedule();
  }

  /** Resizes after all output before it; `mark` is the position's number for it. */
  resize(cols: number, rows: number, mark: number): void {
    this.#queue.push({ kind: 'resize', cols, rows, mark });
    this.#schedule();
  }

  /** Settles when at least so many bytes of output are on the screen. */
  whenParsed(atLeast: number): Promise<void> {
    if (this.#offset >= atLeast) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ atLeast, resolve }));
  }

  /** Draws what has been parsed so far. */
  snapshot(): Snapshot {
    let data = '';
    for (const scrollback of [SCROLLBACK_LINES, 1000, 200, 0]) {
      data = drawSnapshot(inside(this.#emulator), scrollback);
      if (Buffer.byteLength(data, 'utf8') <= MAX_SNAPSHOT_BYTES) break;
    }
    return {
      position: { offset: this.#offset, mark: this.#mark, ended: false },
      cols: this.#emulator.cols,
      rows: this.#emulator.rows,
      data: data + this.#unfinished,
    };
  }

  dispose(): void {
    this.#disposed = true;
    this.#queue.length = 0;
    this.#backlog = 0;
    this.#emulator.dispose();
    this.#wake(Number.POSITIVE_INFINITY);
  }

  #create(cols: number, rows: number): Emulator {
    const emulator = createEmulator(cols, rows);
    emulator.onData((data) => {
      this.#events.onAnswer(data);
    });
    emulator.onTitleChange((title) => {
      this.#events.onTitle(title);
    });
    emulator.onBell(() => {
      this.#events.onBell();
    });
    const attention = (data: string): boolean => {
      // OSC 9;4 reports progress and is not for people's attention.
      if (!data.startsWith('4;')) this.#events.onBell();
      return true;
    };
    for (const code of [9, 99, 777]) emulator.parser.registerOscHandler(code, attention);
    return emulator;
  }

  #schedule(): void {
    if (this.#scheduled || this.#disposed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#parseSlice();
    });
  }

  #parseSlice(): void {
    if (this.#disposed) return;
    const until = performance.now() + SCREEN_SLICE_MS;
    do {
      const pending = this.#takeNext();
      if (pending === undefined) break;
      if (pending.kind === 'resize') {
        this.#emulator.resize(pending.cols, pending.rows);
        this.#mark = pending.mark;
      } else {
        this.#parse(pending.text);
        this.#offset += pending.bytes;
        this.#backlog -= pending.bytes;
      }
    } while (performance.now() < until);
    this.#wake(this.#offset);
    if (this.#queue.length > 0) this.#schedule();
    this.#events.onParsed();
  }

  /** The next change, or as much adjacent text as makes one chunk: many small writes cost more than one. */
  #takeNext(): Pending | undefined {
    const first = this.#queue.shift();
    if (first?.kind !== 'text') return first;
    let { text, bytes } = first;
    for (;;) {
      const next = this.#queue[0];
      if (next?.kind !== 'text' || text.length + next.text.length > SCREEN_CHUNK_LENGTH) break;
      this.#queue.shift();
      text += next.text;
      bytes += next.bytes;
    }
    return { kind: 'text', text, bytes };
  }

  #parse(text: string): void {
    const inner = inside(this.#emulator);
    try {
      inner.writeSync(text);
    } catch (error) {
      const { cols, rows } = this.#emulator;
      this.#emulator.dispose();
      this.#emulator = this.#create(cols, rows);
      this.#unfinished = '';
      this.#events.onFailure(error);
      return;
    }
    // 0 is the state outside of sequences: then, which is nearly always, there is nothing to look for.
    this.#unfinished =
      inner._inputHandler._parser.currentState === 0 ? '' : unfinishedSequence(this.#unfinished + text);
  }

  #wake(offset: number): void {
    const due = this.#waiting.filter((waiting) => waiting.atLeast <= offset);
    this.#waiting = this.#waiting.filter((waiting) => waiting.atLeast > offset);
    for (const waiting of due) waiting.resolve();
  }
}
