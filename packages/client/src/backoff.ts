/** Exponential back-off with full jitter: pure, so that the delays can be tested without a clock. */

/** `enabled: false` makes one attempt and no more. Delays in ms. */
export type ReconnectOptions = {
  readonly enabled: boolean;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
};

/**
 * The delay before the next try after `failures` failures in a row (1 or more): evenly distributed between 0 and
 * `min(maxDelayMs, baseDelayMs * 2^(failures - 1))`, so that many clients of one daemon do not come back together.
 * `random` is in [0, 1).
 */
export function backoffDelayMs(failures: number, options: ReconnectOptions, random: number): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 30);
  const ceiling = Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** exponent);
  return Math.floor(random * ceiling);
}
