/** One connection under test: everything its transport reported, in order, and what of it breaks the contract. */
import type { DaemonTransport, DaemonTransportFactory } from '../transport.js';
import { closeEventOf, errorEventOf } from '../transport-input.js';
import type { TransportCloseEvent, TransportErrorEvent } from '../transport.js';
import { MessageDigest } from './digest.js';

/** Messages kept for looking at; of the rest only the digest and the count. */
const KEPT_MESSAGES = 1000;

export class RecordedConnection {
  readonly url: string;
  readonly transport: DaemonTransport;
  readonly received = new MessageDigest();
  readonly messages: (string | Uint8Array)[] = [];
  /** Sentences about what happened against the contract. */
  readonly violations: string[] = [];
  opened = false;
  error: TransportErrorEvent | undefined;
  closeEvent: TransportCloseEvent | undefined;
  /** True while the factory runs: no handler may be called then. */
  #inFactory = true;
  #waiters: { readonly met: () => boolean; readonly resolve: () => void }[] = [];

  constructor(factory: DaemonTransportFactory, url: string, headers?: Record<string, string>) {
    this.url = url;
    this.transport = factory(headers === undefined ? { url } : { url, headers });
    this.transport.onOpen(() => {
      this.#check('open');
      if (this.opened) this.#violation('open came twice');
      if (this.error !== undefined) this.#violation('open came after error');
      this.opened = true;
      this.#wake();
    });
    this.transport.onMessage((data) => {
      this.#check('a message');
      if (!this.opened) this.#violation('a message came before open');
      const message = asMessage(data);
      if (message === undefined) this.#violation(`a message is neither text nor bytes: ${typeof data}`);
      else {
        this.received.add(message);
        if (this.messages.length < KEPT_MESSAGES) this.messages.push(message);
      }
      this.#wake();
    });
    this.transport.onError((event) => {
      this.#check('error');
      if (this.error !== undefined) this.#violation('error came twice');
      this.error = errorEventOf(url, event);
      if (typeof event !== 'object' || event === null || !('code' in event)) {
        this.#violation('an error came without a code');
      }
      this.#wake();
    });
    this.transport.onClose((event) => {
      this.#check('close');
      this.closeEvent ??= closeEventOf(event);
      this.#wake();
    });
    this.#inFactory = false;
  }

  /** Open, or already over without. */
  async open(): Promise<void> {
    await this.until(() => this.opened || this.closeEvent !== undefined);
    if (!this.opened) throw new Error(`${this.url} did not open: ${this.describe()}`);
  }

  async closed(): Promise<TransportCloseEvent> {
    await this.until(() => this.closeEvent !== undefined);
    return this.closeEvent ?? { code: 1006, reason: '', wasClean: false };
  }

  /** That many messages have come; rejects when the connection ends before. */
  async receivedCount(count: number): Promise<void> {
    await this.until(() => this.received.count >= count || this.closeEvent !== undefined);
    if (this.received.count < count) {
      throw new Error(
        `${this.url} ended after ${String(this.received.count)} of ${String(count)} messages: ${this.describe()}`,
      );
    }
  }

  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ met, resolve });
    });
  }

  describe(): string {
    return JSON.stringify({
      opened: this.opened,
      error: this.error,
      close: this.closeEvent,
      messages: this.received.count,
    });
  }

  #check(what: string): void {
    if (this.#inFactory) this.#violation(`${what} was reported before the factory had returned`);
    if (this.closeEvent !== undefined) this.#violation(`${what} came after close`);
  }

  #violation(sentence: string): void {
    if (this.violations.length < 20) this.violations.push(`${this.url}: ${sentence}`);
  }

  #wake(): void {
    const met = this.#waiters.filter((waiter) => waiter.met());
    if (met.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const waiter of met) waiter.resolve();
  }
}

function asMessage(data: unknown): string | Uint8Array | undefined {
  const inner = typeof data === 'object' && data !== null && 'data' in data ? data.data : data;
  return typeof inner === 'string' || inner instanceof Uint8Array ? inner : undefined;
}
