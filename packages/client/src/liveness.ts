/**
 * Whether the daemon is still there: pings when it is silent, measures latency, says `stalled` when an answer is owed for
 * 5 s, and `unresponsive` when a ping got none within the protocol's deadline. A timer that comes much too late means that
 * the machine or the page slept: then nothing is concluded but asked again.
 */
import { PONG_TIMEOUT_MS } from '@holdfast/protocol';
import { Timer, type ClientClock } from './clock.js';
import { CLIENT_PING_INTERVAL_MS, SLEEP_DETECTION_MS, STALLED_AFTER_MS } from './limits.js';

export type LivenessEvents = {
  readonly sendPing: (id: number) => void;
  readonly onLatency: (latencyMs: number) => void;
  /** Since when an answer is owed, or undefined when it came. Called at changes only. */
  readonly onStalled: (unansweredSince: number | undefined) => void;
  readonly onUnresponsive: () => void;
};

export class Liveness {
  readonly #clock: ClientClock;
  readonly #events: LivenessEvents;
  readonly #pingTimer: Timer;
  readonly #stallTimer: Timer;
  readonly #pongTimer: Timer;
  #heardAt: number;
  #nextPingId = 1;
  #ping: { readonly id: number; readonly sentAt: number } | undefined;
  /** When the first thing was sent that has not been followed by any message. */
  #owedSince: number | undefined;
  #stalled = false;

  constructor(clock: ClientClock, events: LivenessEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#pingTimer = new Timer(clock);
    this.#stallTimer = new Timer(clock);
    this.#pongTimer = new Timer(clock);
    this.#heardAt = clock.now();
  }

  /** Called at the welcome: the first ping tells the latency at once. */
  start(): void {
    this.#heardAt = this.#clock.now();
    this.probe();
    this.#watch();
  }

  stop(): void {
    this.#pingTimer.cancel();
    this.#stallTimer.cancel();
    this.#pongTimer.cancel();
  }

  /** Any message from the daemon is a sign of life. Cheap: a flood of output sets no timer. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    // What was on its way before the ping is a sign of life and no answer to it.
    this.#owedSince = this.#ping === undefined ? undefined : this.#heardAt;
    if (this.#stalled) {
      this.#stalled = false;
      this.#events.onStalled(undefined);
    }
  }

  pong(id: number): void {
    if (this.#ping?.id !== id) return;
    this.#events.onLatency(Math.max(0, this.#clock.now() - this.#ping.sentAt));
    this.#ping = undefined;
    this.#owedSince = undefined;
    this.#pongTimer.cancel();
  }

  /** A request was sent: an answer is owed. */
  requestSent(): void {
    this.#owe();
  }

  /** Asks now, e.g. because the page was shown again. Does nothing while a ping is on its way. */
  probe(): void {
    if (this.#ping !== undefined) return;
    const ping = { id: this.#nextPingId, sentAt: this.#clock.now() };
    this.#nextPingId += 1;
    this.#ping = ping;
    this.#owe();
    this.#awaitPong(PONG_TIMEOUT_MS);
    this.#events.sendPing(ping.id);
  }

  #awaitPong(waitMs: number): void {
    this.#pongTimer.set(waitMs, (lateMs) => {
      const silentMs = this.#clock.now() - this.#heardAt;
      if (lateMs > SLEEP_DETECTION_MS) {
        // After a sleep the deadline says nothing: ask once more.
        this.#ping = undefined;
        this.probe();
      } else if (silentMs < PONG_TIMEOUT_MS) this.#awaitPong(PONG_TIMEOUT_MS - silentMs);
      else this.#events.onUnresponsive();
    });
  }

  #owe(): void {
    this.#owedSince ??= this.#clock.now();
    if (this.#stallTimer.armed) return;
    this.#stallTimer.set(STALLED_AFTER_MS, (lateMs) => {
      this.#checkStalled(lateMs);
    });
  }

  #checkStalled(lateMs: number): void {
    const since = this.#owedSince;
    if (since === undefined) return;
    const remaining =
      lateMs > SLEEP_DETECTION_MS ? STALLED_AFTER_MS : since + STALLED_AFTER_MS - this.#clock.now();
    if (remaining > 0) {
      this.#stallTimer.set(remaining, (late) => {
        this.#checkStalled(late);
      });
      return;
    }
    this.#stalled = true;
    this.#events.onStalled(since);
    this.probe();
  }

  /** One timer for each interval, however many messages come. */
  #watch(): void {
    const wait = Math.max(1, this.#heardAt + CLIENT_PING_INTERVAL_MS - this.#clock.now());
    this.#pingTimer.set(wait, () => {
      if (this.#clock.now() - this.#heardAt >= CLIENT_PING_INTERVAL_MS) {
        this.probe();
        this.#pingTimer.set(CLIENT_PING_INTERVAL_MS, () => {
          this.#watch();
        });
      } else this.#watch();
    });
  }
}
