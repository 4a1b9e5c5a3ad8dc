/** Sends the sizes that a view asks for, the newest only, and not more often than programs can redraw. */
import { RESIZE_INTERVAL_MS } from '../limits.js';
import type { Size } from './size-policy.js';

type Port = {
  readonly ask: (size: Size) => Promise<unknown>;
  readonly onAnswered: (size: Size) => void;
  readonly onRefused: () => void;
};

export class SizeAsker {
  readonly #port: Port;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #next: Size | null = null;

  constructor(port: Port) {
    this.#port = port;
  }

  /** The first size goes at once; those that follow within the interval wait for its end. */
  ask(size: Size): void {
    this.#next = size;
    if (this.#timer === null) this.#send();
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#next = null;
  }

  #send(): void {
    const size = this.#next;
    this.#next = null;
    this.#timer = null;
    if (size === null) return;
    this.#timer = setTimeout(() => {
      this.#send();
    }, RESIZE_INTERVAL_MS);
    this.#port.ask(size).then(
      () => {
        this.#port.onAnswered(size);
      },
      () => {
        // Without a connection, or for a program that has ended, the size stays as it is: the policy is told.
        this.#port.onRefused();
      },
    );
  }
}
