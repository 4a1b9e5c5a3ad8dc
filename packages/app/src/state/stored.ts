/** What this window keeps over its restarts, in the browser's local storage, checked when it is read back. */
import type * as z from 'zod';

/** Reads a value. Anything that is missing, unreadable or of another form is the default. */
export function readStored<T>(key: string, schema: z.ZodType<T>, fallback: T): T {
  try {
    const text = localStorage.getItem(key);
    if (text === null) return fallback;
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : fallback;
  } catch {
    // Storage may be forbidden, and what another version wrote may not be JSON: the default is right for both.
    return fallback;
  }
}

/** Writes a value. A full or forbidden storage leaves the setting valid for this window only. */
export function writeStored(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // See above: nothing is lost but the memory of it.
  }
}
