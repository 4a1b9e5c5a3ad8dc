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
  SPARE_BYTES,
} from './limits.js';
import { Line } from './line.js';
import type { Outcome } from './line.js';
import { namesOf, RequestBody } from './request-body.js';

/** One request, until Rust has answered it. */
type UnderWay = {
  readonly body: RequestBody;
  readonly bytes: Uint8Array;
  readonly acknowledged: number;
  readonly evaluated: number;
  tries: number;
  retry?: ReturnType<typeof setTimeout>;
};

export class Outgoing {
  readonly #ipc: Ipc;
  readonly #pageId: string;
  readonly #line = new Line();
  readonly #fail: (error: TransportErrorEvent) => void;
  /** Of the connection, once it exists, and of this page. */
  #names: Uint8Array | undefined;
  #bodies: RequestBody[] = [];
  #next = 1;
  /** Bytes in `#bodies`, that of the request under way included. */
  #queued = 0;
  /** One at a time; what is sent meanwhile goes into the next. */
  #underWay: UnderWay | undefined;
  /** Room for a next body: a flood would leave the engine some 250 KiB of garbage with every request. */
  #spare: Uint8Array | undefined;
  /** Bytes that waited in Rust when it last said so. */
  #inRust = 0;
  #acknowledged = 0;
  #acknowledgedThere = 0;
  #evaluated = 0;
  #evaluatedThere = 0;
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
    if (!body || body.isFull || body === this.#underWay?.body) {
      body = this.#begun();
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
    const request = this.#bodies.length > 0 ? this.#line.catch(() => this.#request()) : undefined;
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
    this.#bodies = this.#bodies.filter((body) => body === this.#underWay?.body);
    this.#queued = this.#bodies[0]?.payload ?? 0;
    this.#inRust = 0;
  }

  /** Settles once everything queued now has been accepted by Rust, or never will be. */
  async drained(): Promise<void> {
    if (this.#stopped || (!this.#underWay && !this.#scheduled && this.#bodies.length === 0)) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Nothing more is requested. */
  stop(): void {
    this.#stopped = true;
    this.#bodies = [];
    this.#queued = 0;
    this.#inRust = 0;
    clearTimeout(this.#poll);
    clearTimeout(this.#underWay?.retry);
    this.#underWay = undefined;
    this.#spare = undefined;
    this.#line.end();
    this.#settle();
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay || this.#stopped || this.#names === undefined) return;
    this.#scheduled = true;
    // After the handlers of this turn: what they send goes along.
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#request();
    });
  }

  get #hasNews(): boolean {
    return (
      this.#bodies.length > 0 ||
      this.#acknowledged > this.#acknowledgedThere ||
      this.#evaluated > this.#evaluatedThere
    );
  }

  /** A body for what comes next, in the room that is spare. */
  #begun(): RequestBody {
    const room = this.#spare;
    this.#spare = undefined;
    return new RequestBody(this.#next, room);
  }

  /** Makes the next request, if there is something to say and none is under way. */
  #request(): void {
    if (this.#underWay || this.#stopped || this.#names === undefined) return;
    if (!this.#hasNews) {
      this.#rest();
      return;
    }
    const body = this.#bodies[0] ?? this.#begun();
    const acknowledged = this.#acknowledged;
    const evaluated = this.#evaluated;
    const bytes = body.finish({ names: this.#names, acknowledged, evaluated });
    this.#underWay = { body, bytes, acknowledged, evaluated, tries: 0 };
    this.#attempt(this.#underWay);
  }

  /** Without an answer in time the same is requested again: its number makes it take effect once. */
  #attempt(request: UnderWay): void {
    request.tries += 1;
    const outcome: Outcome = {
      taken: (inRust) => this.#taken(request, inRust),
      failed: (thrown) => this.#failed(request, thrown),
    };
    request.retry = setTimeout(() => {
      if (request.tries < REQUEST_TRIES) this.#attempt(request);
      else
        outcome.failed(new Error(`the app has not answered within ${REQUEST_TRIES * REQUEST_RETRY_MS} ms`));
    }, REQUEST_RETRY_MS);
    if (request.bytes.length <= LINE_BYTES && this.#line.isFree) this.#line.send(request.bytes, outcome);
    else this.#ipc.send(request.bytes).then(outcome.taken, outcome.failed);
  }

  #taken(request: UnderWay, inRust: number): void {
    // The answer to an earlier attempt counts as well; a second one does not.
    if (this.#underWay !== request) return;
    clearTimeout(request.retry);
    this.#underWay = undefined;
    this.#acknowledgedThere = Math.max(this.#acknowledgedThere, request.acknowledged);
    this.#evaluatedThere = Math.max(this.#evaluatedThere, request.evaluated);
    if (this.#bodies[0] === request.body) {
      this.#bodies.shift();
      this.#queued -= request.body.payload;
    }
    this.#spare = request.body.release();
    this.#inRust = inRust;
    if (this.#hasNews) this.#schedule();
    else this.#rest();
  }

  #failed(request: UnderWay, thrown: unknown): void {
    if (this.#underWay !== request) return;
    this.stop();
    this.#fail(readError(thrown));
  }

  /** There is nothing to say for now. */
  #rest(): void {
    if (this.#spare && this.#spare.length > SPARE_BYTES) this.#spare = undefined;
    this.#settle();
    this.#watchRust();
  }

  /** Rust does not tell when its queue drains: while something waits there, it is asked now and then. */
  #watchRust(): void {
    clearTimeout(this.#poll);
    if (this.#inRust === 0 || this.#stopped) {
      this.#pollDelay = DRAIN_POLL_MS;
      return;
    }
    this.#poll = setTimeout(() => {
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
