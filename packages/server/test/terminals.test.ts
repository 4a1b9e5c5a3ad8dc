/** Real programs on real pseudo-terminals, seen through the protocol. */
/* eslint-disable no-control-regex -- what terminals say is made of control characters */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runningDaemon, temporaryDirectory } from './daemon-fixture.js';
import { RawClient, Refused } from './raw-client.js';
import { Viewer } from './viewer.js';

async function start(): Promise<RawClient> {
  const daemon = await runningDaemon();
  return RawClient.connect(daemon.wsUrl);
}

const shell = (script: string): { command: string; args: string[] } => ({
  command: 'sh',
  args: ['-c', script],
});

test('what is typed reaches the program and its output comes back', async () => {
  const client = await start();
  const { terminalId } = await client.create();
  const viewer = await Viewer.attach(client, terminalId);
  await client.request('terminal.input', { terminalId, data: 'echo $((6*7))\r' });
  await viewer.shows(/\n42\r/);
});

test('without a command it is the login shell, as a login shell, in the home directory, with a clean environment', async () => {
  const env = {
    ...process.env,
    SHELL: '/bin/bash',
    TMUX: 'x',
    HOLDFAST_HOME: '/secret',
    npm_config_x: '1',
    TERM: 'dumb',
  };
  const daemon = await runningDaemon({ env });
  const client = await RawClient.connect(daemon.wsUrl);
  const { terminal } = await client.request('terminal.create', {
    cols: 200,
    rows: 24,
    env: { EXTRA: 'yes', LANGUAGE: null },
  });
  const { terminalId } = terminal;
  const viewer = await Viewer.attach(client, terminalId);
  const data =
    'shopt -q login_shell && echo login; echo "$PWD,$TERM,$COLORTERM,$EXTRA,$HOLDFAST_TERMINAL_ID,$TMUX$HOLDFAST_HOME$npm_config_x."\r';
  await client.request('terminal.input', { terminalId, data });
  await viewer.shows(`,xterm-256color,truecolor,yes,${terminalId},.`);
  expect(viewer.output).toMatch(/\rlogin\r\n/);
  expect(terminal.command).toBe('/bin/bash');
});

test('all output comes before the end, with the exit code or the signal', async () => {
  const client = await start();
  const ended = async (script: string): Promise<Viewer> => {
    const { terminalId } = await client.create(shell(script));
    const viewer = await Viewer.attach(client, terminalId, { from: 0, maxBehindBytes: 8_000_000 });
    await client.until(() => viewer.exited);
    return viewer;
  };
  // What the device still holds when the program ends is what gets lost, so it is tried several times.
  for (let round = 0; round < 5; round += 1) {
    const code = await ended(
      'i=0; while [ $i -lt 3000 ]; do echo "line $i of some output"; i=$((i+1)); done; exit 7',
    );
    expect(code.exited).toMatchObject({ exitCode: 7, signal: null, offset: code.offset });
    expect(code.output.slice(-26)).toBe('line 2999 of some output\r\n');
  }
  const signal = await ended('kill -TERM $$');
  expect(signal.exited).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  const cut = await ended("printf 'end \\303'");
  expect(cut.output).toBe('end \ufffd');
});

test('input, resize and signals to a program that has ended fail by name, and its screen can still be read', async () => {
  const client = await start();
  const { terminalId } = await client.create(shell('echo last words'));
  await client.next(
    'event',
    (event) => event.event === 'terminal.updated' && event.terminal.state.kind === 'exited',
  );
  for (const request of [
    client.request('terminal.input', { terminalId, data: 'x' }),
    client.request('terminal.kill', { terminalId }),
  ]) {
    await expect(request).rejects.toMatchObject({ code: 'terminal_exited' } satisfies Partial<Refused>);
  }
  const viewer = await Viewer.attach(client, terminalId);
  await client.until(() => viewer.exited);
  expect(viewer.snapshot).toContain('last words');
  expect(viewer.order).toEqual(['snapshot', 'exited']);
});

