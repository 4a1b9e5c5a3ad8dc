/**
 * From what a transport reported to one reason: pure. The specific wins over the generic: the client's own finding, then a
 * close frame with a code, then the transport's error, and only then "ended without a close frame".
 */
import { CLOSE_CODES, PROTOCOL_VERSION, type DaemonMessage } from '@holdfast/protocol';
import type { DisconnectReason, VersionRange } from './connection-state.js';
import type { TransportCloseEvent, TransportErrorEvent } from './transport.js';

/** Versions this client speaks. */
export const CLIENT_PROTOCOL: VersionRange = { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION };

/** Transport codes that the same attempt would meet again: someone must change something first. */
const FATAL_TRANSPORT_CODES: ReadonlySet<string> = new Set([
  'handshake_failed',
  'tls',
  'tls_expired',
  'tls_not_yet_valid',
  'tls_wrong_name',
  'tls_unknown_issuer',
  'tls_pin_mismatch',
  'tls_failed',
  'credential_missing',
  'credential_mismatch',
  'credential_damaged',
  'socket_untrusted',
  'protocol_error',
  'policy_refused',
  'invalid_url',
  'invalid_header',
]);

/** Statuses of a refused upgrade that pass by themselves: overload, a proxy whose daemon is starting (RFC 9110 section 15). */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Close codes that have a code of their own in the table of reasons; the others are `closed_by_daemon`. */
const NAMED_CLOSE_CODES: ReadonlySet<string> = new Set([
  'unauthorized',
  'protocol_unsupported',
  'hello_timeout',
  'replaced',
  'too_many_connections',
  'unresponsive',
]);

/** What is known about an end. */
export type ConnectionEnd = {
  /** The client's own finding: it closed the connection because of it. */
  readonly own?: DisconnectReason | undefined;
  readonly error?: TransportErrorEvent | undefined;
  readonly close?: TransportCloseEvent | undefined;
};

export function reasonOfEnd(url: string, end: ConnectionEnd): DisconnectReason {
  if (end.own !== undefined) return end.own;
  const close = end.close;
  // 1005: a close frame without a code (RFC 6455 section 7.1.5). It tells less than an error.
  if (close !== undefined && close.code !== 1006 && close.code !== 1005) return reasonOfClose(url, close);
  if (end.error !== undefined) return reasonOfError(end.error);
  if (close?.code === 1005) return reasonOfClose(url, close);
  return {
    code: 'connection_reset',
    message: `The connection to ${url} ended without a close frame.`,
    retryable: true,
    closeCode: 1006,
  };
}

function reasonOfError(error: TransportErrorEvent): DisconnectReason {
  const { code, message, status, body } = error;
  const details = {
    ...(status === undefined ? {} : { status }),
    ...(body === undefined ? {} : { body }),
  };
  if (code === 'upgrade_refused') {
    return status === 401
      ? { code: 'unauthorized', message, retryable: false, ...details }
      : { code, message, retryable: status !== undefined && PASSING_STATUSES.has(status), ...details };
  }
  return { code, message, retryable: !FATAL_TRANSPORT_CODES.has(code), ...details };
}

function reasonOfClose(url: string, close: TransportCloseEvent): DisconnectReason {
  const entry = CLOSE_CODES.get(close.code);
  const meaning = entry?.meaning ?? `the daemon closed the connection with code ${String(close.code)}`;
  return {
    code: entry !== undefined && NAMED_CLOSE_CODES.has(entry.name) ? entry.name : 'closed_by_daemon',
    message: close.reason === '' ? `${url}: ${meaning}.` : close.reason,
    retryable: entry?.retryable ?? true,
    closeCode: close.code,
    closeReason: close.reason,
    ...(entry?.name === 'protocol_unsupported' ? { protocol: { client: CLIENT_PROTOCOL } } : {}),
  };
}

/** The daemon said `refused`. Its code decides as the close code of the same name would. */
export function reasonOfRefusal(refused: Extract<DaemonMessage, { type: 'refused' }>): DisconnectReason {
  const entry = [...CLOSE_CODES.values()].find(({ name }) => name === refused.code);
  return {
    code: refused.code,
    message: refused.message,
    retryable: entry?.retryable ?? false,
    ...(refused.version === undefined ? {} : { daemonVersion: refused.version }),
    ...(refused.code !== 'protocol_unsupported'
      ? {}
      : {
          protocol: {
            client: CLIENT_PROTOCOL,
            ...(refused.protocol === undefined ? {} : { daemon: refused.protocol }),
          },
        }),
  };
}
