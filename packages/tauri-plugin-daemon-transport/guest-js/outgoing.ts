/**
 * What the page sends, on its way to Rust: gathered into numbered requests, one at a time, repeated when an
 * answer stays out, with acknowledgements riding along. Counts the bytes until the network has them.
 */
import type { TransportErrorEvent } from '@holdfast/client/transport';

import { readError } from './happening.js';
import type { Ipc } from './ipc.js';
import {
  DRAIN_POLL_MAX_MS,
  DRAIN_POLL_MS,
  LINE_BYTES,
  REQUEST_RETRY_MS,
  REQUEST_TRIES,
  SEND_QUEUE_BYTES,
} from './limits.js';
import { Line } from './line.js';
import { namesOf, RequestBody } from './request-body.js';

export class Outgoing {
  readonly #ipc: Ipc;
  readonly #pageId: string;
  readonly #line = new Line();
  readonly #fail: (error: TransportErrorEvent) => void;
  /** Of the connection, once it exists, and of this page. */
  #names: Uint8Array | undefined;
  #bodies: RequestBody[] = [];
  #next = 1;
  /** Bytes in `#bodies` and in the request under way. */
  #queued = 0;
  /** The request under way; what is sent meanwhile goes into the next. */
  #underWay: RequestBody | undefined;
  /** Bytes that waited in Rust when it last said so. */
  #inRust = 0;
  #acknowledged = 0;
  #acknowledgedThere = 0;
  #evaluated = 0;
  #evaluatedThere = 0;
  #busy = false;
  #stopped = false;
  #pollDelay = DRAIN_POLL_MS;
  #poll: ReturnType<typeof setTimeout> | undefined;
  #scheduled = false;
  #idle: (() => void)[] = [];

  /** `fail` is called at most once, when requests can no longer be made. */
  constructor(ipc: Ipc, pageId: string, fail: (error: TransportErrorEvent) => void) {
    this.#ipc = ipc;
    this.#pageId = pageId;
    this.#fail = fail;
  }

  /** Bytes accepted and not yet handed to the network, as far as the page can know. */
  get buffered(): number {
    return this.#queued + this.#inRust;
  }

  /** The connection exists from now on. */
  begin(connectionId: string): void {
    this.#names = namesOf(connectionId, this.#pageId);
    this.#schedule();
  }

