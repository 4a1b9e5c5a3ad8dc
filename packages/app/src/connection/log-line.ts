/** Reads one line of the daemon's log (a JSON object, or plain text from before it could log) for a person. Pure. */
import * as z from 'zod';

const record = z.looseObject({
  level: z.number().optional(),
  time: z.string().optional(),
  msg: z.string().optional(),
  event: z.string().optional(),
});

/** From this level on a line reports trouble (pino: 40 is a warning). */
const WARNING = 40;

const LEVELS: ReadonlyMap<number, string> = new Map([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warning'],
  [50, 'error'],
  [60, 'fatal'],
]);

/** Fields that a line begins with, and those that name nothing to a person. */
const SAID_ELSEWHERE = new Set(['level', 'time', 'msg', 'event']);

type LogLine = {
  /** Its sentence where it has one, else all that it says. */
  readonly said: string;
  readonly time: string;
  readonly level: string;
  readonly text: string;
  readonly trouble: boolean;
};

function read(line: string): LogLine | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Plain text: what the daemon wrote before its log was open.
    return null;
  }
  const parsed = record.safeParse(value);
  if (!parsed.success) return null;
  const { level = 30, time = '', msg, event } = parsed.data;
  const rest = Object.entries(parsed.data)
    .filter(([name]) => !SAID_ELSEWHERE.has(name))
    .map(([name, field]) => `${name}=${typeof field === 'string' ? field : JSON.stringify(field)}`);
  const text = [msg ?? event ?? '', ...(msg === undefined || event === undefined ? [] : [event]), ...rest]
    .filter((part) => part !== '')
    .join(' ');
  return {
    time,
    level: LEVELS.get(level) ?? String(level),
    text,
    said: msg ?? text,
    trouble: level >= WARNING,
  };
}

/** The line as it is shown in the log: time of day, level, words. */
export function readableLogLine(line: string): string {
  const entry = read(line);
  if (entry === null) return line;
  const clock = /T(\d\d:\d\d:\d\d)/.exec(entry.time)?.[1] ?? entry.time;
  return `${clock} ${entry.level.padEnd(7)} ${entry.text}`;
}

/** What the log says went wrong: the last line of trouble, or the last plain one. Null where neither is there. */
export function causeInLog(lines: readonly string[]): string | null {
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index]?.trim() ?? '';
    if (line === '') continue;
    const entry = read(line);
    if (entry === null) return line;
    if (entry.trouble) return entry.said;
  }
  return null;
}
