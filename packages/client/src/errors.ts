/** The error of this package: every rejection of `DaemonClientV2` is a `DaemonClientError` with a stable code. */

/**
 * | code | meaning |
 * |---|---|
 * | `not_connected` | there is no connection now; nothing was sent |
 * | `connection_lost` | the connection ended before the answer; the request may or may not have taken effect |
 * | `aborted` | the caller's signal was aborted |
 * | `stopped_by_user` | `close()` or `stopRetrying()` was called |
 * | `invalid_params` | the parameters do not fit the method; nothing was sent |
 * | `invalid_response` | the daemon's answer does not fit the method |
 * | `message_too_big` | the request is over the size the daemon accepts; nothing was sent |
 * | `too_many_requests` | too many requests wait for an answer; nothing was sent |
 * | `websocket_missing` | this platform has no WebSocket; a transport factory must be given |
 * | any code of a {@link DisconnectReason} | `connect()` ended with that reason |
 * | any code of the protocol's `ERROR_CODES` | the daemon refused the request |
 */
export class DaemonClientError extends Error {
  override readonly name = 'DaemonClientError';
  /** Stable, for programs. */
  readonly code: string;
  /** Whether the same call may succeed later without a change on this side. */
  readonly retryable: boolean;
  /** HTTP status, where the cause was a refused upgrade. */
  readonly status: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; status?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.status = options.status;
  }
}
