/** What the daemon answers to a request that it refuses: a status, a stable code, a sentence, and how they are written. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Every code of a refusal and the statuses it comes with. PROTOCOL.md section 2 lists the same, which a test compares. */
export const REFUSAL_STATUSES = {
  target_invalid: [400],
  host_missing: [400],
  host_duplicate: [400],
  websocket_key: [400],
  websocket_handshake: [400],
  body_not_allowed: [400],
  credential_in_url: [400],
  credential_missing: [401],
  credential_invalid: [401],
  credential_malformed: [401],
  credential_duplicate: [401],
  host_not_allowed: [403],
  origin_not_allowed: [403],
  origin_duplicate: [403],
  path_not_found: [404],
  method_not_allowed: [405],
  malformed_request: [400, 408, 431],
  upgrade_required: [426],
  websocket_version: [426],
  too_many_guesses: [429],
  internal: [500],
  stopping: [503],
  http_version: [505],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type RefusalCode = keyof typeof REFUSAL_STATUSES;
/** A status that comes with this code. */
export type RefusalStatus<C extends RefusalCode> = (typeof REFUSAL_STATUSES)[C][number];

export type Refusal<C extends RefusalCode = RefusalCode> = {
  readonly kind: 'refused';
  readonly status: RefusalStatus<C>;
  readonly code: C;
  /** What is wrong and what to do. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Not logged: one like it was logged a moment ago, and a flood of them must not push everything else out of the log. */
  readonly isRepeated?: boolean;
};

export function refuse<C extends RefusalCode>(
  status: RefusalStatus<C>,
  code: C,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Refusal<C> {
  return { kind: 'refused', status, code, message, ...(headers === undefined ? {} : { headers }) };
}

/** An answer of its own, whole: what a refusal says, as JSON or as a page. */
export type Answer = { readonly contentType: string; readonly body: string };

export function jsonAnswer(refusal: Refusal): Answer {
  return {
    contentType: 'application/json; charset=utf-8',
    body: `${JSON.stringify({ code: refusal.code, message: refusal.message })}\n`,
  };
}

export function refusalHeaders(refusal: Refusal, answer: Answer): Record<string, string> {
  return {
    'Content-Type': answer.contentType,
    'Content-Length': String(Buffer.byteLength(answer.body, 'utf8')),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
    ...refusal.headers,
  };
}

/** Writes a refusal where there is no response object, and ends the socket. */
export function writeRawRefusal(socket: Duplex, refusal: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const answer = jsonAnswer(refusal);
  const lines = Object.entries(refusalHeaders(refusal, answer)).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const status = `HTTP/1.1 ${String(refusal.status)} ${STATUS_CODES[refusal.status] ?? 'Refused'}\r\n`;
  socket.end(`${status}${lines.join('')}\r\n${answer.body}`, () => {
    // What the peer may still send is not read.
    socket.destroy();
  });
}
