/** A set of listeners: each can be removed by its own unsubscriber, and one that throws does not disturb the others. */

/** Told of an exception that a listener threw. */
export type ListenerErrorReporter = (error: unknown) => void;

/** Browsers have `reportError`, which shows the exception as uncaught without ending anything; else it is printed. */
export const reportListenerError: ListenerErrorReporter = (error) => {
  const report = (globalThis as { reportError?: (error: unknown) => void }).reportError;
  if (typeof report === 'function') report.call(globalThis, error);
  else console.error('A listener threw:', error);
};

export class Listeners<Arguments extends readonly unknown[]> {
  readonly #entries = new Set<{ readonly listener: (...values: Arguments) => void }>();
  readonly #report: ListenerErrorReporter;

  constructor(report: ListenerErrorReporter = reportListenerError) {
    this.#report = report;
  }

  /** The same function may be added twice; each addition has its own unsubscriber. */
  add(listener: (...values: Arguments) => void): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  emit(...values: Arguments): void {
    for (const entry of [...this.#entries]) {
      if (!this.#entries.has(entry)) continue;
      try {
        entry.listener(...values);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}
