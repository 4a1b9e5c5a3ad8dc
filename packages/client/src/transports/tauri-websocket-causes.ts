/**
 * The official plugin tells every failure as one string, the words of tungstenite 0.2x. This takes the string for what it is:
 * the codes of the transport contract, with the string kept as the cause.
 */
import type { TransportErrorEvent } from '../transport.js';
import { refusedUpgrade } from './refused-upgrade.js';

/** The first pattern that fits wins; the specific ones stand first. */
const PATTERNS: readonly (readonly [pattern: RegExp, code: string, words: string])[] = [
  [/not allowed/i, 'policy_refused', 'this page may not use the WebSocket plugin'],
  [/plugin websocket not found/i, 'policy_refused', 'this app does not contain the WebSocket plugin'],
  [/refused/i, 'connection_refused', 'connection refused: nothing listens there'],
  [
    /without closing handshake|reset by peer|connection reset|broken pipe|forcibly closed/i,
    'connection_reset',
    'the connection ended without a close frame',
  ],
  [
    /failed to lookup|name or service|nodename nor servname|no such host|unable to resolve/i,
    'name_not_resolved',
    'the name has no address',
  ],
  [/no route|unreachable/i, 'unreachable', 'no route to the address'],
  [/timed out/i, 'timed_out', 'no answer in time'],
  [/header name|header value/i, 'invalid_header', 'a header cannot be sent'],
  [/^TLS error|certificate/i, 'tls', 'no TLS session'],
  [/^URL error|invalid uri|HTTP format error/i, 'invalid_url', 'not a WebSocket address'],
  [
    /handshake|Sec-WebSocket|Upgrade|Connection: upgrade|httparse|HTTP version|HTTP method|switching/i,
    'handshake_failed',
    'the answer is not a WebSocket upgrade',
  ],
  [
    /WebSocket protocol error|Space limit|UTF-8|Attack attempt/i,
    'protocol_error',
    'the WebSocket protocol was broken',
  ],
];

const REFUSED_UPGRADE = /HTTP error: (\d{3})\s*(.*)/i;

/** The cause behind a rejected command or a bare string in the stream of messages. */
export function causeOfString(url: string, failure: unknown): TransportErrorEvent {
  const text =
    failure instanceof Error
      ? failure.message
      : typeof failure === 'string'
        ? failure
        : JSON.stringify(failure);
  const refused = REFUSED_UPGRADE.exec(text);
  if (refused !== null) {
    const { status, message, code } = refusedUpgrade(Number(refused[1]), refused[2] ?? '', '');
    // The plugin drops the body; its absence is not an empty body.
    return { code, message, ...(status === undefined ? {} : { status }) };
  }
  const known = PATTERNS.find(([pattern]) => pattern.test(text));
  return known === undefined
    ? { code: 'transport_failed', message: `${url}: ${text}` }
    : { code: known[1], message: `${url}: ${known[2]} (${text}).` };
}
