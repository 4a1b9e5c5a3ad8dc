/** Ends what a test started, newest first, also where the test failed; the first failure of ending is told. */
export class CleanUp {
  readonly #actions: (() => Promise<unknown>)[] = [];

  /** Remembers how `it` is ended, and gives it back. */
  add<T>(it: T, end: (it: T) => Promise<unknown>): T {
    this.#actions.push(() => end(it));
    return it;
  }

  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const action of this.#actions.splice(0).reverse()) {
      try {
        await action();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'something could not be ended');
  }
}
