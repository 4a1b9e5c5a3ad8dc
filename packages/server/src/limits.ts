/** Every limit of the daemon and the command that the protocol does not state, in bytes or ms, each with its reason. */

/**
 * Output kept for each terminal, in bytes: 64 MiB, what a viewer may miss in a lost connection or behind a busy page and
 * still get whole. 16 MiB were measured to be too few: a page on two busy cores fell further behind a flood of 50 MB.
 */
export const OUTPUT_RECORD_BYTES = 64 * 1024 * 1024;
/** Output kept for all terminals together, in bytes: 256 MiB; the largest records give first. */
export const TOTAL_OUTPUT_RECORD_BYTES = 256 * 1024 * 1024;
/** What a record keeps even when the total is used up, in bytes: above what the screen may lag behind, so that a snapshot always joins the record. */
export const MIN_OUTPUT_RECORD_BYTES = 1024 * 1024;
/** Output is kept in blocks of this size, in bytes: 64 KiB, so that single keystrokes cost no object each. */
export const RECORD_BLOCK_BYTES = 64 * 1024;
/** Changes of size kept with a record: older ones are merged. Nobody resizes a thousand times within 64 MiB to some purpose. */
export const MAX_RESIZE_MARKS = 1000;

/** Output that waits for the screen before the program is held back, in bytes of UTF-8: 512 KiB, some 50 ms of parsing. */
export const SCREEN_BACKLOG_HIGH_BYTES = 512 * 1024;
/** The program goes on when so little waits, in bytes. */
export const SCREEN_BACKLOG_LOW_BYTES = 128 * 1024;
/** The screen gives way to everything else after this time, in ms: 8 ms, so that a key is echoed during a flood. */
export const SCREEN_SLICE_MS = 8;
/** Text handed to the screen at once, in code units: 16 KiB, about 2 ms. */
export const SCREEN_CHUNK_LENGTH = 16 * 1024;
/** Lines above the screen that a snapshot can show: 5,000, some 4 MiB a terminal at 100 columns. */
export const SCROLLBACK_LINES = 5000;
/** Largest snapshot, in bytes of UTF-8: 4 MiB. A larger one holds fewer lines above the screen, never less than the screen. */
export const MAX_SNAPSHOT_BYTES = 4 * 1024 * 1024;
/** An unfinished escape sequence kept for a snapshot, in code units: 64 KiB; longer ones are strings without effect on the screen. */
export const MAX_UNFINISHED_SEQUENCE_LENGTH = 64 * 1024;

/** Input that waits because the program does not read it, in bytes: 1 MiB, a large paste. */
export const INPUT_QUEUE_BYTES = 1024 * 1024;
/** Input that did not fit is tried again after this time, in ms: 64 KiB take some 16 tries of 4 KiB. */
export const INPUT_RETRY_MS = 5;
/** From SIGHUP to SIGKILL when a terminal is closed, in ms. */
export const KILL_AFTER_MS = 5_000;
/** From SIGHUP to SIGKILL when the daemon ends, in ms: shorter, somebody waits for it. */
export const SHUTDOWN_KILL_AFTER_MS = 2_000;
/** After SIGKILL a terminal counts as ended after this time, in ms, even if the system has not said so. */
export const KILL_GRACE_MS = 2_000;
/** How often the foreground program is looked up, in ms. */
export const FOREGROUND_INTERVAL_MS = 1_000;
/** Output is read for so long after a program's end while something still writes, in bytes: 1 MiB (a background job may write for ever). */
export const DRAIN_AFTER_EXIT_BYTES = 1024 * 1024;
/** How much of it is read at once, in bytes. */
export const DRAIN_READ_BYTES = 64 * 1024;
/** Arguments shown in the list of terminals, in code units: the rest is cut, so that the list stays small. */
export const MAX_SHOWN_ARGUMENTS_LENGTH = 2048;

/** One terminal is announced as updated at most once in this time, in ms: four times a second. */
export const UPDATE_INTERVAL_MS = 250;

