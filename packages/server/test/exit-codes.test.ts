/** What a command's exit code says is what its error was. */
import { DaemonClientError } from '@holdfast/client';
import { afterEach, expect, test, vi } from 'vitest';
import { EXIT } from '../src/command/exit-codes.js';
import { reportError } from '../src/command/output.js';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['upgrade_refused', EXIT.refused],
  ['protocol_unsupported', EXIT.refused],
  ['terminal_not_found', EXIT.notFound],
  ['connection_lost', EXIT.failure],
])(
  'a daemon that says %s ends the command with %i, and the error on stderr is JSON where it was asked for',
  (code, exit) => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    expect(reportError(true, new DaemonClientError(code, 'What happened.', { retryable: false }))).toBe(exit);
    expect(JSON.parse(written.join(''))).toEqual({ error: { code, message: 'What happened.' } });
  },
);