test('a resize is in the stream where it took effect, and reaches the program', async () => {
  const client = await start();
  const { terminalId } = await client.create(
    shell('stty -echo; trap "stty size" WINCH; echo ready; while :; do read x; done'),
  );
  const viewer = await Viewer.attach(client, terminalId);
  await client.until(() => (viewer.snapshot + viewer.output).includes('ready'));
  await client.request('terminal.resize', { terminalId, cols: 101, rows: 33 });
  await viewer.shows('33 101');
  expect(viewer.sizes).toMatchObject([{ cols: 101, rows: 33 }]);
  expect(viewer.sizes[0]?.offset).toBeLessThan(viewer.offset);
  const again = await Viewer.attach(client, terminalId, { from: 0 });
  expect(again.start).toMatchObject({ start: 'resume', cols: 80, rows: 24 });
  await client.until(() => again.sizes.length === 1 && again.output.includes('33 101'));
});

test('text that is split over reads arrives whole, and what is not UTF-8 is replaced', async () => {
  const client = await start();
  const script =
    'stty -echo; for b in 342 202 254 360 237 230 200 377 101; do printf "\\\\$b"; sleep 0.02; done';
  const { terminalId } = await client.create(shell(script));
  const viewer = await Viewer.attach(client, terminalId, { from: 0 });
  await client.until(() => viewer.exited);
  expect(viewer.output).toBe('€😀\ufffdA');
  expect(viewer.exited?.offset).toBe(Buffer.byteLength('€😀\ufffdA'));
});

test('a viewer that comes back with its offset gets exactly what it missed', async () => {
  const client = await start();
  const { terminalId } = await client.create(
    shell('stty -echo; echo ready; while read x; do echo "got $x"; done'),
  );
  const first = await Viewer.attach(client, terminalId, { from: 0 });
  await first.shows('ready\r\n');
  await client.request('terminal.input', { terminalId, data: 'one\r' });
  await first.shows('got one\r\n');
  await client.request('terminal.detach', { attachment: first.attachment });
  await client.request('terminal.input', { terminalId, data: 'two\r' });
  const second = await Viewer.attach(client, terminalId, { from: first.offset });
  expect(second.start).toMatchObject({ start: 'resume', offset: first.offset });
  await second.shows('got two\r\n');
  expect(second.output).toBe('got two\r\n');
  expect(first.output).toBe('ready\r\ngot one\r\n');
  // An offset of another history cannot be resumed.
  const lost = await Viewer.attach(client, terminalId, { from: 1_000_000_000 });
  expect(lost.start.start).toBe('snapshot');
  expect(lost.gaps).toEqual([]);
});

