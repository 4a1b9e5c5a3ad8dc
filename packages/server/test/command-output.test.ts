/** What the command writes: errors in the form that was asked for, an end with its reader, and nothing that controls a terminal. */
/* eslint-disable no-control-regex -- control characters are what must not be there */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAX_TITLE_LENGTH } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { formatLogLine } from '../src/command/log-lines.js';
import { nameOfProgram } from '../src/terminals/foreground.js';
import { runningDaemon, temporaryDirectory } from './daemon-fixture.js';
import { RawClient } from './raw-client.js';

const MAIN = fileURLToPath(new URL('../dist/command/main.js', import.meta.url));

type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

async function run(file: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => (stdout += String(data)));
  child.stderr.on('data', (data) => (stderr += String(data)));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

const holdfast = (...args: string[]): Promise<Outcome> => run(process.execPath, [MAIN, ...args]);

test.each([
  { args: ['nope'], says: /nope/ },
  { args: [], says: /--help/ },
  { args: ['daemon'], says: /--help/ },
  { args: ['ls', '--bogus'], says: /--bogus/ },
  { args: ['new', '--cols', '1'], says: /--cols.*2 to 1000/ },
  { args: ['attach'], says: /terminal/ },
  { args: ['daemon', 'start', '--port', 'x'], says: /0 to 65535/ },
  { args: ['daemon', 'start', '--max-connections', '0'], says: /--max-connections.*'0'.*1 to 1000/ },
  { args: ['daemon', 'run', '--max-connections', '1001'], says: /1 to 1000/ },
  { args: ['daemon', 'restart', '--max-connections', '2.5'], says: /1 to 1000/ },
  { args: ['daemon', 'start', '--max-connections', ''], says: /1 to 1000/ },
])(
  'a wrong command line $args is one JSON object on stderr with --json, and words without',
  async (row) => {
    // The option counts wherever it stands.
    for (const args of [
      [...row.args, '--json'],
      ['--json', ...row.args],
    ]) {
      const { code, stdout, stderr } = await holdfast(...args);
      expect([code, stdout]).toEqual([2, '']);
      expect(JSON.parse(stderr)).toEqual({
        error: { code: 'usage', message: expect.stringMatching(row.says) },
      });
    }
    const words = await holdfast(...row.args);
    expect(words.code).toBe(2);
    expect(words.stderr).toMatch(/error: |Usage: /);
  },
  30_000,
);

test('a reader that has enough ends the command quietly with 0', async () => {
  const daemon = await runningDaemon();
  const home = await temporaryDirectory();
  const line = JSON.stringify({ level: 30, time: 'now', event: 'x'.repeat(500) });
  await writeFile(join(home, 'daemon.log'), `${line}\n`.repeat(1000));
  const piped = (home: string, args: string): Promise<Outcome> =>
    run('bash', ['-c', `set -o pipefail; "$0" "$1" --home "$2" ${args}`, process.execPath, MAIN, home]);
  const logs = await piped(home, 'logs -n 1000 | head -1');
  expect([logs.code, logs.stderr]).toEqual([0, '']);
  expect(logs.stdout.trimEnd().split('\n')).toHaveLength(1);
  for (const args of ['--help', 'ls', 'ls --json', 'daemon status', 'new -- cat']) {
    const { code, stderr } = await piped(daemon.home, `${args} | true`);
    expect([args, code, stderr]).toEqual([args, 0, '']);
  }
}, 30_000);

test('the list and the log are shown without control characters, whatever programs and clients call themselves', async () => {
  const daemon = await runningDaemon();
  const client = await RawClient.connect(daemon.wsUrl);
  const directory = await temporaryDirectory();
  const evil = join(directory, 'evil\x1b]0;owned\x07\x9b31m');
  await copyFile('/bin/cat', evil);
  // With job control, so that it is in the foreground of a shell.
  await client.create({ command: 'bash', args: ['-m', '-c', '"$0"; true', evil], cwd: directory });
  await client.next('event', (e) => e.event === 'terminal.updated' && e.terminal.foreground !== null);
  const { terminals } = await client.request('terminal.list', {});
  expect(terminals).toMatchObject([{ foreground: 'evil]0;owned31m' }]);
  const list = await holdfast('--home', daemon.home, 'ls');
  expect(list.stdout).toContain('evil]0;owned31m');
  expect(list.stdout).toMatch(/^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$/);
  expect(
    formatLogLine(JSON.stringify({ level: 30, time: 'now', event: 'e', clientName: '\x1b[2J\x9bm' })),
  ).toBe('now info  e clientName=[2Jm');
}, 30_000);

test('the name of a program is bounded, and null where nothing of it can be shown', () => {
  expect(nameOfProgram('/bin/-bash')).toBe('bash');
  expect(nameOfProgram('x'.repeat(100_000))).toHaveLength(MAX_TITLE_LENGTH);
  expect(nameOfProgram('\x1b\x07')).toBeNull();
  expect(nameOfProgram('')).toBeNull();
});
