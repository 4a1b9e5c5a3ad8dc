/**
 * The limits of protocol version 1, in one place, each with its reason. The daemon announces those that a
 * client must respect in its `welcome`, so that a later daemon can change them without a new version.
 */

/** Version of the protocol that this package describes. */
export const PROTOCOL_VERSION = 1;

/**
 * Largest message a client may send, in bytes of UTF-8: 1 MiB. Requests are small; pasted text is split by
 * the client into inputs of {@link MAX_INPUT_BYTES}. A larger message is answered by close code 4413.
 */
export const MAX_CLIENT_MESSAGE_BYTES = 1024 * 1024;

/** Largest `data` of one `terminal.input`, in bytes of UTF-8: 64 KiB, so that Ctrl-C never waits behind a large paste. */
export const MAX_INPUT_BYTES = 64 * 1024;

/** Largest `data` of one `output` message, in bytes of UTF-8: 64 KiB, so that other messages interleave with a flood. */
export const MAX_OUTPUT_CHUNK_BYTES = 64 * 1024;

/** Largest `data` of one `snapshot` part, in bytes of UTF-8: 256 KiB. A snapshot has as many parts as it needs. */
export const MAX_SNAPSHOT_PART_BYTES = 256 * 1024;

/**
 * Output that the daemon sends on one attachment before the client has acknowledged the earlier bytes:
 * 1 MiB. It bounds what waits in the client; less would starve a fast screen between two acknowledgements.
 */
export const OUTPUT_WINDOW_BYTES = 1024 * 1024;

/**
 * How far a viewer may fall behind before it is handed a gap and a snapshot, where it does not ask for
 * another bound: 2 MiB, about a third of a second of drawing, so that Ctrl-C shows its effect at once.
 */
export const DEFAULT_MAX_BEHIND_BYTES = 2 * 1024 * 1024;

/** Time from the upgrade to a complete `hello`, in ms: 10 s, enough for a sleeping phone, short for a port scanner. */
export const HELLO_TIMEOUT_MS = 10_000;

/** Either side sends a `ping` when it has heard nothing for this long, in ms: 15 s. */
export const PING_INTERVAL_MS = 15_000;

/** A `ping` without any message from the other side within this time, in ms, ends the connection: 10 s. */
export const PONG_TIMEOUT_MS = 10_000;

/** Columns and rows of a terminal, at least and at most: what programs and emulators handle without harm. */
export const MIN_COLS = 2;
export const MAX_COLS = 1000;
export const MIN_ROWS = 1;
export const MAX_ROWS = 500;

/** Length of a title, in UTF-16 code units. */
export const MAX_TITLE_LENGTH = 200;

/** Arguments of a command and variables of an environment: how many, and the length of each in code units. */
export const MAX_ARGUMENTS = 1000;
export const MAX_ARGUMENT_LENGTH = 128 * 1024;
export const MAX_ENVIRONMENT_VARIABLES = 1000;

/** Length of a path, in code units: Linux's PATH_MAX. */
export const MAX_PATH_LENGTH = 4096;

/** Length of an identifier chosen by a client, in code units. */
export const MAX_ID_LENGTH = 64;

/** Terminals that one daemon keeps, ended ones included: each costs a screen and a record of its output. */
export const MAX_TERMINALS = 200;

/** Attachments on one connection. */
export const MAX_ATTACHMENTS = 64;

/** Requests of one connection that wait for their answer. */
export const MAX_PENDING_REQUESTS = 1000;
