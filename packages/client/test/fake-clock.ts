/** A clock that stands still until a test moves it: timers fire in the order of their times, and can be counted. */
import type { ClientClock } from '../src/clock.js';

export class FakeClock implements ClientClock {
  #now = 1_000_000;
  #nextTimer = 1;
  readonly #timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  /** What `random()` returns; the last value repeats. */
  chance = 0.5;

  readonly now = (): number => this.#now;
  readonly random = (): number => this.chance;
  readonly setTimeout = (callback: () => void, delayMs: number): unknown => {
    const timer = this.#nextTimer;
    this.#nextTimer += 1;
    this.#timers.set(timer, { at: this.#now + delayMs, callback });
    return timer;
  };
  readonly clearTimeout = (timer: unknown): void => {
    this.#timers.delete(timer as number);
  };

  get armed(): number {
    return this.#timers.size;
  }

  /** Time passes and every timer fires when it is due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].callback();
    }
    this.#now = end;
  }

  /** The machine sleeps: time passes, no timer fires until it wakes, then all that are due fire late. */
  sleep(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}
