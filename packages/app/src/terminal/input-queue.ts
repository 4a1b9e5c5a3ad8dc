/**
 * Carries what the person typed to the daemon, in order. Keystrokes go at once; a paste goes piece by piece, each
 * after the daemon has taken the one before, and waits while the program does not read. Ctrl+C overtakes and drops
 * what is still waiting, as a terminal's line discipline flushes its input at SIGINT.
 */
import { MAX_INPUT_BYTES } from '@holdfast/protocol';
import { inputPieces } from './paste.js';

/** Time before a piece is offered again that the program had no room for, in ms: 50. */
const RETRY_MS = 50;

/** A keystroke is at most this long, in UTF-16 code units: 1,024. What is longer is a paste. */
const KEYSTROKE_LENGTH = 1024;

const INTERRUPT = '\x03';

export type InputFailure = { readonly code: string; readonly message: string };

type Port = {
  /** Sends one piece; rejects with an object that has a `code`. */
  readonly send: (data: string) => Promise<unknown>;
  /** What the person typed did not arrive; the rest of it was dropped. */
  readonly onFailed: (failure: InputFailure) => void;
};

export class InputQueue {
  readonly #port: Port;
  #waiting: Generator<string>[] = [];
  #draining = false;
  #generation = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  /** Whether a paste is still on its way. */
  get busy(): boolean {
    return this.#draining;
  }

  type(data: string): void {
    if (data === INTERRUPT) this.drop();
    if (!this.#draining && data.length <= KEYSTROKE_LENGTH) {
      this.#port.send(data).catch((error: unknown) => {
        this.#port.onFailed(failureOf(error));
      });
      return;
    }
    this.#waiting.push(inputPieces(data, MAX_INPUT_BYTES));
    if (!this.#draining) void this.#drain();
  }

  /** Forgets what has not been sent. */
  drop(): void {
    this.#generation += 1;
    this.#waiting = [];
    this.#draining = false;
  }

  async #drain(): Promise<void> {
    const generation = this.#generation;
    this.#draining = true;
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined) break;
      for (const piece of next) {
        const failure = await this.#deliver(piece, generation);
        if (generation !== this.#generation) return;
        if (failure !== null) {
          this.drop();
          this.#port.onFailed(failure);
          return;
        }
      }
      this.#waiting.shift();
    }
    this.#draining = false;
  }

  /** Null when the daemon has taken it, or when nobody waits for it any more. */
  async #deliver(piece: string, generation: number): Promise<InputFailure | null> {
    for (;;) {
      try {
        await this.#port.send(piece);
        return null;
      } catch (error) {
        const failure = failureOf(error);
        if (failure.code !== 'input_overflow') return failure;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      if (generation !== this.#generation) return null;
    }
  }
}

function failureOf(error: unknown): InputFailure {
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'internal';
    return { code, message: error.message };
  }
  return { code: 'internal', message: String(error) };
}