test('questions of a program are answered once, live, and never by a snapshot or a replay', async () => {
  const client = await start();
  // Asks for the cursor, reads the answer in raw mode and shows it; then anything further that comes is shown too.
  const script = "stty raw -echo; printf '\\033[6n\\033[c'; head -c 13 | od -An -c; printf READY; cat -v";
  const { terminalId } = await client.create(shell(script));
  const first = await Viewer.attach(client, terminalId, { from: 0 });
  await first.shows('READY');
  expect(first.output.replace(/\s+/g, '')).toContain('033[1;1R033[?1;2c');
  // Two more viewers see it by replay and by snapshot; the program gets nothing but what is typed then.
  const replayed = await Viewer.attach(client, terminalId, { from: 0 });
  await replayed.shows('READY');
  const drawn = await Viewer.attach(client, terminalId);
  expect(drawn.snapshot).not.toMatch(/\x1b\[(6n|c)/);
  await client.request('terminal.input', { terminalId, data: 'typed' });
  await first.shows(/READYtyped$/);
});

test('a terminal made twice by one id is one terminal; another command under that id is refused', async () => {
  const client = await start();
  const make = { terminalId: 'mine', command: 'sh', cols: 80, rows: 24 };
  const [a, b] = await Promise.all([
    client.request('terminal.create', make),
    client.request('terminal.create', make),
  ]);
  expect(a.terminal.state).toEqual(b.terminal.state);
  expect((await client.request('terminal.list', {})).terminals).toHaveLength(1);
  await expect(client.request('terminal.create', { ...make, command: 'cat' })).rejects.toMatchObject({
    code: 'terminal_exists',
  });
});

test('every client hears of every change with the next revision, and the list agrees', async () => {
  const daemon = await runningDaemon();
  const actor = await RawClient.connect(daemon.wsUrl, { clientId: 'actor' });
  const watcher = await RawClient.connect(daemon.wsUrl, { clientId: 'watcher' });
  const { revision } = await watcher.request('terminal.list', {});
  const { terminalId } = await actor.create(
    shell("printf '\\033]2;a\\001title\\007\\a\\033]9;look\\007'; sleep 60"),
  );
  await watcher.next(
    'event',
    (e) => e.event === 'terminal.updated' && e.terminal.title === 'atitle' && e.terminal.bells === 2,
  );
  await actor.request('terminal.rename', { terminalId, title: 'mine' });
  await watcher.next(
    'event',
    (e) => e.event === 'terminal.updated' && e.terminal.titleFixed && e.terminal.title === 'mine',
  );
  const viewer = await Viewer.attach(actor, terminalId);
  await watcher.next('event', (e) => e.event === 'terminal.updated' && e.terminal.viewers === 1);
  await actor.request('terminal.close', { terminalId });
  expect(viewer.isClosed).toBe(true);
  await watcher.next('event', (e) => e.event === 'terminal.removed' && e.terminalId === terminalId);
  const revisions = watcher.heard.flatMap((m) => (m.type === 'event' ? [m.revision] : []));
  expect(revisions).toEqual(revisions.map((_, index) => revision + 1 + index));
  expect(await watcher.request('terminal.list', {})).toEqual({ revision: revisions.at(-1), terminals: [] });
});

test('the foreground program is named while it is not the own command, and signals reach it', async () => {
  const client = await start();
  const { terminalId } = await client.create({ command: 'bash', args: ['--norc', '--noprofile', '-i'] });
  const viewer = await Viewer.attach(client, terminalId, { from: 0 });
  await client.request('terminal.input', { terminalId, data: 'sleep 1000; echo st=$?\r' });
  await client.next('event', (e) => e.event === 'terminal.updated' && e.terminal.foreground === 'sleep');
  await client.request('terminal.kill', { terminalId, signal: 'SIGTERM' });
  await viewer.shows('st=143');
  await client.until(() => {
    const last = client.heard.filter((m) => m.type === 'event' && m.event === 'terminal.updated').at(-1);
    return last?.terminal.foreground === null;
  });
});

test('closing ends a program that ignores SIGHUP, after a time, and its children in the terminal', async () => {
  const client = await start();
  const { terminalId, state } = await client.create(shell('trap "" HUP; echo armed; sleep 1000'));
  const viewer = await Viewer.attach(client, terminalId, { from: 0 });
  await viewer.shows('armed');
  await client.request('terminal.close', { terminalId });
  expect(() => process.kill(state.kind === 'running' ? state.pid : 0, 0)).toThrow(/ESRCH/);
}, 15_000);

test('input that a program does not read is refused whole when no more can wait, and Ctrl-C is not lost before', async () => {
  const client = await start();
  const { terminalId } = await client.create(shell('stty raw -echo; echo ready; sleep 1000'));
  const viewer = await Viewer.attach(client, terminalId, { from: 0 });
  await viewer.shows('ready');
  const data = 'x'.repeat(64 * 1024);
  let taken = 0;
  let code = '';
  while (code === '' && taken < 100) {
    await client.request('terminal.input', { terminalId, data }).then(
      () => (taken += 1),
      (error: unknown) => (code = error instanceof Refused ? error.code : String(error)),
    );
  }
  expect(code).toBe('input_overflow');
  expect(taken).toBeGreaterThanOrEqual(15);
  expect(taken).toBeLessThanOrEqual(20);
  await client.request('terminal.kill', { terminalId, signal: 'SIGKILL' });
  await client.until(() => viewer.exited);
});

test('a command is found by its path relative to the directory, and a script needs the right to be executed', async () => {
  const client = await start();
  const cwd = await temporaryDirectory();
  await writeFile(join(cwd, 'run.sh'), '#!/bin/sh\necho from script in $PWD\n', { mode: 0o644 });
  await expect(client.create({ command: './run.sh', cwd })).rejects.toMatchObject({
    code: 'command_not_executable',
  });
  await writeFile(join(cwd, 'ok.sh'), '#!/bin/sh\necho from script in $PWD\n', { mode: 0o755 });
  const { terminalId } = await client.create({ command: './ok.sh', cwd });
  const viewer = await Viewer.attach(client, terminalId, { from: 0 });
  await viewer.shows(`from script in ${cwd}`);
});
