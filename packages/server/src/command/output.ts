/** How `holdfast` speaks: plain sentences, or with `--json` one JSON document on stdout; errors on stderr with their code. */
import { HoldfastError, reasonOf, systemCode } from '../errors.js';
import { EXIT } from './exit-codes.js';
import { formatLogLine } from './log-lines.js';

/** What else is known about a daemon that did not start. */
export type FailureDetails = {
  readonly exitCode: number | null;
  readonly logFile: string;
  readonly logLines: readonly string[];
};

/** A failure of the command with the exit code it ends with. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    readonly code: string,
    message: string,
    readonly exitCode: number = EXIT.failure,
    readonly details?: FailureDetails,
  ) {
    super(message);
  }
}

/** Whoever read our answer has enough (`holdfast logs | head`): that is no failure. */
function endWithReader(error: Error): void {
  if (systemCode(error) === 'EPIPE') process.exit(EXIT.ok);
  throw error;
}

/** Nobody reads what we say of a failure; the exit code still says it. */
function goOnWithoutReader(error: Error): void {
  if (systemCode(error) !== 'EPIPE') throw error;
}

/** Ends the command quietly when its answer is no longer read. */
export function endWhenNobodyReads(): void {
  process.stdout.on('error', endWithReader);
  process.stderr.on('error', goOnWithoutReader);
}

/** For a process that has more to do than to answer, as a daemon has: it goes on whatever becomes of its output. */
export function surviveWhenNobodyReads(): void {
  process.stdout.off('error', endWithReader);
  process.stderr.off('error', goOnWithoutReader);
  for (const stream of [process.stdout, process.stderr]) {
    // A closed terminal or pipe loses lines that the log file has as well.
    stream.on('error', () => undefined);
  }
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A result: as JSON for programs, as text for people. */
export function report(json: boolean, value: unknown, text: string): void {
  if (json) printJson(value);
  else print(text);
}

const EXIT_OF_CODE: Readonly<Record<string, number>> = {
  not_running: EXIT.notRunning,
  terminal_not_found: EXIT.notFound,
  upgrade_refused: EXIT.refused,
  unauthorized: EXIT.refused,
  protocol_unsupported: EXIT.refused,
  not_a_daemon: EXIT.refused,
  invalid_origin: EXIT.usage,
  invalid_host: EXIT.usage,
  invalid_params: EXIT.usage,
};

function codeOf(error: unknown): string {
  if (error instanceof HoldfastError || error instanceof CommandError) return error.code;
  // Errors of the client have a code of the protocol.
  return systemCode(error) ?? 'failure';
}

/** Tells an error and says the exit code. */
export function reportError(json: boolean, error: unknown): number {
  const code = codeOf(error);
  const message = reasonOf(error);
  const details = error instanceof CommandError ? error.details : undefined;
  const logLines = details?.logLines ?? [];
  const log =
    logLines.length === 0 ? '' : `The last lines of the log:\n${logLines.map(formatLogLine).join('\n')}\n`;
  process.stderr.write(
    json ? `${JSON.stringify({ error: { code, message, ...details } })}\n` : `holdfast: ${message}\n${log}`,
  );
  return error instanceof CommandError && error.exitCode !== EXIT.failure
    ? error.exitCode
    : (EXIT_OF_CODE[code] ?? EXIT.failure);
}
