/** Exit codes of `holdfast`, in one table; they never change their meaning. */
export const EXIT = {
  ok: 0,
  /** Something failed; the message says what. */
  failure: 1,
  /** The command line was wrong. */
  usage: 2,
  /** No daemon runs, and the command needs one. */
  notRunning: 3,
  /** There is no such terminal. */
  notFound: 4,
  /** The daemon refused this program (origin, protocol version). */
  refused: 5,
} as const;
