/** The messages of version 1: what a client may send, what the daemon may send, and how a frame is read. */
import * as z from 'zod';
import { wireError } from './errors.js';
import { MAX_PATH_LENGTH } from './limits.js';
import { cols, exitStatus, identifier, offset, rows, terminalInfo } from './terminal.js';

const id = z.int().nonnegative();
const attachment = z.int().nonnegative();
const versionRange = z.object({ min: z.int().positive(), max: z.int().positive() });

const ping = z.object({ type: z.literal('ping'), id });
const pong = z.object({ type: z.literal('pong'), id });

/** What a client may send. */
export const clientMessage = z.discriminatedUnion('type', [
  /** The first message of every connection. */
  z.object({
    type: z.literal('hello'),
    protocol: versionRange.refine((range) => range.min <= range.max, 'min is above max'),
    /** Names this client over its reconnections; a newer connection with the same id replaces the older one. */
    clientId: identifier,
    clientName: z.string().max(100),
    /** Version of the client program, for the log. */
    version: z.string().max(100),
  }),
  z.object({
    type: z.literal('request'),
    id,
    method: z.string().min(1).max(100),
    params: z.unknown().optional(),
  }),
  /** Output up to this offset has been taken by the viewer (drawn, written, hashed). */
  z.object({ type: z.literal('ack'), attachment, offset }),
  ping,
  pong,
]);
export type ClientMessage = z.infer<typeof clientMessage>;

/** What the daemon promises about sizes, so that a client need not know them beforehand. */
export const announcedLimits = z.object({
  maxMessageBytes: z.int().positive(),
  maxInputBytes: z.int().positive(),
  outputWindowBytes: z.int().positive(),
});

/** What the daemon pushes to every client: changes of the list, each with the next revision. */
export const daemonEvent = z.discriminatedUnion('event', [
  z.object({
    type: z.literal('event'),
    event: z.literal('terminal.created'),
    revision: z.int(),
    terminal: terminalInfo,
  }),
  z.object({
    type: z.literal('event'),
    event: z.literal('terminal.updated'),
    revision: z.int(),
    terminal: terminalInfo,
  }),
  z.object({
    type: z.literal('event'),
    event: z.literal('terminal.removed'),
    revision: z.int(),
    terminalId: identifier,
  }),
]);
export type DaemonEvent = z.infer<typeof daemonEvent>;

/** Messages of one stream, in the order in which they must be applied to the screen. */
export const streamMessage = z.discriminatedUnion('type', [
  /** Output from `offset`; `length` is the number of bytes of `data` in UTF-8. */
  z.object({
    type: z.literal('output'),
    attachment,
    offset,
    length: z.int().nonnegative(),
    data: z.string(),
  }),
  /**
   * The screen, modes, cursor and scrollback at `offset`, as text that draws them on an emulator that was reset and
   * has this size. `part` counts from 0 to `parts - 1`; the stream goes on at `offset` after the last part.
   */
  z.object({
    type: z.literal('snapshot'),
    attachment,
    offset,
    cols,
    rows,
    part: z.int().nonnegative(),
    parts: z.int().positive(),
    data: z.string(),
  }),
  /** Output from `from` up to `to` is not sent; a snapshot at `to` or later follows. */
  z.object({ type: z.literal('gap'), attachment, from: offset, to: offset }),
  /** From here on the output is for this size. */
  z.object({ type: z.literal('resized'), attachment, cols, rows }),
  /** The program ended and all its output was sent. The attachment stays until it is detached. */
  z.object({ type: z.literal('exited'), attachment, offset, ...exitStatus.shape }),
  /** The terminal was closed: this is the last message of the stream. */
  z.object({ type: z.literal('closed'), attachment }),
]);
export type StreamMessage = z.infer<typeof streamMessage>;