/** Largest WebSocket message that is read at all, in bytes: 4 MiB. Above the protocol's limit, so that the close can say why (4413). */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** Output is held back while this much waits in one connection's socket, in bytes: 1 MiB, so that answers are never far behind. */
export const SEND_HIGH_WATER_BYTES = 1024 * 1024;
/** A connection that lets this much wait is closed with 4430, in bytes: 16 MiB, more than output alone can reach. */
export const MAX_SEND_BUFFER_BYTES = 16 * 1024 * 1024;
/** Messages of one connection that could not be read before it is closed with 4400. */
export const MAX_VIOLATIONS = 10;
/** WebSocket connections at once unless `--max-connections` says otherwise: a person's windows, with room. Above it: close 4429. */
export const DEFAULT_MAX_CONNECTIONS = 100;
/**
 * Highest `--max-connections`, for memory: a client that does not read holds at most {@link SEND_HIGH_WATER_BYTES} of output,
 * 1 GiB for 1,000 of them, which a computer can spare. Only clients that also ask and ask without reading the answers come to
 * {@link MAX_SEND_BUFFER_BYTES} each; 1,000 of those would hold 16 GiB until they are closed.
 */
export const HIGHEST_MAX_CONNECTIONS = 1000;
/** Whether a daemon may be told to take so many connections. */
export function isMaxConnections(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= HIGHEST_MAX_CONNECTIONS;
}
/** Sockets besides the allowed WebSockets: for HTTP (a browser opens 6 for each page), and for upgrades that are told why they are refused. */
export const OTHER_SOCKETS = 156;
/**
 * Connections at once, HTTP and WebSocket, 256 by default: over TCP, and as many again over the socket, so that strangers
 * on TCP keep no one out of it.
 */
export function maxSocketsFor(maxConnections: number): number {
  return maxConnections + OTHER_SOCKETS;
}
/** Files that the daemon has open besides connections and terminals: some 22 at its start, and room for HTTP, the log and starting programs. */
export const OWN_OPEN_FILES = 64;
/** Refused credentials within {@link GUESS_WINDOW_MS} before further ones are answered by 429: room for several clients that hold an old token. */
export const MAX_GUESSES = 20;
/** The time within which they are counted, in ms. */
export const GUESS_WINDOW_MS = 10_000;
/** Least that a viewer may fall behind before a gap, in bytes: one output message. */
export const MIN_BEHIND_BYTES = 64 * 1024;

/** Time for a complete request head, in ms: 10 s (Node's default is 60 s). */
export const HEADERS_TIMEOUT_MS = 10_000;
/** Time for a complete request, in ms. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** How often Node checks these two, in ms (its default is 30 s). */
export const TIMEOUT_CHECK_MS = 2_000;
/** An idle HTTP connection is closed after this time, in ms. */
export const KEEP_ALIVE_MS = 5_000;
/** Largest request head, in bytes: 16 KiB. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** From the close frame to the end of the socket, in ms. */
export const CLOSE_TIMEOUT_MS = 2_000;

/** One log file, in bytes: 5 MiB; with the older ones at most 15 MiB on disk. */
export const LOG_FILE_BYTES = 5 * 1024 * 1024;
/** Older log files kept (`daemon.log.1`, `daemon.log.2`). */
export const LOG_FILES_KEPT = 2;
/** After a failed write the log file is tried again after this time, in ms. */
export const LOG_RETRY_MS = 10_000;

/** How long `holdfast daemon start` waits until the daemon answers, in ms. */
export const START_TIMEOUT_MS = 15_000;
/** How long `holdfast daemon stop` waits until the daemon has ended, in ms. */
export const STOP_TIMEOUT_MS = 15_000;
/** How long a start waits for another one on the same state directory, in ms: below {@link START_TIMEOUT_MS}, so that it can say so. */
export const START_LOCK_WAIT_MS = 12_000;
/** How often it looks, in ms. */
export const START_LOCK_INTERVAL_MS = 100;
/** A start that was killed leaves its lock; after this time without a sign of life the next one takes it, in ms. A live one gives a sign every half of it. */
export const START_LOCK_STALE_MS = 8_000;
/** How long a question to `/api/health` may take, in ms. */
export const HEALTH_TIMEOUT_MS = 2_000;
/**
 * Longest path of a Unix socket, in bytes: `sun_path` with its final NUL holds 108 on Linux (unix(7)) and 104 on macOS and
 * the BSDs (sys/un.h). A longer one would be cut without a word.
 */
export const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
/** How long a socket that was found is asked whether somebody listens, in ms; silence counts as somebody. */
export const SOCKET_PROBE_TIMEOUT_MS = 2_000;
/** Largest runtime file, in bytes: 16 KiB; ours have less than 1 KiB. */
export const MAX_RUNTIME_FILE_BYTES = 16 * 1024;
/** Largest file the state directory may hold that is read whole, in bytes. */
export const MAX_STATE_FILE_BYTES = 64 * 1024;
