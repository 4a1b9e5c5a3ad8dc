/**
 * The Rust side as the guest library sees it, played by the test: commands are answered when the test says so, and
 * scripts are evaluated when the test evaluates them. The receiver is the real one, from the init script.
 */
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

import type { EventName, PackedFrame, ReferringFrame } from '../guest-js/happening.js';
import type { Ipc, Lane } from '../guest-js/ipc.js';
import type { Receiver } from '../guest-js/receiver.js';
import { createFactory } from '../guest-js/transport.js';

export const CONNECTION = 'c0'.repeat(16);

const INIT_SCRIPT = readFileSync(new URL('../src/init.js', import.meta.url), 'utf8');

/** What the init script offers to Rust, besides what the guest library uses. */
export type FullReceiver = Receiver & {
  deliver: (
    page: string,
    connectionId: string,
    serial: number,
    firstSeq: number,
    frames: readonly PackedFrame[],
  ) => void;
  take: (
    page: string,
    connectionId: string,
    serial: number,
    firstSeq: number,
    frames: string | readonly ReferringFrame[],
    long?: Record<string, string>,
  ) => number | string | undefined;
  answer: (page: string, connectionId: string, answer: unknown) => void;
  next: (page: string, connectionId: string, answer: string) => Promise<string | undefined> | undefined;
  probe: (page: string, connectionId: string, serial: number) => void;
};

export type FakeWindow = {
  top?: unknown;
  __DAEMON_TRANSPORT__?: FullReceiver;
  __TAURI_INTERNALS__: { invoke: (command: string, args: unknown) => Promise<unknown> };
};

/** Runs the init script as a WebView does, in a window of its own. */
export function loadPage(window: FakeWindow, top: unknown = window): FullReceiver | undefined {
  window.top = top;
  runInNewContext(INIT_SCRIPT, { window, crypto: globalThis.crypto, Uint8Array, Object, JSON });
  return window.__DAEMON_TRANSPORT__;
}

/** A decoded `daemon_send`. */
export type SendRequest = {
  connectionId: string;
  pageId: string;
  acknowledged: number;
  evaluated: number;
  first: number;
  frames: (string | Uint8Array)[];
};

export function decode(body: Uint8Array): SendRequest {
  const hex = (from: number) => Buffer.from(body.slice(from, from + 16)).toString('hex');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const frames: (string | Uint8Array)[] = [];
  for (let at = 57; at < body.length;) {
    const bytes = body.slice(at + 5, at + 5 + view.getUint32(at + 1, true));
    frames.push(
      body[at] === 1 ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) : bytes,
    );
    at += 5 + bytes.length;
  }
  return {
    connectionId: hex(1),
    pageId: hex(17),
    acknowledged: Number(view.getBigUint64(33, true)),
    evaluated: Number(view.getBigUint64(41, true)),
    first: Number(view.getBigUint64(49, true)),
    frames,
  };
}

/** A request as the line carries it. */
const decodeLine = (request: string): SendRequest => decode(Uint8Array.from(Buffer.from(request, 'base64')));

export class ScriptedApp {
  readonly receiver: FullReceiver;
  readonly listeners = new Map<EventName, (payload: unknown) => void>();
  readonly connects: { url: string; headers?: Record<string, string>; lane: Lane; page: string }[] = [];
  readonly sends: SendRequest[] = [];
  readonly disconnects: { connectionId: string; page: string; code?: number; reason?: string }[] = [];
  readonly checks: { connectionId: string; page: string }[] = [];
  /** Who waits for the network to come back. */
  readonly online = new Set<() => void>();
  /** How a check is answered. */
  answerCheck: () => Promise<unknown> = () => Promise.resolve(0);
  /** How `daemon_connect` is answered. */
  answerConnect: () => Promise<string> = () => Promise.resolve(CONNECTION);
  /** How `daemon_send` is answered: with the bytes that wait in Rust. */
  answerSend: (request: SendRequest) => Promise<number> = () => Promise.resolve(0);
  /** Number of the last hand-over. */
  serial = 0;
  requestsUnderWay = 0;
  mostRequestsUnderWay = 0;