const control = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    protocol: z.int().positive(),
    /** Names this daemon's state on disk: the same after a restart. */
    daemonId: identifier,
    /** Names this run of the terminals: offsets and terminals of another epoch mean nothing here. */
    epoch: identifier,
    version: z.string(),
    /** Name of the machine, for people. */
    hostName: z.string().max(255),
    /** The person's home directory, so that a client can write `~`. */
    home: z.string().max(MAX_PATH_LENGTH),
    limits: announcedLimits,
  }),
  /** The daemon does not take this client; a close with the code of the same meaning follows. */
  z.object({
    type: z.literal('refused'),
    ...wireError.shape,
    protocol: versionRange.optional(),
    /** Version of the daemon program. */
    version: z.string().optional(),
  }),
  z.object({ type: z.literal('response'), id, ok: z.literal(true), result: z.unknown() }),
  z.object({ type: z.literal('failure'), id, error: wireError }),
  /** Something this client sent could not be read, and no request can be named that it belongs to. */
  z.object({ type: z.literal('error'), error: wireError }),
  ping,
  pong,
]);

/** What the daemon may send. */
export const daemonMessage = z.union([control, daemonEvent, streamMessage]);
export type DaemonMessage = z.infer<typeof daemonMessage>;

/** What became of one frame. `unknown`: a newer side sent something this version does not know; it is ignored. */
export type Parsed<T> =
  | { readonly kind: 'message'; readonly message: T }
  | { readonly kind: 'unknown'; readonly type: string }
  | { readonly kind: 'invalid'; readonly code: 'invalid_json' | 'invalid_message'; readonly message: string };

const CLIENT_TYPES: ReadonlySet<string> = new Set(['hello', 'request', 'ack', 'ping', 'pong']);
const STREAM_TYPES: ReadonlySet<string> = new Set([
  'output',
  'snapshot',
  'gap',
  'resized',
  'exited',
  'closed',
]);
const CONTROL_TYPES: ReadonlySet<string> = new Set([
  'welcome',
  'refused',
  'response',
  'failure',
  'error',
  'ping',
  'pong',
]);
const EVENTS: ReadonlySet<string> = new Set(['terminal.created', 'terminal.updated', 'terminal.removed']);

const envelope = z.looseObject({ type: z.string() });

function parseWith<T>(
  text: string,
  schemaOf: (envelope: { type: string; event?: unknown }) => z.ZodType<T> | undefined,
): Parsed<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // JSON.parse throws SyntaxError, and RangeError where nesting is too deep.
    return { kind: 'invalid', code: 'invalid_json', message: `the frame is not JSON: ${String(error)}` };
  }
  const head = envelope.safeParse(value);
  if (!head.success) {
    return { kind: 'invalid', code: 'invalid_message', message: 'the message is not an object with a type' };
  }
  const schema = schemaOf(head.data);
  if (schema === undefined) return { kind: 'unknown', type: head.data.type };
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    return { kind: 'invalid', code: 'invalid_message', message: describeIssues(parsed.error) };
  }
  return { kind: 'message', message: parsed.data };
}

/** Says which field is wrong and why, in one line of at most 500 characters. */
export function describeIssues(error: z.ZodError): string {
  const text = error.issues
    .slice(0, 5)
    .map(
      (issue) =>
        `${issue.path.length === 0 ? 'the message' : issue.path.map(String).join('.')}: ${issue.message}`,
    )
    .join('; ');
  return text.length > 500 ? `${text.slice(0, 499)}…` : text;
}

/** Reads one text frame from a client. Never throws. */
export function parseClientMessage(text: string): Parsed<ClientMessage> {
  return parseWith<ClientMessage>(text, ({ type }) => (CLIENT_TYPES.has(type) ? clientMessage : undefined));
}

/** Reads one text frame from the daemon. Never throws. */
export function parseDaemonMessage(text: string): Parsed<DaemonMessage> {
  return parseWith<DaemonMessage>(text, ({ type, event }) => {
    if (STREAM_TYPES.has(type)) return streamMessage;
    if (CONTROL_TYPES.has(type)) return control;
    if (type === 'event') return typeof event === 'string' && !EVENTS.has(event) ? undefined : daemonEvent;
    return undefined;
  });
}

/** Writes one message as the text of a frame. */
export function encodeMessage(message: ClientMessage | DaemonMessage): string {
  return JSON.stringify(message);
}
