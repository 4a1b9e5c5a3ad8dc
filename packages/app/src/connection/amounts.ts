/** How amounts are written for a person: bytes with one decimal, whole seconds that never read 0 too early. */

/** `3.2 MB`, `120 kB`, `12 bytes`. Decimal units, as file managers show them. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} bytes`;
  if (bytes < 1_000_000) return `${String(Math.round(bytes / 1000))} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** Whole seconds until a time, rounded up: it reads 1 until the time has come. At least 0. */
export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}

/** Whole seconds since a time, rounded down. At least 0. */
export function secondsSince(sinceMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
}
