/** The requests of version 1: for each method the schema of its parameters and of its result. */
import * as z from 'zod';
import {
  DEFAULT_MAX_BEHIND_BYTES,
  MAX_ARGUMENTS,
  MAX_ARGUMENT_LENGTH,
  MAX_ENVIRONMENT_VARIABLES,
  MAX_INPUT_BYTES,
  MAX_PATH_LENGTH,
} from './limits.js';
import { cols, identifier, offset, rows, signalName, terminalInfo, title } from './terminal.js';

const nothing = z.object({});
const noNul = (text: string): boolean => !text.includes('\0');
const path = z.string().min(1).max(MAX_PATH_LENGTH).refine(noNul, 'no NUL');
const argument = z.string().max(MAX_ARGUMENT_LENGTH).refine(noNul, 'no NUL');

/** Name of an environment variable (POSIX.1-2017 section 8.1: no `=`, no NUL). */
const variableName = z
  .string()
  .min(1)
  .max(MAX_PATH_LENGTH)
  .regex(/^[^=\0]+$/, 'no = and no NUL');

const utf8 = new TextEncoder();

/** Every method of version 1. */
export const METHODS = {
  /**
   * Makes a terminal and starts its program. Without `command`, the person's login shell, as a login shell.
   * With `terminalId`, the request is safe to repeat: a terminal made by the same id is returned as it is.
   */
  'terminal.create': {
    params: z.object({
      terminalId: identifier.optional(),
      command: path.optional(),
      args: z.array(argument).max(MAX_ARGUMENTS).optional(),
      /** Absolute path; without it, the person's home directory. */
      cwd: path.optional(),
      /** Added to the daemon's own environment; null removes a variable. */
      env: z
        .record(variableName, argument.nullable())
        .refine((env) => Object.keys(env).length <= MAX_ENVIRONMENT_VARIABLES, 'too many variables')
        .optional(),
      cols,
      rows,
      title: title.optional(),
    }),
    result: z.object({ terminal: terminalInfo }),
  },
  /** The list, oldest first, with its revision; each later change carries the next revision. */
  'terminal.list': {
    params: nothing,
    result: z.object({ revision: z.int().nonnegative(), terminals: z.array(terminalInfo) }),
  },
  /**
   * Starts a stream of the terminal's output on this connection. Without `from`, the stream starts with a
   * snapshot; with it, with the bytes from that offset if the daemon still has them, else with a `gap` and a
   * snapshot. `attachment` is chosen by the client and names the stream in every message of it.
   */
  'terminal.attach': {
    params: z.object({
      terminalId: identifier,
      attachment: z.int().nonnegative(),
      from: offset.optional(),
      /** How far this viewer may fall behind before it is handed a gap and a snapshot. */
      maxBehindBytes: z.int().positive().default(DEFAULT_MAX_BEHIND_BYTES),
    }),
    result: z.object({
      start: z.enum(['snapshot', 'resume']),
      /** Where the stream starts: the offset of the snapshot, or `from`. */
      offset,
      cols,
      rows,
    }),
  },
  /** Ends a stream. Nothing of it is sent after the answer. */
  'terminal.detach': { params: z.object({ attachment: z.int().nonnegative() }), result: nothing },
  /** Types into the terminal. Answered when the daemon has taken all of it; refused, nothing was taken. */
  'terminal.input': {
    params: z.object({
      terminalId: identifier,
      data: z
        .string()
        .refine(
          (data) => utf8.encode(data).length <= MAX_INPUT_BYTES,
          `at most ${String(MAX_INPUT_BYTES)} bytes`,
        ),
    }),
    result: nothing,
  },
  /** Sets the size of the terminal for all its viewers. */
  'terminal.resize': { params: z.object({ terminalId: identifier, cols, rows }), result: nothing },
  /** Gives the terminal a title that programs do not replace; an empty title gives it back to the program. */
  'terminal.rename': { params: z.object({ terminalId: identifier, title }), result: nothing },
  /** Sends a signal to the terminal's foreground process group and its program; SIGHUP unless another is named. */
  'terminal.kill': {
    params: z.object({ terminalId: identifier, signal: signalName.default('SIGHUP') }),
    result: nothing,
  },
  /** Ends the program if it runs (SIGHUP, then SIGKILL after 5 s) and takes the terminal off the list. */
  'terminal.close': { params: z.object({ terminalId: identifier }), result: nothing },
} as const;

/** Name of a method of version 1. */
export type Method = keyof typeof METHODS;
/** Parameters as a client writes them (defaults may be left out). */
export type MethodInput<M extends Method> = z.input<(typeof METHODS)[M]['params']>;
/** Parameters as the daemon reads them (defaults filled in). */
export type MethodParams<M extends Method> = z.output<(typeof METHODS)[M]['params']>;
/** Result of a method. */
export type MethodResult<M extends Method> = z.output<(typeof METHODS)[M]['result']>;

/** Whether this version knows the method. */
export function isMethod(name: string): name is Method {
  return Object.hasOwn(METHODS, name);
}

/**
 * What a client does with a request whose answer was lost with the connection: `repeat` is sent again on the
 * next connection, because doing it twice is the same as doing it once; `fail` is answered by the error
 * `connection_lost`, because it may or may not have happened and repeating it could happen twice.
 */
export const ON_DISCONNECT: { readonly [M in Method]: 'repeat' | 'fail' } = {
  'terminal.create': 'fail',
  'terminal.list': 'repeat',
  'terminal.attach': 'fail',
  'terminal.detach': 'fail',
  'terminal.input': 'fail',
  'terminal.resize': 'repeat',
  'terminal.rename': 'repeat',
  'terminal.kill': 'fail',
  'terminal.close': 'repeat',
};