  constructor() {
    const receiver = loadPage({ __TAURI_INTERNALS__: { invoke: () => Promise.resolve() } });
    if (!receiver) throw new Error('the init script put no receiver in place');
    this.receiver = receiver;
  }

  readonly ipc: Ipc = {
    receiver: () => this.receiver,
    listen: (event, handler) => {
      this.listeners.set(event, handler);
      return Promise.resolve();
    },
    connect: (request) => {
      this.connects.push(request);
      return this.answerConnect();
    },
    send: async (body) => {
      const request = decode(body);
      this.sends.push(request);
      this.requestsUnderWay += 1;
      this.mostRequestsUnderWay = Math.max(this.mostRequestsUnderWay, this.requestsUnderWay);
      try {
        return await this.answerSend(request);
      } finally {
        this.requestsUnderWay -= 1;
      }
    },
    disconnect: (request) => {
      this.disconnects.push(request);
      return Promise.resolve();
    },
    check: (request) => {
      this.checks.push(request);
      return this.answerCheck();
    },
    onOnline: (handler) => {
      this.online.add(handler);
      return () => this.online.delete(handler);
    },
  };

  emit(event: EventName, seq: number, rest: Record<string, unknown> = {}): void {
    this.listeners.get(event)?.({ connectionId: CONNECTION, seq, ...rest });
  }

  deliver(firstSeq: number, ...frames: PackedFrame[]): void {
    this.serial += 1;
    this.receiver.deliver(this.receiver.pageId, CONNECTION, this.serial, firstSeq, frames);
  }

  /** Hands over where Rust hears what a call gives: the last number that was taken, or a request. */
  take(
    firstSeq: number,
    frames: readonly ReferringFrame[],
    long?: Record<string, string>,
  ): number | SendRequest | undefined {
    this.serial += 1;
    // Little crosses as a script, much as JSON.
    const form = long ? JSON.stringify(frames) : frames;
    const given = this.receiver.take(this.receiver.pageId, CONNECTION, this.serial, firstSeq, form, long);
    return typeof given === 'string' ? decodeLine(given) : given;
  }

  /** Answers the request that {@link ScriptedApp.take} gave. */
  answerTaken(answer: unknown): void {
    this.receiver.answer(this.receiver.pageId, CONNECTION, answer);
  }

  /** Leaves a call with the page, with the answer to the request before. Gives the next request, or undefined at the end. */
  async line(answer: unknown = null): Promise<SendRequest | undefined> {
    const request = await this.receiver.next(this.receiver.pageId, CONNECTION, JSON.stringify(answer));
    return request === undefined ? undefined : decodeLine(request);
  }

  probe(): void {
    this.serial += 1;
    this.receiver.probe(this.receiver.pageId, CONNECTION, this.serial);
  }

  /** All messages sent so far, each once, in the order of their numbers. */
  sentFrames(): (string | Uint8Array)[] {
    const frames: (string | Uint8Array)[] = [];
    for (const request of this.sends) {
      request.frames.forEach((frame, index) => (frames[request.first - 1 + index] = frame));
    }
    return frames;
  }

  /** Connects, and notes everything that the handlers are told. */
  connect(options: { url?: string; headers?: Record<string, string>; lane?: Lane } = {}) {
    const { lane, ...rest } = options;
    const transport = createFactory(this.ipc, lane ? { lane } : {})({ url: 'daemon+local:', ...rest });
    const told: unknown[] = [];
    transport.onOpen(() => told.push('open'));
    transport.onMessage((data) => told.push(data));
    transport.onError((error) => told.push(['error', error]));
    transport.onClose((close) => told.push(['close', close]));
    return { transport, told };
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
