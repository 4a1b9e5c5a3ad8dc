/** Deadlines of the tests in windows. Each is far above what a slow machine needs: it ends a hang, it measures nothing. */

/** For anything that should happen in a page or a daemon, in ms. */
export const DEADLINE_MS = 30_000;

/** For a window to open and show its page, in ms: the first WebKit process on a cold disk is slow. */
export const WINDOW_DEADLINE_MS = 60_000;

/** For 50 MB through a terminal, in ms. */
export const FLOOD_DEADLINE_MS = 150_000;

/** For a process to end after it was asked to, in ms; then it is killed. */
export const END_DEADLINE_MS = 5_000;

/** Between two looks at a condition, in ms. */
export const LOOK_INTERVAL_MS = 25;
