/**
 * Puts what arrives into the order of its numbers and drops what arrived before: scripts may be lost, and what
 * was handed over again may come twice.
 */
export class Sequencer<Item> {
  #last = 0;
  readonly #early = new Map<number, Item>();
  readonly #take: (item: Item) => void;

  /** `take` gets each item once, in order. It must not throw. */
  constructor(take: (item: Item) => void) {
    this.#take = take;
  }

  /** Everything up to this number has been taken. */
  get last(): number {
    return this.#last;
  }

  /** So many have arrived before their turn. */
  get early(): number {
    return this.#early.size;
  }

  /** One item has arrived. What is kept for later is bounded by the credit that Rust gives. */
  push(seq: number, item: Item): void {
    if (seq <= this.#last) return;
    if (seq !== this.#last + 1) {
      this.#early.set(seq, item);
      return;
    }
    this.#last = seq;
    this.#take(item);
    while (this.#early.size > 0) {
      const next = this.#early.get(this.#last + 1);
      if (next === undefined) return;
      this.#last += 1;
      this.#early.delete(this.#last);
      this.#take(next);
    }
  }
}
