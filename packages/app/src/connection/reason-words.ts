/** The technical cause of a lost connection in the words of a person. Pure; one entry for each code we know. */
import { CLOSE_CODES, CLOSE_SLOW_CLIENT } from '@holdfast/protocol';
import type { Reason } from './connection-view.js';

const WORDS: ReadonlyMap<string, string> = new Map([
  ['connection_refused', 'connection refused, the daemon is not running'],
  ['daemon_not_running', 'the daemon is not running'],
  ['connection_reset', 'the connection was cut'],
  ['name_not_resolved', 'the name of the machine has no address'],
  ['unreachable', 'there is no way to the machine'],
  ['timed_out', 'no answer in time'],
  ['send_queue_full', 'more was sent than could be kept'],
  ['too_many_connections', 'the daemon has as many connections as it may'],
  ['transport_failed', 'the daemon cannot be reached'],
  ['handshake_failed', 'the answer was not a WebSocket’s'],
  ['hello_timeout', 'the daemon did not answer the greeting in time'],
  ['unresponsive', 'the daemon did not answer in time'],
  ['replaced', 'another window took over this connection'],
  ['protocol_error', 'a message could not be understood'],
]);

/** Codes by which the daemon itself is known to be gone. */
const DAEMON_GONE: ReadonlySet<string> = new Set(['connection_refused', 'daemon_not_running']);

/**
 * Codes that speak of the way to the daemon, of its being slow, or of one connection. Terminals live in the daemon, so
 * after any other code nobody is told that they go on running: `connection_reset` is also what the death of a daemon
 * looks like, and `transport_failed` (all that a browser tells) says nothing.
 */
const DAEMON_LIVES: ReadonlySet<string> = new Set([
  'invalid_message',
  'name_not_resolved',
  'send_queue_full',
  'timed_out',
  'too_many_connections',
  'unreachable',
  'unresponsive',
]);

/** Close codes that only a daemon that goes on sends. */
const DAEMON_LIVES_CLOSE: ReadonlySet<number> = new Set([CLOSE_SLOW_CLIENT]);

/** The reason as the middle of a sentence: no capital, no full stop. */
export function reasonInWords(reason: Reason): string {
  if (reason.status !== undefined) return `the address answered with HTTP ${String(reason.status)}`;
  const words = WORDS.get(reason.code);
  if (words !== undefined) return words;
  if (reason.closeCode !== undefined && reason.closeCode !== 1000) {
    const entry = CLOSE_CODES.get(reason.closeCode);
    if (entry !== undefined) return entry.meaning;
  }
  const message = reason.message.trim().replace(/\.$/, '');
  return message === '' ? 'no cause was given' : message;
}

/** Whether it is known that the daemon itself is gone, and not only the way to it. */
export function daemonIsGone(reason: Reason): boolean {
  return DAEMON_GONE.has(reason.code);
}

/** Whether it is at least very likely after this failure that the daemon, and so its terminals, go on. */
export function terminalsGoOn(reason: Reason): boolean {
  return (
    DAEMON_LIVES.has(reason.code) ||
    (reason.closeCode !== undefined && DAEMON_LIVES_CLOSE.has(reason.closeCode))
  );
}
