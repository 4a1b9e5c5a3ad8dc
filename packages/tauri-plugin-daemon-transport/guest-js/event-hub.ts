/**
 * The page's listeners for the plugin's events: one each, shared by all connections, because listening costs a
 * round trip and cannot be undone safely while it is under way.
 */
import { readEvent } from './happening.js';
import type { EventName, Numbered } from './happening.js';
import type { Ipc } from './ipc.js';
import { EARLY_EVENTS } from './limits.js';

const EVENTS: readonly EventName[] = [
  'daemon://open',
  'daemon://message',
  'daemon://close',
  'daemon://error',
];

export class EventHub {
  readonly #ipc: Ipc;
  readonly #handlers = new Map<string, (event: Numbered) => void>();
  /** Events of connections whose id is still on its way into the page. */
  #early: Numbered[] = [];
  #expected = 0;
  #listening: Promise<void> | undefined;

  constructor(ipc: Ipc) {
    this.#ipc = ipc;
  }

  /** Settles once no event can be missed. A failure is not kept: the next call tries again. */
  async listen(): Promise<void> {
    this.#listening ??= Promise.all(
      EVENTS.map((name) => this.#ipc.listen(name, (payload) => this.#receive(name, payload))),
    ).then(() => undefined);
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }

  /** Runs a connect request. Events that overtake its answer are kept for {@link EventHub.register}. */
  async expect(connect: () => Promise<string>, register: (connectionId: string) => void): Promise<void> {
    this.#expected += 1;
    try {
      register(await connect());
    } finally {
      this.#expected -= 1;
      if (this.#expected === 0) this.#early = [];
    }
  }

  register(connectionId: string, handler: (event: Numbered) => void): void {
    this.#handlers.set(connectionId, handler);
    const waiting = this.#early.filter((event) => event.connectionId === connectionId);
    this.#early = this.#early.filter((event) => event.connectionId !== connectionId);
    waiting.forEach(handler);
  }

  unregister(connectionId: string): void {
    this.#handlers.delete(connectionId);
  }

  #receive(name: EventName, payload: unknown): void {
    const event = readEvent(name, payload);
    if (!event) return;
    const handler = this.#handlers.get(event.connectionId);
    if (handler) handler(event);
    else if (this.#expected > 0 && this.#early.length < EARLY_EVENTS) this.#early.push(event);
  }
}
