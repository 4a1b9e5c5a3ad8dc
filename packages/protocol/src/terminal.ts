/** What the protocol says about one terminal: its size, its state, and its entry in the list. */
import * as z from 'zod';
import { MAX_COLS, MAX_ID_LENGTH, MAX_ROWS, MAX_TITLE_LENGTH, MIN_COLS, MIN_ROWS } from './limits.js';

/** Identifier of a terminal or a client: letters, digits, `-` and `_`, so that it can stand in a path or a log. */
export const identifier = z
  .string()
  .min(1)
  .max(MAX_ID_LENGTH)
  .regex(/^[A-Za-z0-9_-]+$/, 'letters, digits, - and _ only');

/** Width in character cells. */
export const cols = z.int().min(MIN_COLS).max(MAX_COLS);
/** Height in character cells. */
export const rows = z.int().min(MIN_ROWS).max(MAX_ROWS);
/** A position in a terminal's output, in bytes of its UTF-8 text since the terminal was made. */
export const offset = z.int().nonnegative();
/** What a person calls the terminal. Control characters are not allowed: a title is drawn outside the terminal. */
export const title = z
  .string()
  .max(MAX_TITLE_LENGTH)
  .regex(/^[^\p{Cc}]*$/u, 'no control characters');

/** Signal names that a client may send to a terminal's program (POSIX.1-2017, signal.h). */
export const signalName = z.enum([
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGKILL',
  'SIGUSR1',
  'SIGUSR2',
  'SIGCONT',
]);
export type SignalName = z.infer<typeof signalName>;

/** How a program ended: by its own code, or by a signal (then `exitCode` is null). */
export const exitStatus = z.object({
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
});
export type ExitStatus = z.infer<typeof exitStatus>;

/** A terminal runs a program, or its program has ended. */
export const terminalState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('running'), pid: z.int().positive() }),
  z.object({ kind: z.literal('exited'), ...exitStatus.shape, endedAt: z.string() }),
]);
export type TerminalState = z.infer<typeof terminalState>;

/** One entry of the list of terminals. */
export const terminalInfo = z.object({
  terminalId: identifier,
  /** The name a person gave, or the title the program set (OSC 0/2), or the command's name. */
  title,
  /** True when a person gave the title; the program's own titles no longer replace it. */
  titleFixed: z.boolean(),
  command: z.string(),
  args: z.array(z.string()),
  cwd: z.string(),
  cols,
  rows,
  state: terminalState,
  /** The program in the foreground when it is not the terminal's own command (a shell that runs `vim`), else null. */
  foreground: z.string().nullable(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  /** Bytes of output so far: grows while the program writes, so that a client can mark unread output. */
  outputOffset: offset,
  /** How many times the program asked for attention (BEL, OSC 9, OSC 777, OSC 99). */
  bells: z.int().nonnegative(),
  /** How many attachments watch it now, over all connections. */
  viewers: z.int().nonnegative(),
});
export type TerminalInfo = z.infer<typeof terminalInfo>;
