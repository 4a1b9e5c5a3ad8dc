/**
 * Counts refused credentials, from all places together: on one computer every guesser has the same address. It keeps no
 * list of guessers, so guessing costs no memory, and it says nothing about a right credential, so nobody is locked out.
 */
import { GUESS_WINDOW_MS, MAX_GUESSES } from '../limits.js';

export type GuessVerdict =
  | { readonly kind: 'counted' }
  /** Over the limit until this time is over. `isFirst` in its window. */
  | { readonly kind: 'limited'; readonly retryAfterMs: number; readonly isFirst: boolean };

export class GuessLimit {
  readonly #now: () => number;
  #windowStart = -Infinity;
  #guesses = 0;

  /** `now` is a monotonic clock, in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  guessed(): GuessVerdict {
    const now = this.#now();
    if (now - this.#windowStart >= GUESS_WINDOW_MS) {
      this.#windowStart = now;
      this.#guesses = 0;
    }
    this.#guesses += 1;
    if (this.#guesses <= MAX_GUESSES) return { kind: 'counted' };
    return {
      kind: 'limited',
      retryAfterMs: this.#windowStart + GUESS_WINDOW_MS - now,
      isFirst: this.#guesses === MAX_GUESSES + 1,
    };
  }
}
