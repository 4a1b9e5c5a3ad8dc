/** Every limit of the guest library, in bytes, milliseconds or counts, each with its reason. */

/**
 * Bytes that `send` may hold, from the page to the network: two messages of 16 MiB. Rust accepts as many bytes, so it
 * never has to refuse what was accepted here, unless more than half a million messages wait.
 */
export const SEND_QUEUE_BYTES = 32 * 1024 * 1024;

/** Messages that wait are gathered into requests of about this size: larger ones gain nothing. */
export const REQUEST_BYTES = 1024 * 1024;

/** Size of the first buffer for a request: most carry one keystroke. */
export const FIRST_BUFFER_BYTES = 1024;

/**
 * Requests up to this size go by the line: a keystroke, a resize, a short message. What a flood gathers is better off as
 * the raw body of a request to Tauri's IPC protocol, which is not copied into a string and keeps the page's thread free.
 */
export const LINE_BYTES = 1024;

/** Room for a next request that is kept while nothing is sent: what a busy page gathers, and no flood. */
export const SPARE_BYTES = 64 * 1024;

/** A request without an answer is made again after this time. It is numbered, so it takes effect once. */
export const REQUEST_RETRY_MS = 10_000;

/** So often, before the connection counts as broken. */
export const REQUEST_TRIES = 3;

/** While bytes wait in Rust, it is asked how many are left: first after this time ... */
export const DRAIN_POLL_MS = 20;

/** ... and at most this seldom, in case the network is stuck for long. */
export const DRAIN_POLL_MAX_MS = 500;

/** A close whose answer does not come, from Rust or the peer, ends here. Rust's own deadline is 5 s. */
export const CLOSE_DEADLINE_MS = 10_000;

/** Events for a connection whose id is still on the way, kept until it is known. Lost ones come again. */
export const EARLY_EVENTS = 64;
