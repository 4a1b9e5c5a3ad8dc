/** What the peer saw of the connections of one name. */
import type { IncomingMessage } from 'node:http';
import { MessageDigest } from './digest.js';
import type { Observation } from './observation.js';

/** Messages that are told in full; of the rest only the digest and the count. */
const TOLD_MESSAGES = 20;
const TOLD_LENGTH = 200;

export class PeerRecord {
  readonly name: string;
  readonly #messages = new MessageDigest();
  readonly #first: string[] = [];
  #headers: Record<string, string> = {};
  #arrived = false;
  #upgraded = false;
  #released = false;
  #open = 0;
  #closeCode: number | null = null;
  #closeReason = '';
  #waiters: { readonly met: () => boolean; readonly resolve: () => void }[] = [];

  constructor(name: string) {
    this.name = name;
  }

  arrive(request: IncomingMessage): void {
    this.#arrived = true;
    this.#open += 1;
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined) this.#headers[name] = Array.isArray(value) ? value.join(', ') : value;
    }
    this.#wake();
  }

  upgrade(): void {
    this.#upgraded = true;
    this.#wake();
  }

  message(data: Buffer, isBinary: boolean): void {
    const message = isBinary ? new Uint8Array(data) : data.toString('utf8');
    this.#messages.add(message);
    if (this.#first.length < TOLD_MESSAGES) {
      this.#first.push(
        typeof message === 'string'
          ? message.slice(0, TOLD_LENGTH)
          : `bytes ${message.slice(0, 20).join(' ')}`,
      );
    }
  }

  close(code: number, reason: string): void {
    this.#closeCode = code;
    this.#closeReason = reason;
  }

  end(): void {
    this.#open -= 1;
    this.#wake();
  }

  release(): void {
    this.#released = true;
    this.#wake();
  }

  whenArrived(): Promise<Observation> {
    return this.#when(() => this.#arrived);
  }
  whenUpgraded(): Promise<Observation> {
    return this.#when(() => this.#upgraded);
  }
  whenEnded(): Promise<Observation> {
    return this.#when(() => this.#arrived && this.#open === 0);
  }
  whenReleased(): Promise<Observation> {
    return this.#when(() => this.#released);
  }

  observation(): Observation {
    return {
      name: this.name,
      arrived: this.#arrived,
      upgraded: this.#upgraded,
      ended: this.#arrived && this.#open === 0,
      headers: this.#headers,
      messages: { count: this.#messages.count, digest: this.#messages.value, first: this.#first },
      closeCode: this.#closeCode,
      closeReason: this.#closeReason,
    };
  }

  #when(met: () => boolean): Promise<Observation> {
    return new Promise((resolve) => {
      this.#waiters.push({
        met,
        resolve: () => {
          resolve(this.observation());
        },
      });
      this.#wake();
    });
  }

  #wake(): void {
    const met = this.#waiters.filter((waiter) => waiter.met());
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const waiter of met) waiter.resolve();
  }
}
