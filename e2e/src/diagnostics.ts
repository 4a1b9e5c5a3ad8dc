/** What `window.__holdfast` of the app gives to a test; the app documents it where it is declared. */

export type ConnectionSnapshot = {
  readonly status: string;
  readonly [field: string]: unknown;
};

/** Result of the app's probe: what a second stream of a terminal delivered. */
export type ProbeReport = {
  readonly startOffset: number | null;
  readonly bytes: number;
  readonly sha256: string;
  readonly gaps: readonly unknown[];
  readonly error: string | null;
};
