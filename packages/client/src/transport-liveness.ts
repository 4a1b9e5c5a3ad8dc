/**
 * Finds a peer that no longer answers, by WebSocket pings (RFC 6455 section 5.5.2): after a silence it pings, and gives the
 * peer one deadline. A timer that comes late means that this side was busy or asleep; then nothing is concluded.
 */
import { SLEEP_DETECTION_MS } from './limits.js';

export type TransportLivenessOptions = {
  /** A ping is sent when nothing was heard for this long, in ms. */
  readonly pingIntervalMs: number;
  /** The peer is dead when nothing is heard for this long after a ping, in ms. */
  readonly pongTimeoutMs: number;
  readonly ping: () => void;
  readonly onDead: () => void;
};

export class TransportLiveness {
  readonly #options: TransportLivenessOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heard = false;

  constructor(options: TransportLivenessOptions) {
    this.#options = options;
  }

  /** Any frame is a sign of life. Cheap: a busy connection costs one timer for each interval. */
  heard(): void {
    this.#heard = true;
  }

  start(): void {
    this.#wait(this.#options.pingIntervalMs, () => {
      this.#options.ping();
      this.#wait(this.#options.pongTimeoutMs, this.#options.onDead);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number, onSilence: () => void): void {
    this.#heard = false;
    const due = Date.now() + ms;
    this.#timer = setTimeout(() => {
      if (this.#heard || Date.now() - due > SLEEP_DETECTION_MS) this.start();
      else onSilence();
    }, ms);
  }
}
