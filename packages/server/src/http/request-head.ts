/** A request head as it came, and how its foreign values are read and shown. Node's own `headers` hide duplicates. */

export type RequestHead = {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
};

/** Longest part of a foreign value that is repeated in a message or the log, in code units. */
const MAX_SHOWN_LENGTH = 200;

/** A foreign value, fit to be shown: printable, and not long. */
export function shown(value: string): string {
  const printable = value.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > MAX_SHOWN_LENGTH ? `${printable.slice(0, MAX_SHOWN_LENGTH)}…` : printable;
}

/** All values of a header; the name in lower case. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}

/** The path of a target, without what may follow it: a query or a fragment is not for the log. */
export function pathOf(target: string): string {
  return target.split(/[?#]/, 1)[0] ?? '';
}
