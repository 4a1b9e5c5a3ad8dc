/**
 * The line: Rust leaves a call with the page, which the page answers with its next request; and while Rust hands
 * something over, the answer to that may be a request as well. Either takes half the time of a request to Tauri's IPC
 * protocol. Not every engine has it, and one request at a time goes over it: the rest takes the way of every command.
 */
import { toBase64 } from './base64.js';
import { readError } from './happening.js';

type Request = (request: string | undefined) => void;

/** What becomes of a request: called once, with the bytes that wait in Rust for the network, or with what went wrong. */
export type Outcome = { taken: (buffered: number) => void; failed: (thrown: unknown) => void };

export class Line {
  /** Answers the call that Rust has left here. Rust leaves one after each answer, until the line ends. */
  #parked: Request | undefined;
  /** Takes the request during a hand-over. */
  #caught: Request | undefined;
  /** Who waits for Rust's answer. */
  #waiting: Outcome | undefined;
  #ended = false;

  /** Whether a request can go now. */
  get isFree(): boolean {
    return this.#parked !== undefined;
  }

  /** Runs `act`, and gives the request that it makes, if it makes one. Not before Rust has opened the line. */
  catch(act: () => void): string | undefined {
    if (!this.isFree) return undefined;
    let caught: string | undefined;
    this.#caught = (request) => (caught = request);
    act();
    this.#caught = undefined;
    return caught;
  }

  /** Rust has taken the request before, with this answer: the bytes that wait for the network, or an error. */
  answer(answer: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (typeof answer === 'number') waiting?.taken(answer);
    else waiting?.failed(readError(answer));
  }

  /** The same, and Rust waits for the next one. */
  next(answer: unknown): Promise<string | undefined> {
    this.answer(answer);
    // Rust leaves one call at a time; if there were another, it is let go of.
    this.#parked?.(undefined);
    this.#parked = undefined;
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((resolve) => (this.#parked = resolve));
  }

  /** Makes a request. Only while {@link Line.isFree}. */
  send(body: Uint8Array, outcome: Outcome): void {
    // Only strings and numbers cross this border unharmed.
    const request = toBase64(body);
    this.#waiting = outcome;
    if (this.#caught) {
      this.#caught(request);
      this.#caught = undefined;
    } else {
      const parked = this.#parked;
      this.#parked = undefined;
      parked?.(request);
    }
  }

  /** Lets go of the call: there will be no further request. */
  end(): void {
    this.#ended = true;
    this.#parked?.(undefined);
    this.#parked = undefined;
  }
}
