/**
 * What the tests of delivery do in a page: connections that check every message they get by its number and form,
 * answer or send, and can be asked at any time how they are. The other end is `e2e/src/traffic-peer.ts`.
 */
import type { DaemonTransport, DaemonTransportFactory } from '@holdfast/client/transport';

/** What a connection has got so far. */
export type Report = {
  opened: boolean;
  /** Numbered messages, each exactly as it has to be. */
  count: number;
  bytes: number;
  /** What was against order or form; at most ten sentences. */
  wrong: string[];
  /** What the peer said it had sent, once it said so. */
  sent: number | null;
  errors: unknown[];
  closes: unknown[];
};

type Held = { readonly transport: DaemonTransport; readonly report: Report };

/** A numbered message: `<number>:` and one letter that depends on it, to the given size. */
export function numbered(number: number, size: number): string {
  const head = `${String(number)}:`;
  return head + String.fromCharCode(97 + (number % 26)).repeat(Math.max(0, size - head.length));
}

const decoder = new TextDecoder();

/** Blocks the page's main thread for so many milliseconds. */
function keepBusy(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

export class Traffic {
  readonly #held = new Map<string, Held>();

  constructor(readonly factoryOf: (transport: string) => DaemonTransportFactory) {}

  /**
   * Opens a connection and checks what comes. With `throwEvery`, its handler throws at every n-th message. The peer can
   * say `block:<ms>`: a driver could not, because its own answer would wait until the page is free again.
   */
  receive(transport: string, url: string, size: number, throwEvery = 0): void {
    this.#open(transport, url, (report, data) => {
      const text = typeof data === 'string' ? data : decoder.decode(data);
      if (text.startsWith('sent:')) {
        report.sent = Number(text.slice(5));
        return;
      }
      if (text.startsWith('block:')) {
        keepBusy(Number(text.slice(6)));
        return;
      }
      const expected = numbered(report.count + 1, size);
      if (text === expected) {
        report.count += 1;
        report.bytes += text.length;
      } else {
        this.#wrong(report, `${String(report.count + 1)} was expected, and ${text.slice(0, 40)} came`);
      }
      if (throwEvery > 0 && report.count % throwEvery === 0)
        throw new Error('thrown by the handler on purpose');
    });
  }

  /** Opens a connection and answers each message with itself. */
  answer(transport: string, url: string): void {
    const held = this.#open(transport, url, (report, data) => {
      report.count += 1;
      held.transport.send(data);
    });
  }

  /** Sends numbered messages without waiting for anything; those after `first` of an earlier call. */
  send(url: string, first: number, count: number, size: number): number {
    const { transport } = this.#of(url);
    for (let number = first; number < first + count; number += 1) transport.send(numbered(number, size));
    return this.buffered(url);
  }

  buffered(url: string): number {
    const { transport } = this.#of(url);
    if (transport.bufferedAmount === undefined) throw new Error(`${url} tells no bufferedAmount`);
    return transport.bufferedAmount;
  }

  report(url: string): Report {
    return this.#of(url).report;
  }

  close(url: string): void {
    this.#of(url).transport.close(1000, 'the test is over');
  }

  /** Opens and closes connections one after another, a few at a time; resolves with the number of clean closes. */
  async cycle(transport: string, url: string, count: number, atOnce: number): Promise<number> {
    const factory = this.factoryOf(transport);
    let begun = 0;
    let clean = 0;
    const one = (): Promise<void> =>
      new Promise((resolve) => {
        const connection = factory({ url });
        connection.onOpen(() => connection.send('hello'));
        connection.onMessage(() => connection.close(1000, 'again'));
        connection.onClose((event) => {
          if (typeof event === 'object' && event !== null && 'code' in event && event.code === 1000)
            clean += 1;
          resolve();
        });
      });
    const worker = async (): Promise<void> => {
      while (begun < count) {
        begun += 1;
        await one();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return clean;
  }

  #open(transport: string, url: string, take: (report: Report, data: string | Uint8Array) => void): Held {
    const connection = this.factoryOf(transport)({ url });
    const report: Report = {
      opened: false,
      count: 0,
      bytes: 0,
      wrong: [],
      sent: null,
      errors: [],
      closes: [],
    };
    connection.onOpen(() => {
      report.opened = true;
    });
    connection.onMessage((data) => {
      const message = typeof data === 'object' && data !== null && 'data' in data ? data.data : data;
      if (typeof message === 'string' || message instanceof Uint8Array) take(report, message);
      else this.#wrong(report, `a message is a ${typeof message}`);
    });
    connection.onError((event) => report.errors.push(event ?? null));
    connection.onClose((event) => report.closes.push(event ?? null));
    const held = { transport: connection, report };
    this.#held.set(url, held);
    return held;
  }

  #of(url: string): Held {
    const held = this.#held.get(url);
    if (!held) throw new Error(`no connection to ${url} was opened in this page`);
    return held;
  }

  #wrong(report: Report, sentence: string): void {
    if (report.wrong.length < 10) report.wrong.push(sentence);
  }
}
