/** Time, chance and timers as the client uses them, so that tests can hold all three still. */
export type ClientClock = {
  /** Milliseconds since 1970 (UTC), as `Date.now()`. */
  readonly now: () => number;
  /** A number in [0, 1), as `Math.random()`. */
  readonly random: () => number;
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
};

export const systemClock: ClientClock = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (callback, delayMs) => globalThis.setTimeout(callback, delayMs),
  clearTimeout: (timer) => {
    globalThis.clearTimeout(timer as ReturnType<typeof globalThis.setTimeout>);
  },
};

/** One timer that can be set again and cancelled; setting it cancels what was set before. */
export class Timer {
  readonly #clock: ClientClock;
  #handle: unknown;
  #armed = false;

  constructor(clock: ClientClock) {
    this.#clock = clock;
  }

  get armed(): boolean {
    return this.#armed;
  }

  /** The callback learns how late it came, in ms: a large value means that the machine or the page slept. */
  set(delayMs: number, callback: (lateMs: number) => void): void {
    this.cancel();
    const due = this.#clock.now() + delayMs;
    this.#armed = true;
    this.#handle = this.#clock.setTimeout(() => {
      this.#armed = false;
      callback(Math.max(0, this.#clock.now() - due));
    }, delayMs);
  }

  cancel(): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#clock.clearTimeout(this.#handle);
  }
}
