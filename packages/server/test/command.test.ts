/** The command `holdfast`, as a process, with a state directory of its own. */
/* eslint-disable no-control-regex -- what terminals say is made of control characters */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn as spawnPty } from '@lydell/node-pty';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runningDaemon, temporaryDirectory } from './daemon-fixture.js';
import { helloOf, RawClient } from './raw-client.js';

const MAIN = fileURLToPath(new URL('../dist/command/main.js', import.meta.url));

type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

async function finish(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data) => (stdout += String(data)));
  child.stderr?.on('data', (data) => (stderr += String(data)));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

/** Runs `holdfast`; whatever daemon it leaves is ended after the test. */
async function holdfast(home: string, ...args: string[]): Promise<Outcome> {
  return holdfastIn({}, home, ...args);
}

/** The same with some variables of the environment changed. */
async function holdfastIn(env: NodeJS.ProcessEnv, home: string, ...args: string[]): Promise<Outcome> {
  return finish(
    spawn(process.execPath, [MAIN, '--home', home, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

async function stateDirectory(): Promise<string> {
  const home = await temporaryDirectory();
  onTestFinished(async () => {
    await holdfast(home, 'daemon', 'stop');
  });
  return home;
}

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
const errorOf = (outcome: Outcome): { code: string; message: string } =>
  (json(outcome.stderr.trim().split('\n').at(-1) ?? '') as { error: { code: string; message: string } })
    .error;

test('start, status, terminals, logs and stop tell the truth, in words and in JSON', async () => {
  const home = await stateDirectory();
  const stopped = await holdfast(home, 'daemon', 'status');
  expect([stopped.code, stopped.stdout]).toEqual([3, expect.stringContaining('holdfast daemon start')]);
  expect((await holdfast(home, 'ls')).code).toBe(3);

  const started = await holdfast(home, '--json', 'daemon', 'start', '--port', '0');
  expect([started.code, json(started.stdout)]).toMatchObject([0, { running: true, alreadyRunning: false }]);
  const again = json((await holdfast(home, 'daemon', 'start', '--json')).stdout);
  expect(again).toMatchObject({ alreadyRunning: true, pid: json(started.stdout)['pid'] });

  expect((await stat(home)).mode & 0o777).toBe(0o700);
  expect((await stat(join(home, 'daemon.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, 'daemon.log'))).mode & 0o777).toBe(0o600);

  const made = await holdfast(home, 'new', '--title', 'mine', '--', 'cat');
  const terminalId = made.stdout.trim();
  const list = json((await holdfast(home, 'ls', '--json')).stdout) as { terminals: { title: string }[] };
  expect(list.terminals).toMatchObject([{ terminalId, title: 'mine', command: 'cat' }]);
  expect((await holdfast(home, 'kill', 'nobody')).code).toBe(4);
  expect((await holdfast(home, 'kill', 'mine', '--signal', 'SIGNOPE')).code).toBe(2);
  expect(await holdfast(home, 'kill', 'mine')).toMatchObject({ code: 0 });
  const missing = await holdfast(home, '--json', 'new', '--', 'no-such-command');
  expect([missing.code, errorOf(missing).code]).toEqual([1, 'command_not_found']);

  const logs = await holdfast(home, 'logs', '--json', '-n', '500');
  const events = logs.stdout
    .trim()
    .split('\n')
    .map((line) => json(line)['event']);
  expect(events).toContain('daemon.started');
  expect(events).toContain('connection.closed');

  const end = await holdfast(home, 'daemon', 'stop', '--json');
  expect([end.code, json(end.stdout)]).toMatchObject([0, { stopped: true }]);
  expect(existsSync(join(home, 'daemon.json'))).toBe(false);
}, 60_000);

test('restart keeps the address and the daemon id, and is another instance', async () => {
  const home = await stateDirectory();
  const first = json((await holdfast(home, '--json', 'daemon', 'start', '--port', '0')).stdout);
  const id = await readFile(join(home, 'daemon-id'), 'utf8');
  const second = json((await holdfast(home, '--json', 'daemon', 'restart')).stdout);
  expect(second['wsUrl']).toBe(first['wsUrl']);
  expect(second['instanceId']).not.toBe(first['instanceId']);
  expect(await readFile(join(home, 'daemon-id'), 'utf8')).toBe(id);
}, 60_000);

test('restart keeps asking for the token; a start that wants it asked for is not content with a daemon that does not', async () => {
  const home = await stateDirectory();
  const open = json((await holdfast(home, '--json', 'daemon', 'start', '--port', '0')).stdout);
  expect(open['auth']).toBe('none');
  const refused = await holdfast(home, '--json', 'daemon', 'start', '--auth', 'token');
  expect([refused.code, errorOf(refused).code]).toEqual([1, 'already_running']);
  expect(errorOf(refused).message).toContain('holdfast daemon restart --auth token');
  const asking = json((await holdfast(home, '--json', 'daemon', 'restart', '--auth', 'token')).stdout);
  expect(asking).toMatchObject({ auth: 'token', wsUrl: open['wsUrl'] });
  const again = json((await holdfast(home, '--json', 'daemon', 'restart')).stdout);
  expect(again['auth']).toBe('token');
  expect(again['instanceId']).not.toBe(asking['instanceId']);
  // The command has the token and needs not be told.
  expect((await holdfast(home, 'new', '--', 'cat')).code).toBe(0);
  expect((await holdfast(home, 'daemon', 'start', '--auth', 'password')).code).toBe(2);
}, 60_000);

test('a daemon started with --max-connections takes so many, restart keeps the number, and both can be asked', async () => {
  const home = await stateDirectory();
  /** How many clients are let in, tried up to three. */
  const takes = async (wsUrl: unknown): Promise<number> => {
    const clients = Array.from({ length: 3 }, () => new RawClient(String(wsUrl)));
    const first = await Promise.all(
      clients.map(async (client, index) => {
        await client.opened();
        client.send(helloOf(`client-${String(index)}`));
        const answer = await client.until(() =>
          client.heard.find(({ type }) => type === 'welcome' || type === 'refused'),
        );
        return answer.type;
      }),
    );
    for (const client of clients) client.socket.close();
    await Promise.all(clients.map((client) => client.whenClosed()));
    return first.filter((type) => type === 'welcome').length;
  };
  const one = ['--max-connections', '1'];
  const started = json((await holdfast(home, '--json', 'daemon', 'start', '--port', '0', ...one)).stdout);
  expect([started['maxConnections'], await takes(started['wsUrl'])]).toEqual([1, 1]);
  const restarted = json((await holdfast(home, '--json', 'daemon', 'restart')).stdout);
  expect([restarted['maxConnections'], await takes(restarted['wsUrl'])]).toEqual([1, 1]);

  // It goes on as it is, since its terminals would end; that is said, and how to change it.
  const again = await holdfast(home, 'daemon', 'start', '--max-connections', '2');
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/already runs[^]*limit of connections is 1\.[^]*restart --max-connections 2/);
  // A number that cannot be is found before anything has ended.
  expect((await holdfast(home, 'daemon', 'restart', '--max-connections', '0')).code).toBe(2);
  const running = json((await holdfast(home, '--json', 'daemon', 'status')).stdout);
  expect(running).toMatchObject({ maxConnections: 1, instanceId: restarted['instanceId'] });

  const env = { HOLDFAST_MAX_CONNECTIONS: '2' };
  const two = json((await holdfastIn(env, home, '--json', 'daemon', 'restart')).stdout);
  expect([two['maxConnections'], await takes(two['wsUrl'])]).toEqual([2, 2]);
  const named = json((await holdfastIn(env, home, '--json', 'daemon', 'restart', ...one)).stdout);
  expect(named['maxConnections']).toBe(1);
  const bad = await holdfastIn({ HOLDFAST_MAX_CONNECTIONS: '1e2' }, home, 'daemon', 'restart', '--json');
  expect([bad.code, errorOf(bad).message]).toEqual([
    2,
    expect.stringMatching(/HOLDFAST_MAX_CONNECTIONS.*1 to 1000/),
  ]);
}, 60_000);

test.runIf(process.platform === 'linux')(
  'a daemon that may not open as many files as its connections need says so in its log, with both numbers',
  async () => {
    const home = await stateDirectory();
    const start = async (files: number): Promise<readonly unknown[]> => {
      const script = `ulimit -n ${String(files)}; exec "$@"`;
      const args = ['--home', home, 'daemon', 'start', '--port', '0', '--max-connections', '300'];
      expect(await finish(spawn('sh', ['-c', script, 'sh', process.execPath, MAIN, ...args]))).toMatchObject({
        code: 0,
      });
      await holdfast(home, 'daemon', 'stop');
      const log = await readFile(join(home, 'daemon.log'), 'utf8');
      await rm(join(home, 'daemon.log'));
      return log
        .trim()
        .split('\n')
        .map(json)
        .filter(({ event }) => event === 'open-files.few');
    };
    expect(await start(128)).toMatchObject([
      { limit: 128, needed: 564, reason: expect.stringMatching(/128 files.*300 connections.*ulimit -Hn/) },
    ]);
    expect(await start(564)).toEqual([]);
  },
  60_000,
);

test('five starts at one moment make one daemon, which all of them report', async () => {
  const home = await stateDirectory();
  const outcomes = await Promise.all(
    Array.from({ length: 5 }, () => holdfast(home, '--json', 'daemon', 'start', '--port', '0')),
  );
  expect(outcomes.map(({ code, stderr }) => [code, stderr])).toEqual(Array(5).fill([0, '']));
  const reports = outcomes.map(({ stdout }) => json(stdout));
  expect(new Set(reports.map(({ instanceId }) => instanceId)).size).toBe(1);
  expect(reports.filter(({ alreadyRunning }) => alreadyRunning === false)).toHaveLength(1);
  // No second one listens unseen: only one ever did.
  const log = (await readFile(join(home, 'daemon.log'), 'utf8')).trim().split('\n');
  expect(log.filter((line) => json(line)['event'] === 'daemon.started')).toHaveLength(1);
  expect(existsSync(join(home, 'daemon.lock'))).toBe(false);
}, 60_000);

describe('what is in the way is named', () => {
  test('a port in use: refused with its code, the exit code and the log; the holder is not disturbed', async () => {
    const home = await stateDirectory();
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    onTestFinished(() => void holder.close());
    const { port } = holder.address() as { port: number };
    const outcome = await holdfast(home, '--json', 'daemon', 'start', '--port', String(port));
    expect(outcome.code).toBe(1);
    expect(errorOf(outcome)).toMatchObject({ code: 'port_in_use', exitCode: 1 });
    expect(errorOf(outcome).message).toContain('--port');
    const words = await holdfast(home, 'daemon', 'start', '--port', String(port));
    expect(words.stderr).toMatch(/in use[\s\S]*last lines of the log[\s\S]*daemon.failed/);
    expect(existsSync(join(home, 'daemon.json'))).toBe(false);
  }, 30_000);

  test('a stale runtime file, even with the pid of a living process, does not block the start', async () => {
    const home = await stateDirectory();
    const stale = {
      format: 1,
      pid: process.pid,
      host: '127.0.0.1',
      port: 9,
      webUrl: 'http://127.0.0.1:9/',
      wsUrl: 'ws://127.0.0.1:9/ws',
      version: '0.0.0',
      instanceId: 'gone',
      startedAt: new Date(0).toISOString(),
    };
    await writeFile(join(home, 'daemon.json'), JSON.stringify(stale), { mode: 0o600 });
    const status = await holdfast(home, '--json', 'daemon', 'status');
    expect([status.code, json(status.stdout)]).toMatchObject([
      3,
      { running: false, stale: { pid: process.pid } },
    ]);
    // Stopping must never end a process that is not the daemon.
    expect((await holdfast(home, 'daemon', 'stop')).code).toBe(0);
    expect((await holdfast(home, 'daemon', 'start', '--port', '0')).code).toBe(0);
  }, 30_000);

  test('a runtime file of another daemon at a living address is stale too: the instance is asked for', async () => {
    const other = await runningDaemon();
    const home = await stateDirectory();
    const file = json(await readFile(join(other.home, 'daemon.json'), 'utf8'));
    await writeFile(join(home, 'daemon.json'), JSON.stringify({ ...file, instanceId: 'another' }), {
      mode: 0o600,
    });
    expect((await holdfast(home, 'daemon', 'status')).code).toBe(3);
  }, 30_000);

  test('a damaged or unreadable runtime file', async () => {
    const home = await stateDirectory();
    await writeFile(join(home, 'daemon.json'), '{"format":1,', { mode: 0o600 });
    const damaged = await holdfast(home, '--json', 'ls');
    expect([damaged.code, errorOf(damaged).code]).toEqual([1, 'runtime_file_invalid']);
    expect((await holdfast(home, 'daemon', 'start', '--port', '0')).code).toBe(0);
    await holdfast(home, 'daemon', 'stop');
    // A directory in its place cannot be read by anybody, root included.
    await mkdir(join(home, 'daemon.json'));
    const unreadable = await holdfast(home, '--json', 'daemon', 'start');
    expect([unreadable.code, errorOf(unreadable).code]).toEqual([1, 'runtime_file_unreadable']);
    expect(errorOf(unreadable).message).toContain(join(home, 'daemon.json'));
    await rm(join(home, 'daemon.json'), { recursive: true });
    // A FIFO would keep a reader waiting for ever.
    await finish(spawn('mkfifo', ['-m', '600', join(home, 'daemon.json')]));
    expect(errorOf(await holdfast(home, '--json', 'ls')).code).toBe('runtime_file_unreadable');
  }, 30_000);

  test('a home that cannot be used: a file in its place, or a directory that may not be written', async () => {
    const base = await temporaryDirectory();
    await writeFile(join(base, 'file'), '');
    const outcome = await holdfast(join(base, 'file', 'home'), '--json', 'daemon', 'start', '--port', '0');
    expect([outcome.code, errorOf(outcome).code]).toEqual([1, 'home_not_writable']);
    expect(errorOf(outcome).message).toContain('HOLDFAST_HOME');
    if (process.getuid?.() !== 0) return;
    // Root may write everywhere, so the question is put as somebody else.
    await chmod(base, 0o755);
    const other = spawn(
      process.execPath,
      [MAIN, '--json', '--home', join(base, 'home'), 'daemon', 'run', '--port', '0'],
      {
        uid: 65534,
        gid: 65534,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const refused = await finish(other);
    // Where the repository itself may not be read by others, node cannot even start; then there is nothing to see.
    if (!refused.stderr.includes('"error"')) return;
    expect([refused.code, errorOf(refused).code]).toEqual([1, 'home_not_writable']);
  }, 30_000);

  test('a second daemon on one state directory, an address that is not this computer, an origin with a path', async () => {
    const daemon = await runningDaemon();
    const second = await holdfast(daemon.home, '--json', 'daemon', 'run', '--port', '0');
    expect([second.code, errorOf(second).code]).toEqual([1, 'already_running']);
    const home = await temporaryDirectory();
    const host = await holdfast(home, '--json', 'daemon', 'run', '--host', '0.0.0.0');
    expect([host.code, errorOf(host).code]).toEqual([2, 'invalid_host']);
    const origin = await holdfast(home, '--json', 'daemon', 'run', '--allow-origin', 'http://a.test/');
    expect([origin.code, errorOf(origin).code]).toEqual([2, 'invalid_origin']);
    expect((await holdfast(home, 'daemon', 'run', '--port', '70000')).code).toBe(2);
  }, 30_000);
});

test('attach shows a terminal in a real tty, follows its size, and detaches by Ctrl-\\ twice', async () => {
  const daemon = await runningDaemon();
  const made = await holdfast(daemon.home, 'new', '--', 'bash', '--norc', '--noprofile', '-i');
  const tty = spawnPty(process.execPath, [MAIN, '--home', daemon.home, 'attach', made.stdout.trim()], {
    cols: 91,
    rows: 27,
  });
  let seen = '';
  let look = (): void => undefined;
  tty.onData((data) => {
    seen += data;
    look();
  });
  const shows = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      look = (): void => {
        if (pattern.test(seen)) resolve();
      };
      look();
    });
  const ended = new Promise<number>((resolve) =>
    tty.onExit(({ exitCode }) => {
      resolve(exitCode);
    }),
  );
  await shows(/[$#] /);
  tty.write('stty size; echo $((6*7))\r');
  await shows(/27 91\r\x1bD42\r/);
  tty.resize(70, 20);
  tty.write('sleep 0.1; stty size\r');
  await shows(/20 70\r/);
  tty.write('\x1c\x1c');
  expect(await ended).toBe(0);
  expect(seen).toContain('Detached');
  const noTty = await holdfast(daemon.home, '--json', 'attach', made.stdout.trim());
  expect([noTty.code, errorOf(noTty).code]).toEqual([1, 'not_a_terminal']);
}, 30_000);
