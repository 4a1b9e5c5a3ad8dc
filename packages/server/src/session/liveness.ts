/**
 * Finds a peer that is gone without a word: after a silence a `ping`, after a further silence the end. It promises
 * that a half-open connection is found within the two limits of the protocol together.
 */
import { PING_INTERVAL_MS, PONG_TIMEOUT_MS } from '@holdfast/protocol';

export class Liveness {
  readonly #sendPing: (id: number) => void;
  readonly #onDead: () => void;
  #timer: NodeJS.Timeout | undefined;
  #lastHeard = performance.now();
  #nextId = 0;

  constructor(sendPing: (id: number) => void, onDead: () => void) {
    this.#sendPing = sendPing;
    this.#onDead = onDead;
    this.#waitForSilence();
  }

  /** Any message of the peer is a sign of life. */
  heard(): void {
    this.#lastHeard = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #waitForSilence(): void {
    const silent = performance.now() - this.#lastHeard;
    this.#timer = setTimeout(
      () => {
        if (performance.now() - this.#lastHeard >= PING_INTERVAL_MS) this.#ask();
        else this.#waitForSilence();
      },
      Math.max(PING_INTERVAL_MS - silent, 1),
    );
  }

  #ask(): void {
    const askedAt = performance.now();
    this.#sendPing(this.#nextId);
    this.#nextId += 1;
    this.#timer = setTimeout(() => {
      if (this.#lastHeard > askedAt) this.#waitForSilence();
      else this.#onDead();
    }, PONG_TIMEOUT_MS);
  }
}
