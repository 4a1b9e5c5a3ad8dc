/**
 * The requests that wait for an answer, in the order in which they were sent. On a disconnect each is kept for sending
 * again or rejected, as the protocol's ON_DISCONNECT says; none is forgotten.
 */
import {
  METHODS,
  ON_DISCONNECT,
  MAX_PENDING_REQUESTS,
  type Method,
  type WireError,
} from '@holdfast/protocol';
import { describeIssues } from '@holdfast/protocol';
import { DaemonClientError } from './errors.js';

type Entry = {
  readonly id: number;
  readonly method: Method;
  /** The encoded request, the same text each time it is sent. */
  readonly text: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: DaemonClientError) => void;
};

export class RequestLedger {
  readonly #entries = new Map<number, Entry>();

  get full(): boolean {
    return this.#entries.size >= MAX_PENDING_REQUESTS;
  }

  add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
  }

  /** The caller no longer waits. The request may have taken effect; its answer will be ignored. */
  forget(id: number): void {
    this.#entries.delete(id);
  }

  /** An answer to an id that nobody waits for is ignored: its caller has aborted. */
  succeed(id: number, result: unknown): void {
    const entry = this.#take(id);
    if (entry === undefined) return;
    const parsed = METHODS[entry.method].result.safeParse(result);
    if (parsed.success) entry.resolve(parsed.data);
    else {
      entry.reject(
        new DaemonClientError(
          'invalid_response',
          `The daemon's answer to ${entry.method} could not be understood: ${describeIssues(parsed.error)}`,
        ),
      );
    }
  }

  fail(id: number, error: WireError): void {
    this.#take(id)?.reject(new DaemonClientError(error.code, error.message));
  }

  /** The connection ended: what may not be repeated is rejected, the rest waits for {@link texts}. */
  connectionLost(message: string): void {
    for (const entry of [...this.#entries.values()]) {
      if (ON_DISCONNECT[entry.method] === 'repeat') continue;
      this.#entries.delete(entry.id);
      entry.reject(
        new DaemonClientError(
          'connection_lost',
          `The connection ended before ${entry.method} was answered; it may or may not have happened. ${message}`,
          { retryable: true },
        ),
      );
    }
  }

  /** Nobody will send again: everything is rejected. */
  rejectAll(error: DaemonClientError): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) entry.reject(error);
  }

  /** What must be sent again, in the order in which it was sent first. */
  texts(): string[] {
    return [...this.#entries.values()].map(({ text }) => text);
  }

  #take(id: number): Entry | undefined {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry;
  }
}
