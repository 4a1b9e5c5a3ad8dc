/**
 * The daemon's token, held so that it is hard to let slip: it says what it is only where that is asked for by name. It
 * promises that comparing takes the same time for every wrong candidate.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/** Size of a token, in bytes: 256 bits, which nobody guesses. */
const TOKEN_BYTES = 32;
/** What stands for the token wherever text is shown. */
const HIDDEN = '[token]';

const digestOf = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

export class DaemonToken {
  readonly #text: string;
  readonly #digest: Buffer;

  constructor() {
    this.#text = randomBytes(TOKEN_BYTES).toString('base64url');
    this.#digest = digestOf(this.#text);
  }

  /** Digests have one length, so not even the candidate's length shows in the time. */
  matches(candidate: string): boolean {
    return timingSafeEqual(digestOf(candidate), this.#digest);
  }

  /** The token itself: for the runtime file, and for nothing else. */
  reveal(): string {
    return this.#text;
  }

  /** A text as it may be shown or logged. The token's letters are the same in JSON. */
  hideIn(text: string): string {
    return text.replaceAll(this.#text, HIDDEN);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
