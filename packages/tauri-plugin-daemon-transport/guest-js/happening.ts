/**
 * What Rust tells about a connection, checked where it enters: events and batches come from evaluated scripts
 * and are not trusted to have the right form.
 */
import type { TransportCloseEvent, TransportErrorEvent } from '@holdfast/client/transport';

import { fromBase64 } from './base64.js';

/** A frame as a batch carries it: a string is text, an array of one base64 string is binary. */
export type PackedFrame = string | readonly [string];

/** The same in the JSON of a call: a number stands for that member of the strings which came beside it. */
export type ReferringFrame = PackedFrame | number | readonly [number];

export type Happening =
  | { readonly kind: 'frame'; readonly frame: PackedFrame }
  | { readonly kind: 'open' }
  | { readonly kind: 'error'; readonly error: TransportErrorEvent }
  | { readonly kind: 'close'; readonly close: TransportCloseEvent };

/** One numbered happening of one connection. */
export type Numbered = { readonly connectionId: string; readonly seq: number; readonly happening: Happening };

export type EventName = 'daemon://open' | 'daemon://message' | 'daemon://close' | 'daemon://error';

/** Reads the payload of an event; undefined for one of another form. */
export function readEvent(name: EventName, payload: unknown): Numbered | undefined {
  if (!isRecord(payload)) return undefined;
  const { connectionId, seq } = payload;
  if (typeof connectionId !== 'string' || typeof seq !== 'number') return undefined;
  const happening = readHappening(name, payload);
  return happening && { connectionId, seq, happening };
}

function readHappening(name: EventName, payload: Record<string, unknown>): Happening | undefined {
  switch (name) {
    case 'daemon://open':
      return { kind: 'open' };
    case 'daemon://message': {
      const { data, base64 } = payload;
      if (typeof data === 'string') return { kind: 'frame', frame: data };
      if (typeof base64 === 'string') return { kind: 'frame', frame: [base64] };
      return undefined;
    }
    case 'daemon://close': {
      const { code, reason, wasClean } = payload;
      if (typeof code !== 'number' || typeof reason !== 'string') return undefined;
      return { kind: 'close', close: { code, reason, wasClean: wasClean === true } };
    }
    case 'daemon://error':
      return { kind: 'error', error: readError(payload) };
  }
}

/** A typed error of Rust, or the nearest thing to it: Tauri itself rejects with bare strings. */
export function readError(thrown: unknown): TransportErrorEvent {
  if (isRecord(thrown) && typeof thrown['code'] === 'string' && typeof thrown['message'] === 'string') {
    const { code, message, status, body } = thrown;
    return {
      code,
      message,
      ...(typeof status === 'number' ? { status } : {}),
      ...(typeof body === 'string' ? { body } : {}),
    };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'transport_failed', message };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Puts the string that a frame refers to in its place. */
export function resolveFrame(
  frame: ReferringFrame,
  long: Readonly<Record<string, string>> | undefined,
): PackedFrame {
  if (typeof frame === 'string') return frame;
  if (typeof frame === 'number') return long?.[frame] ?? '';
  const [content] = frame;
  return [typeof content === 'string' ? content : (long?.[content] ?? '')];
}

/** The message of a frame. */
export function unpack(frame: PackedFrame): string | Uint8Array {
  return typeof frame === 'string' ? frame : fromBase64(frame[0]);
}
