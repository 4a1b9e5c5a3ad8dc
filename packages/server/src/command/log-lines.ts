/** Reads the end of the daemon's log and writes its lines for people. A log that is not there has no lines. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import * as z from 'zod';
import { printableText } from '../printable-text.js';

/** The end of the file that is looked at, in bytes: more lines than anybody reads. */
const TAIL_BYTES = 1024 * 1024;

/** The last lines of a file, oldest first. */
export function readLastLines(path: string, count: number): string[] {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const length = Math.min(size, TAIL_BYTES);
    const bytes = Buffer.alloc(length);
    const read = readSync(file, bytes, 0, length, size - length);
    const lines = bytes
      .subarray(0, read)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    // The first line may have been cut.
    if (size > length) lines.shift();
    return lines.slice(-count);
  } catch {
    // No log, or none that may be read: there is nothing to show.
    return [];
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const line = z.looseObject({ level: z.number(), time: z.string(), event: z.string().optional() });
/** Longest line shown, in code units: far above any that the daemon writes. */
const MAX_SHOWN_LINE_LENGTH = 64 * 1024;
const LEVELS: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/**
 * One line of the log as a person reads it; anything that is no such line stays as it is. Names and reasons in it come
 * from clients and programs, so nothing of it controls the terminal that it is shown on.
 */
export function formatLogLine(text: string): string {
  return printableText(fieldsOf(text), MAX_SHOWN_LINE_LENGTH);
}

function fieldsOf(text: string): string {
  let parsed;
  try {
    parsed = line.safeParse(JSON.parse(text));
  } catch {
    return text;
  }
  if (!parsed.success) return text;
  const { level, time, event, ...rest } = parsed.data;
  const fields = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [time, (LEVELS[level] ?? String(level)).padEnd(5), event ?? '', ...fields].join(' ');
}
