/** Translates what Node and `ws` report into the codes of the transport contract, keeping the cause in words. */
import type { IncomingMessage } from 'node:http';
import { MAX_REFUSAL_BODY_BYTES, REFUSAL_BODY_TIMEOUT_MS } from '../limits.js';
import type { TransportErrorEvent } from '../transport.js';
import { refusedUpgrade } from './refused-upgrade.js';

const BY_SYSTEM_CODE: ReadonlyMap<string, readonly [code: string, words: string]> = new Map([
  ['ECONNREFUSED', ['connection_refused', 'connection refused: nothing listens there']],
  ['ENOENT', ['connection_refused', 'connection refused: the socket does not exist']],
  ['ECONNRESET', ['connection_reset', 'the connection was reset']],
  ['EPIPE', ['connection_reset', 'the connection was reset']],
  ['ENOTFOUND', ['name_not_resolved', 'the name has no address']],
  ['EAI_AGAIN', ['name_not_resolved', 'the name could not be looked up']],
  ['EHOSTUNREACH', ['unreachable', 'no route to the address']],
  ['ENETUNREACH', ['unreachable', 'no route to the address']],
  ['EADDRNOTAVAIL', ['unreachable', 'the address cannot be reached from here']],
  ['ETIMEDOUT', ['timed_out', 'no answer in time']],
  ['ERR_INVALID_URL', ['invalid_url', 'not a WebSocket address']],
]);

/** What `ws` says about an answer that is not a WebSocket upgrade. */
const HANDSHAKE = /Sec-WebSocket|Upgrade header|subprotocol|status code/i;

/** The cause of an `error` event of `ws`. */
export function causeOf(url: string, error: Error, opened: boolean): TransportErrorEvent {
  const code = systemCode(error);
  const known = BY_SYSTEM_CODE.get(code);
  if (known !== undefined) return { code: known[0], message: `${url}: ${known[1]} (${code}).` };
  if (error.message.includes('handshake has timed out')) {
    return { code: 'timed_out', message: `${url} did not answer the upgrade in time.` };
  }
  if (error.message === 'socket hang up') {
    return { code: 'connection_reset', message: `${url} ended the connection during the upgrade.` };
  }
  if (/^(ERR_TLS|ERR_SSL|CERT_|EPROTO|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code)) {
    return { code: 'tls', message: `${url}: no TLS session: ${error.message} (${code}).` };
  }
  if (code.startsWith('WS_ERR_')) {
    return {
      code: 'protocol_error',
      message: `${url} broke the WebSocket protocol: ${error.message} (${code}).`,
    };
  }
  if (!opened && (code.startsWith('HPE_') || HANDSHAKE.test(error.message))) {
    return {
      code: 'handshake_failed',
      message: `${url} does not answer as a WebSocket server: ${error.message}.`,
    };
  }
  return { code: 'transport_failed', message: `${url}: ${error.message}.` };
}

/** The cause where `ws` refused its arguments before it dialled. */
export function causeOfConstructor(url: string, error: unknown): TransportErrorEvent {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error ? systemCode(error) : '';
  return code.startsWith('ERR_INVALID_CHAR') ||
    code.startsWith('ERR_INVALID_HTTP') ||
    code.startsWith('ERR_HTTP_INVALID')
    ? { code: 'invalid_header', message: `A header cannot be sent: ${message}` }
    : { code: 'invalid_url', message: `The address ${url} is not a WebSocket address: ${message}` };
}

/** `localhost` is dialled by both families at once, which fails with one error that holds several. */
function systemCode(error: Error): string {
  const own = (error as NodeJS.ErrnoException).code;
  if (own !== undefined) return own;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? systemCode(first) : '';
}

/** Reads the start of a refusal's body, within a byte limit and a deadline. Never rejects. */
export function readRefusal(response: IncomingMessage): Promise<TransportErrorEvent> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const done = (): void => {
      clearTimeout(timer);
      const body = Buffer.concat(chunks).subarray(0, MAX_REFUSAL_BODY_BYTES).toString('utf8');
      resolve(refusedUpgrade(response.statusCode ?? 0, response.statusMessage ?? '', body));
    };
    const timer = setTimeout(done, REFUSAL_BODY_TIMEOUT_MS);
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_REFUSAL_BODY_BYTES) done();
    });
    response.on('end', done);
    response.on('error', done);
    response.on('close', done);
  });
}
