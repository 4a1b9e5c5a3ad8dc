/**
 * The transport contract: what carries frames between a client and a daemon, and what every such carrier
 * promises. Types only, so that a transport written elsewhere can depend on the contract and on nothing else.
 *
 * The promises (numbered as in the contract suite, `@holdfast/client/contract`):
 *
 * 1. The factory is synchronous and calls no handler before it has returned.
 * 2. `open` at most once; then messages in the order sent; then `close` exactly once, last.
 * 3. An abrupt end is a `close` with code 1006 within the liveness deadline. Never silence.
 * 4. One failure is one `error` at most, followed by `close`; the error keeps the cause.
 * 5. `send` before `open` is queued in order within a byte limit; past it the connection fails with the
 *    code `send_queue_full`. `send` after `close` does nothing.
 * 6. `close` before `open` cancels the attempt and still ends in one `close`. Codes 1000 and 3000-4999 reach
 *    the peer with their reason; any other becomes 1000 (RFC 6455 section 7.4, and the browser's own rule).
 * 7. Text and binary arrive unaltered.
 * 8. Leaving the page, reloading it or closing the window closes its connections.
 */
export type DaemonTransport = {
  /** Queues one message: a string is a text frame, bytes are a binary frame. Never throws for a closed transport. */
  send: (data: string | Uint8Array) => void;
  /** Starts the close handshake; ends in exactly one `close` event. A second call does nothing. */
  close: (code?: number, reason?: string) => void;
  /**
   * The handler gets a string, a `Uint8Array`, or an object `{ data }` that holds one (as a browser's
   * `MessageEvent` does). Returns its own unsubscriber.
   */
  onMessage: (handler: (data: unknown) => void) => () => void;
  /** Returns its own unsubscriber. */
  onOpen: (handler: () => void) => () => void;
  /** The event is a {@link TransportCloseEvent} where the platform tells that much. Returns its own unsubscriber. */
  onClose: (handler: (event?: unknown) => void) => () => void;
  /** The event is a {@link TransportErrorEvent} where the platform tells a cause. Returns its own unsubscriber. */
  onError: (handler: (event?: unknown) => void) => () => void;
  /** Optional extra: bytes accepted by `send` and not yet handed to the network. */
  readonly bufferedAmount?: number;
};

/** What a factory is told: where to, and the headers of the upgrade request where the platform can set them. */
export type DaemonTransportOptions = {
  url: string;
  headers?: Record<string, string>;
};

/** Makes one transport for one connection attempt. Synchronous; calls no handler before it has returned. */
export type DaemonTransportFactory = (options: DaemonTransportOptions) => DaemonTransport;

/** How a connection ended. Code 1006 means that it ended without a close frame (RFC 6455 section 7.1.5). */
export type TransportCloseEvent = {
  code: number;
  reason: string;
  wasClean: boolean;
};

/**
 * Why a connection failed. `code` is stable and for programs; `message` is a sentence for people. Codes used
 * by our transports:
 *
 * - `connection_refused`: nothing listens at the address.
 * - `connection_reset`: the peer or the network ended the connection without a close frame.
 * - `name_not_resolved`: the host name has no address.
 * - `unreachable`: no route to the address.
 * - `timed_out`: an answer did not come within its deadline (dial, upgrade or liveness).
 * - `upgrade_refused`: the server answered the upgrade with another status; `status` and `body` hold it.
 * - `handshake_failed`: the answer was not a valid WebSocket upgrade (wrong accept key, not HTTP).
 * - `tls`: the TLS session could not be made; the message names the reason. Our plugin tells more: `tls_expired`,
 *   `tls_not_yet_valid`, `tls_wrong_name`, `tls_unknown_issuer`, `tls_pin_mismatch`, `tls_failed` for all others.
 * - `credential_missing`, `credential_mismatch`, `credential_unavailable`, `credential_damaged`: the token that the
 *   application attaches could not be had; nothing was dialled.
 * - `daemon_not_running`, `runtime_file_invalid`, `socket_untrusted`: this user's daemon was not found, or not believed.
 * - `protocol_error`: the peer broke RFC 6455, or sent a message over the limit.
 * - `policy_refused`: this page may not connect there; the message says which capability line would allow it.
 * - `invalid_url`, `invalid_header`: the request itself was wrong.
 * - `send_queue_full`: more was sent than the transport may hold.
 * - `too_many_connections`, `too_many_attempts`: the limit of connections, or of attempts in a time, is reached.
 * - `transport_failed`: the platform told no cause.
 */
export type TransportErrorEvent = {
  code: string;
  message: string;
  /** HTTP status of a refused upgrade. */
  status?: number;
  /** Start of the body of a refused upgrade, at most 4 KiB. */
  body?: string;
};
