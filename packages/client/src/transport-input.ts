/** What a transport hands over is `unknown` by contract: this reads it. Foreign transports and browsers differ in form. */
import type { TransportCloseEvent, TransportErrorEvent } from './transport.js';

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The text of a message, or undefined for what is not text. `{ data }` is unwrapped as of a browser's `MessageEvent`. */
export function textOf(data: unknown): string | undefined {
  const inner = typeof data === 'object' && data !== null && 'data' in data ? data.data : data;
  return typeof inner === 'string' ? inner : undefined;
}

export function closeEventOf(event: unknown): TransportCloseEvent {
  const { code, reason, wasClean } = fields(event);
  const number = typeof code === 'number' && Number.isInteger(code) ? code : 1006;
  return {
    code: number,
    reason: typeof reason === 'string' ? reason : '',
    wasClean: typeof wasClean === 'boolean' ? wasClean : number !== 1006,
  };
}

export function errorEventOf(url: string, event: unknown): TransportErrorEvent {
  if (typeof event === 'string' && event !== '') return { code: 'transport_failed', message: event };
  const { code, message, status, body } = fields(event);
  return {
    code: typeof code === 'string' && code !== '' ? code : 'transport_failed',
    message:
      typeof message === 'string' && message !== ''
        ? message
        : `The connection to ${url} failed; the platform does not tell why.`,
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof body === 'string' ? { body } : {}),
  };
}
