/** An error with a stable code and a sentence for people; what the daemon and the command throw where a caller can act on it. */
import type { ErrorCode } from '@holdfast/protocol';

/**
 * Codes of the daemon's own start and of its files; requests fail with those of the protocol.
 *
 * | code | meaning |
 * |---|---|
 * | `home_not_writable` | the state directory cannot be made or written |
 * | `home_not_private` | the state directory belongs to somebody else |
 * | `runtime_file_not_private` | `daemon.json` is a link, another user's, or open to others: its token is no secret |
 * | `runtime_file_unreadable` | `daemon.json` exists and cannot be read |
 * | `runtime_file_invalid` | `daemon.json` is damaged |
 * | `already_running` | another daemon serves this state directory |
 * | `start_locked` | another start on this state directory does not end |
 * | `port_in_use` | another program listens on the port |
 * | `socket_in_use` | another daemon listens on the socket of this state directory |
 * | `socket_in_the_way` | something that is no socket of this user lies where the socket is made |
 * | `listen_failed` | the system refused to listen there |
 * | `invalid_origin` | an allowed origin is not of the form scheme://host[:port] |
 * | `invalid_host` | the address to listen on is not a loopback address |
 * | `invalid_max_connections` | the number of connections is not a whole one, or too small or too large |
 */
export type DaemonErrorCode =
  | 'home_not_writable'
  | 'home_not_private'
  | 'runtime_file_not_private'
  | 'runtime_file_unreadable'
  | 'runtime_file_invalid'
  | 'already_running'
  | 'start_locked'
  | 'port_in_use'
  | 'socket_in_use'
  | 'socket_in_the_way'
  | 'listen_failed'
  | 'invalid_origin'
  | 'invalid_host'
  | 'invalid_max_connections';

/** An error that says what happened, to what, and what to do next. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  constructor(
    readonly code: ErrorCode | DaemonErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The code of a system error (`ENOENT`, ...), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** The sentence of any thrown value. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
