/** Codes of failed requests and of protocol errors, each with what it means. Stable: programs compare them. */
import * as z from 'zod';

/**
 * | code | meaning |
 * |---|---|
 * | `invalid_json` | a frame was not JSON text |
 * | `invalid_message` | a message had no type, or fields of the wrong kind |
 * | `invalid_params` | a request's parameters do not fit its method; the message names the field |
 * | `unknown_method` | this daemon does not know the method |
 * | `duplicate_request` | the id of this request is in use by one that has not been answered |
 * | `too_many_requests` | more requests wait than the daemon allows |
 * | `terminal_not_found` | no terminal has this id |
 * | `terminal_exited` | the program of this terminal has ended |
 * | `terminal_exists` | another terminal has this id |
 * | `too_many_terminals` | the daemon keeps as many as it may; close one |
 * | `attachment_not_found` | this connection has no such attachment |
 * | `too_many_attachments` | this connection has as many attachments as it may |
 * | `command_not_found` | the command, or the login shell, does not exist |
 * | `command_not_executable` | the command exists and may not be run |
 * | `cwd_not_found` | the working directory does not exist |
 * | `cwd_not_directory` | the working directory is not a directory, or may not be entered |
 * | `spawn_failed` | the system refused to start the program; the message holds its reason |
 * | `input_overflow` | the program does not read its input and the queue is full; nothing of this input was taken |
 * | `internal` | a defect of the daemon; its log has more |
 */
export const ERROR_CODES = [
  'invalid_json',
  'invalid_message',
  'invalid_params',
  'unknown_method',
  'duplicate_request',
  'too_many_requests',
  'terminal_not_found',
  'terminal_exited',
  'terminal_exists',
  'too_many_terminals',
  'attachment_not_found',
  'too_many_attachments',
  'command_not_found',
  'command_not_executable',
  'cwd_not_found',
  'cwd_not_directory',
  'spawn_failed',
  'input_overflow',
  'internal',
] as const;

/** A code this version knows. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error on the wire. The code is any string, so that an older side understands a newer one's refusal. */
export const wireError = z.object({
  code: z.string().min(1),
  /** What happened, to what, and what to do next: a sentence for people. */
  message: z.string(),
});
export type WireError = z.infer<typeof wireError>;
