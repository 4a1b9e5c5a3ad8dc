/** The limits of the frontend in one place, each in bytes, milliseconds or lines, with its reason. */

/** A connection that comes within this time is not announced, in ms: 400. Anything shorter would only flicker. */
export const QUIET_CONNECT_MS = 400;

/** Latency from which the status line shows it without being asked, in ms: 150, where typing begins to feel late. */
export const SHOW_LATENCY_MS = 150;

/** A view this far behind says so in a sentence, in bytes: 2 MiB, where the daemon hands it a snapshot. */
export const SAY_BEHIND_BYTES = 2 * 1024 * 1024;

/** A view this far behind shows the number, in bytes: 256 KiB. Less comes and goes with every screenful. */
export const SHOW_BEHIND_BYTES = 256 * 1024;

/**
 * Lines of scrollback that a view keeps: 5,000, what the daemon's snapshot can hold, about 10 MB a terminal in the
 * emulator; and a few more for the view's own marks, which a full snapshot would push out.
 */
export const SCROLLBACK_LINES = 5000 + 8;

/** Terminals whose screens are kept ready in one window: 8. An older one is drawn again from the daemon. */
export const MAX_KEPT_SCREENS = 8;

/** Time between two reports of how much a view has drawn, in ms: 250. Each redraws the window's frame. */
export const PROGRESS_INTERVAL_MS = 250;

/** Time between two sizes sent while a window is being dragged, in ms: 100. Programs redraw at each of them. */
export const RESIZE_INTERVAL_MS = 100;

/**
 * How far the probe of the diagnostics may fall behind, in bytes: 64 MiB, all that the daemon keeps of a terminal, so that a flood
 * reaches it whole even where the page is busy.
 */
export const PROBE_MAX_BEHIND_BYTES = 64 * 1024 * 1024;

/** A client that no component uses is closed after this time, in ms: 250, longer than strict mode's second mount. */
export const RELEASE_DELAY_MS = 250;

/** Font sizes of the terminal, in CSS px: smaller cannot be read, larger leaves no columns. */
export const MIN_FONT_SIZE = 8;
export const MAX_FONT_SIZE = 32;
export const DEFAULT_FONT_SIZE = 13;

/** Length of a font list that a person may enter, in code units. */
export const MAX_FONT_FAMILY_LENGTH = 200;

/** Width of the window under which the sidebar is a sheet, in CSS px. The same number stands in the media queries. */
export const SHEET_BELOW_PX = 640;

/** Width of the sidebar in CSS px: at least a short title, at most a long path. */
export const MIN_SIDEBAR_PX = 160;
export const MAX_SIDEBAR_PX = 420;
export const DEFAULT_SIDEBAR_PX = 220;

/** Lines of the daemon's log that the page keeps for "Show log": 200. */
export const MAX_LOG_LINES = 200;

/** Text that one paste may hold, in UTF-16 code units: 16 Mi. A larger one is refused with a sentence. */
export const MAX_PASTE_LENGTH = 16 * 1024 * 1024;