  /** Queues one message. False: it does not fit. */
  push(data: string | Uint8Array): boolean {
    // A lower bound of its size is enough here: the exact one is known after encoding.
    if (this.buffered + data.length > SEND_QUEUE_BYTES) return false;
    let body = this.#bodies.at(-1);
    if (!body || body.isFull || body === this.#underWay) {
      body = new RequestBody(this.#next);
      this.#bodies.push(body);
    }
    this.#queued += body.add(data);
    this.#next += 1;
    this.#schedule();
    return this.buffered <= SEND_QUEUE_BYTES;
  }

  /** The page has taken everything up to this number. */
  acknowledge(seq: number): void {
    this.#acknowledged = seq;
    this.#schedule();
  }

  /** The page has evaluated this hand-over: what came before it and was not taken was lost. */
  evaluated(serial: number): void {
    this.#evaluated = Math.max(this.#evaluated, serial);
    this.#schedule();
  }

  /**
   * Both at once, in what a call of Rust gives: a request with what has been sent meanwhile, if it can go this way, or
   * else the number.
   */
  tell(serial: number, seq: number): number | string {
    this.#acknowledged = seq;
    this.#evaluated = Math.max(this.#evaluated, serial);
    const request =
      this.#bodies.length > 0 && !this.#busy ? this.#line.catch(() => void this.#run()) : undefined;
    if (request !== undefined) return request;
    this.#acknowledgedThere = Math.max(this.#acknowledgedThere, seq);
    this.#evaluatedThere = Math.max(this.#evaluatedThere, serial);
    return seq;
  }

  /** Rust has taken the request that {@link Outgoing.tell} gave. */
  answer(answer: unknown): void {
    this.#line.answer(answer);
  }

  /** Rust waits for a request beside Tauri's IPC, and has taken the one before. */
  next(answer: unknown): Promise<string | undefined> {
    return this.#line.next(answer);
  }

  /** Messages are no longer sent; acknowledgements are. */
  drop(): void {
    this.#bodies = this.#bodies.filter((body) => body === this.#underWay);
    this.#queued = this.#bodies[0]?.payload ?? 0;
    this.#inRust = 0;
  }

  /** Settles once everything queued now has been accepted by Rust, or never will be. */
  async drained(): Promise<void> {
    if (this.#stopped || (!this.#busy && !this.#scheduled && this.#bodies.length === 0)) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Nothing more is requested. */
  stop(): void {
    this.#stopped = true;
    this.#bodies = [];
    this.#queued = 0;
    this.#inRust = 0;
    clearTimeout(this.#poll);
    this.#line.end();
    this.#settle();
  }

  #schedule(): void {
    if (this.#scheduled || this.#busy || this.#stopped || this.#names === undefined) return;
    this.#scheduled = true;
    // After the handlers of this turn: what they send goes along.
    queueMicrotask(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#busy || this.#names === undefined) return;
    this.#busy = true;
    try {
      while (!this.#isStopped() && (this.#bodies.length > 0 || this.#owesAnswer())) {
        await this.#request(this.#names);
      }
    } catch (thrown) {
      if (!this.#isStopped()) {
        this.stop();
        this.#fail(readError(thrown));
      }
    } finally {
      this.#busy = false;
      this.#settle();
    }
    this.#watchRust();
  }

  /** Read through a method: it changes while requests are awaited. */
  #isStopped(): boolean {
    return this.#stopped;
  }

  #owesAnswer(): boolean {
    return this.#acknowledged > this.#acknowledgedThere || this.#evaluated > this.#evaluatedThere;
  }

  async #request(names: Uint8Array): Promise<void> {
    const body = this.#bodies[0] ?? new RequestBody(this.#next);
    const acknowledged = this.#acknowledged;
    const evaluated = this.#evaluated;
    const bytes = body.finish({ names, acknowledged, evaluated });
    this.#underWay = body;
    const inRust = await this.#attempt(bytes);
    this.#underWay = undefined;
    this.#acknowledgedThere = Math.max(this.#acknowledgedThere, acknowledged);
    this.#evaluatedThere = Math.max(this.#evaluatedThere, evaluated);
    if (this.#stopped) return;
    if (this.#bodies[0] === body) {
      this.#bodies.shift();
      this.#queued -= body.payload;
    }
    this.#inRust = inRust;
  }

  /** Makes one request; without an answer in time, the same again. */
  async #attempt(bytes: Uint8Array): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      const request =
        bytes.length <= LINE_BYTES && this.#line.isFree ? this.#line.send(bytes) : this.#ipc.send(bytes);
      const answer = await inTime(request, REQUEST_RETRY_MS);
      if (answer !== undefined) return answer;
      if (attempt === REQUEST_TRIES || this.#stopped) {
        throw new Error(`the app has not answered within ${REQUEST_TRIES * REQUEST_RETRY_MS} ms`);
      }
    }
  }

  /** Rust does not tell when its queue drains: while something waits there, it is asked now and then. */
  #watchRust(): void {
    clearTimeout(this.#poll);
    if (this.#inRust === 0 || this.#stopped) {
      this.#pollDelay = DRAIN_POLL_MS;
      return;
    }
    this.#poll = setTimeout(() => {
      if (this.#busy || this.#stopped) return;
      // An acknowledgement that is already known changes nothing, and its answer tells what is left.
      this.#acknowledgedThere = -1;
      this.#schedule();
    }, this.#pollDelay);
    this.#pollDelay = Math.min(this.#pollDelay * 2, DRAIN_POLL_MAX_MS);
  }

  #settle(): void {
    if (this.#bodies.length > 0 && !this.#stopped) return;
    const waiting = this.#idle;
    this.#idle = [];
    waiting.forEach((resolve) => resolve());
  }
}

async function inTime<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
