/** Waits for a condition, and says what was seen last where it does not come. */
import { inspect } from 'node:util';
import { DEADLINE_MS, LOOK_INTERVAL_MS } from './limits.js';

/** A condition did not come within its deadline. */
export class NeverHappened extends Error {
  override readonly name = 'NeverHappened';
}

/**
 * Looks until `look` gives something other than undefined, null or false, and returns that. A look that throws counts as
 * not yet: a page may be between two documents.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  options: { deadlineMs?: number; lastSeen?: () => unknown } = {},
): Promise<T> {
  const deadline = performance.now() + (options.deadlineMs ?? DEADLINE_MS);
  let lastError: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== null && seen !== false) return seen;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      let seen: unknown;
      try {
        seen = await options.lastSeen?.();
      } catch (error) {
        seen = error;
      }
      const details = [
        lastError === undefined ? '' : inspect(lastError),
        seen === undefined ? '' : `last seen: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`,
      ];
      throw new NeverHappened(
        `${what}: not within ${String(options.deadlineMs ?? DEADLINE_MS)} ms. ${details.join(' ')}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}
