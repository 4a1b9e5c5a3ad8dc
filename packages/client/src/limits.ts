/** Every limit of this package, in bytes or milliseconds, each with its reason. Limits of the wire itself are the protocol's. */

/** First delay of the reconnection back-off, in ms: short enough that a restarted daemon is met again at once. */
export const DEFAULT_BASE_DELAY_MS = 500;

/** Longest delay between two tries, in ms: a person who looks at the countdown does not wait longer than this. */
export const DEFAULT_MAX_DELAY_MS = 15_000;

/**
 * A connection that lasted this long, in ms, counts as good and starts the back-off anew. A daemon that accepts and
 * closes at once must not be met in a tight loop.
 */
export const STABLE_AFTER_MS = 10_000;

/** A timer that fires this much late, in ms, means that the machine or the page slept: what it measured is void. */
export const SLEEP_DETECTION_MS = 4_000;

/** Dial and upgrade of a transport, in ms. TCP alone may take 127 s on Linux; a person gives up before. */
export const TRANSPORT_CONNECT_TIMEOUT_MS = 10_000;

/** The client's own deadline for `open`, in ms: above the transport's, so that the transport's better reason comes first. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** From `open` to the daemon's `welcome`, in ms: the daemon only has to look a client id up. */
export const WELCOME_TIMEOUT_MS = 10_000;

/** A transport that reported an error owes a close; it is taken for closed after this time, in ms. */
export const CLOSE_AFTER_ERROR_MS = 1_000;

/** How long a close handshake may take, in ms; then the connection is dropped without it (RFC 6455 section 7.1.1). */
export const CLOSE_HANDSHAKE_TIMEOUT_MS = 3_000;

/**
 * The client pings when it has heard nothing for this long, in ms. It is below the protocol's PING_INTERVAL_MS, so that
 * latency is known and a dead daemon is noticed within STALLED_AFTER_MS of that.
 */
export const CLIENT_PING_INTERVAL_MS = 5_000;

/** An answer that takes longer than this, in ms, makes the connection `stalled` (shown to the person, not yet closed). */
export const STALLED_AFTER_MS = 5_000;

/** WebSocket pings of the transports that have them, in ms: where nothing was heard for this long. */
export const TRANSPORT_PING_INTERVAL_MS = 15_000;

/** Nothing heard for this long after a transport's ping, in ms: the connection is dead. */
export const TRANSPORT_PONG_TIMEOUT_MS = 10_000;

/**
 * Bytes that a transport holds for sending, before `open` and after it: 32 MiB, room for one message of 16 MiB (promise 7)
 * and as much again. Past it the connection fails with `send_queue_full`.
 */
export const SEND_QUEUE_BYTES = 32 * 1024 * 1024;

/** Largest message a transport accepts, in bytes: 16 MiB by promise 7, and 1 KiB so that the limit itself fits. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024 + 1024;

/** Body of a refused upgrade that is kept, in bytes: a page of text says enough. */
export const MAX_REFUSAL_BODY_BYTES = 4096;

/** How long the body of a refused upgrade is waited for, in ms: the status alone is reason enough. */
export const REFUSAL_BODY_TIMEOUT_MS = 2_000;

/** Reason of a close frame, in bytes of UTF-8: a control frame holds 125 bytes, two of them the code (RFC 6455 section 5.5). */
export const MAX_CLOSE_REASON_BYTES = 123;

/** A snapshot in parts is put together up to this size, in bytes of UTF-16: far above any screen with scrollback. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** Taken output is acknowledged at once when it is this much, in bytes: a sixteenth of the window, so the daemon never waits. */
export const ACK_STEP_BYTES = 64 * 1024;

/** Less than that is acknowledged after this time, in ms: one message for a burst of small outputs. */
export const ACK_DELAY_MS = 50;

/** How often one attachment may find its stream broken without any progress before it gives up. */
export const MAX_STREAM_REPAIRS = 3;

/** Events that wait while the list of terminals is being fetched; more, and it is fetched again. */
export const MAX_WAITING_EVENTS = 1000;

/**
 * Messages of the official Tauri plugin carry an index, and one that was lost stalls all later ones for ever. This long, in
 * ms, a missing one is waited for: a message of 16 MiB is fetched by the page and may take seconds.
 */
export const TAURI_MISSING_MESSAGE_TIMEOUT_MS = 15_000;

/**
 * The official plugin answers `connect` before it can send. For this long, in ms, "connection not found" is taken to mean
 * "not yet", and asked again every TAURI_NOT_YET_RETRY_MS.
 */
export const TAURI_NOT_YET_TIMEOUT_MS = 2_000;
export const TAURI_NOT_YET_RETRY_MS = 5;

/**
 * One send through the official plugin may take this long, in ms, before the connection counts as dead: 16 MiB of bytes
 * cross as JSON numbers, which takes seconds, and meanwhile no ping can be sent.
 */
export const TAURI_SEND_TIMEOUT_MS = 60_000;
