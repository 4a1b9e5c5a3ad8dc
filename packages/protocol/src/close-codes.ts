/**
 * Close codes of `/ws` in one table: which end the connection for good (fatal) and which are tried again
 * (retryable). Codes 4000-4999 are private (RFC 6455 section 7.4.2).
 */

/** What a client does after a close with this code. */
export type CloseCodeEntry = {
  readonly name: string;
  readonly retryable: boolean;
  /** What happened, as a person reads it. */
  readonly meaning: string;
};

/** A connection that ended without a close frame (RFC 6455 section 7.1.5). Never on the wire. */
export const CLOSE_ABNORMAL = 1006;
export const CLOSE_NORMAL = 1000;
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_MESSAGE_TOO_BIG = 1009;
export const CLOSE_INTERNAL_ERROR = 1011;
export const CLOSE_SERVICE_RESTART = 1012;
export const CLOSE_INVALID_MESSAGE = 4400;
export const CLOSE_UNAUTHORIZED = 4401;
export const CLOSE_PROTOCOL_UNSUPPORTED = 4406;
export const CLOSE_HELLO_TIMEOUT = 4408;
export const CLOSE_REPLACED = 4409;
export const CLOSE_MESSAGE_OVER_LIMIT = 4413;
export const CLOSE_TOO_MANY_CONNECTIONS = 4429;
export const CLOSE_SLOW_CLIENT = 4430;
export const CLOSE_UNRESPONSIVE = 4504;

/** The table. A code that is not in it is retryable: an unknown end is no reason to give up. */
export const CLOSE_CODES: ReadonlyMap<number, CloseCodeEntry> = new Map([
  [CLOSE_NORMAL, { name: 'normal', retryable: true, meaning: 'the connection was closed' }],
  [CLOSE_GOING_AWAY, { name: 'going_away', retryable: true, meaning: 'the daemon is stopping' }],
  [1002, { name: 'protocol_error', retryable: false, meaning: 'a frame broke RFC 6455' }],
  [
    1003,
    { name: 'unsupported_data', retryable: false, meaning: 'a binary frame where only text is understood' },
  ],
  [CLOSE_ABNORMAL, { name: 'abnormal', retryable: true, meaning: 'the connection ended without a word' }],
  [1007, { name: 'invalid_data', retryable: false, meaning: 'a text frame was not UTF-8' }],
  [1008, { name: 'policy', retryable: false, meaning: 'the daemon does not accept this client' }],
  [
    CLOSE_MESSAGE_TOO_BIG,
    { name: 'message_too_big', retryable: false, meaning: 'a message was over the limit' },
  ],
  [
    CLOSE_INTERNAL_ERROR,
    { name: 'internal_error', retryable: true, meaning: 'the daemon met a defect of its own' },
  ],
  [CLOSE_SERVICE_RESTART, { name: 'service_restart', retryable: true, meaning: 'the daemon is restarting' }],
  [1013, { name: 'try_again_later', retryable: true, meaning: 'the daemon is overloaded' }],
  [
    CLOSE_INVALID_MESSAGE,
    { name: 'invalid_message', retryable: false, meaning: 'the daemon could not understand this client' },
  ],
  [
    CLOSE_UNAUTHORIZED,
    {
      name: 'unauthorized',
      retryable: false,
      meaning: 'the daemon asks for a key that this client does not have',
    },
  ],
  [
    CLOSE_PROTOCOL_UNSUPPORTED,
    {
      name: 'protocol_unsupported',
      retryable: false,
      meaning: 'the daemon speaks another version of the protocol',
    },
  ],
  [
    CLOSE_HELLO_TIMEOUT,
    { name: 'hello_timeout', retryable: true, meaning: 'the client did not say hello in time' },
  ],
  [
    CLOSE_REPLACED,
    { name: 'replaced', retryable: false, meaning: 'another connection took over this client id' },
  ],
  [
    CLOSE_MESSAGE_OVER_LIMIT,
    { name: 'message_over_limit', retryable: false, meaning: 'a message was over the limit of the daemon' },
  ],
  [
    CLOSE_TOO_MANY_CONNECTIONS,
    {
      name: 'too_many_connections',
      retryable: true,
      meaning: 'the daemon has as many connections as it may',
    },
  ],
  [
    CLOSE_SLOW_CLIENT,
    {
      name: 'slow_client',
      retryable: true,
      meaning: 'the client did not read what the daemon had to keep for it',
    },
  ],
  [
    CLOSE_UNRESPONSIVE,
    { name: 'unresponsive', retryable: true, meaning: 'the other side did not answer in time' },
  ],
]);

/** Whether a client may try again after this close code. */
export function isRetryableClose(code: number): boolean {
  return CLOSE_CODES.get(code)?.retryable ?? true;
}
