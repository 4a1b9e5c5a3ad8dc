/**
 * The daemon's log: one JSON object a line, in a file of bounded size with a bounded number of older files. It
 * promises that a full disk or a file that cannot be written costs log lines (they go to stderr) and nothing else.
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import pino, { type Logger } from 'pino';
import { reasonOf } from './errors.js';
import { LOG_FILE_BYTES, LOG_FILES_KEPT, LOG_RETRY_MS } from './limits.js';

export type Log = Logger;

/** Where lines go; `write` never throws. */
export type LogFile = { write(line: string): void; close(): void };

/** Opens a log file of at most `maxBytes`, with {@link LOG_FILES_KEPT} older ones beside it. */
export function openLogFile(
  path: string,
  fallback: (line: string) => void,
  maxBytes = LOG_FILE_BYTES,
): LogFile {
  let file: number | undefined;
  let size = 0;
  let brokenUntil = 0;
  let toldBroken = false;

  const close = (): void => {
    if (file === undefined) return;
    try {
      closeSync(file);
    } catch {
      // Whatever it was, the file is not used any more.
    }
    file = undefined;
  };

  const rotate = (): void => {
    close();
    for (let index = LOG_FILES_KEPT; index >= 1; index -= 1) {
      try {
        renameSync(index === 1 ? path : `${path}.${String(index - 1)}`, `${path}.${String(index)}`);
      } catch {
        // ENOENT: there are not yet so many. Anything else shows when the file is opened.
      }
    }
  };

  const open = (): number => {
    file ??= openSync(path, 'a', 0o600);
    size = fstatSync(file).size;
    return file;
  };

  return {
    write: (line) => {
      if (Date.now() < brokenUntil) {
        fallback(line);
        return;
      }
      try {
        let target = file ?? open();
        const bytes = Buffer.from(line, 'utf8');
        if (size > 0 && size + bytes.length > maxBytes) {
          rotate();
          target = open();
        }
        size += writeSync(target, bytes);
        toldBroken = false;
      } catch (error) {
        close();
        brokenUntil = Date.now() + LOG_RETRY_MS;
        if (!toldBroken) {
          toldBroken = true;
          fallback(
            `${JSON.stringify({ level: 50, time: Date.now(), event: 'log.unwritable', path, reason: reasonOf(error) })}\n`,
          );
        }
        fallback(line);
      }
    },
    close,
  };
}

/** Writes to stderr, which may be closed (a detached daemon) or a pipe that nobody reads. */
export function writeToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // There is no further place to say it.
  }
}

/** A log that writes to all of these what `conceal` leaves of each line. Its level is `HOLDFAST_LOG_LEVEL` (trace to fatal), by default info. */
export function createLog(
  targets: readonly { write(line: string): void }[],
  conceal: (line: string) => string,
): Log {
  const wanted = process.env['HOLDFAST_LOG_LEVEL'];
  // A level that does not exist must not keep the daemon from starting.
  const level = wanted !== undefined && wanted in pino.levels.values ? wanted : 'info';
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, level },
    {
      write: (line: string) => {
        const concealed = conceal(line);
        for (const target of targets) target.write(concealed);
      },
    },
  );
}
