/** What `window.__holdfast` of the app gives to a test; the app documents it where it is declared. */

export type ConnectionSnapshot = {
  readonly status: string;
  readonly [field: string]: unknown;
};

type Size = { readonly cols: number; readonly rows: number };

/** The terminal that is shown. */
export type ScreenSnapshot = {
  /** What fits the window, what the terminal has, and what was asked for and not answered yet. */
  readonly size: { readonly fit: Size | null; readonly size: Size | null; readonly asked: Size | null };
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
