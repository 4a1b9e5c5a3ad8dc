/** Finds the detach key in what is typed: Ctrl-\ twice. A single Ctrl-\ still reaches the program. */

const KEY = 0x1c;
/** A single Ctrl-\ is passed on after this time, in ms: a person presses it twice faster. */
export const DETACH_KEY_WAIT_MS = 500;

export class DetachKey {
  #isHeld = false;

  /** What is to be sent of the typed bytes, and whether the person detaches. */
  typed(bytes: Buffer): { readonly send: Buffer; readonly detach: boolean } {
    const send: number[] = [];
    for (const byte of bytes) {
      if (byte === KEY) {
        if (this.#isHeld) {
          this.#isHeld = false;
          return { send: Buffer.from(send), detach: true };
        }
        this.#isHeld = true;
        continue;
      }
      if (this.#isHeld) send.push(KEY);
      this.#isHeld = false;
      send.push(byte);
    }
    return { send: Buffer.from(send), detach: false };
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The wait is over: the key was meant for the program. */
  release(): Buffer {
    const send = this.#isHeld ? Buffer.from([KEY]) : Buffer.alloc(0);
    this.#isHeld = false;
    return send;
  }
}
