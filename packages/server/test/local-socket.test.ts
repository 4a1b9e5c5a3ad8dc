/** The daemon's Unix socket: private, replaced when it is stale, never taken from one that lives, never through a link. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createNodeTransportFactory } from '@holdfast/client/node';
import { DaemonClientV2 } from '@holdfast/client';
import { MAX_SOCKET_PATH_BYTES } from '../src/limits.js';
import { startDaemon } from '../src/index.js';
import { runningDaemon, temporaryDirectory } from './daemon-fixture.js';
import { exchange, handshake } from './raw-http.js';

const socketOf = (home: string): string => join(home, 'run', 'daemon.sock');
const modeOf = async (path: string): Promise<number> => (await lstat(path)).mode & 0o777;

/** Starts a daemon that must not start, and tells with which code it failed. */
async function failsWith(home: string): Promise<unknown> {
  return startDaemon({ home, port: 0, onLogLine: () => undefined }).then(
    async (daemon) => {
      await daemon.stop();
      return 'started';
    },
    (error: unknown) => (error as { code?: string }).code,
  );
}

/** Something of somebody else that listens at a path. */
async function foreignServer(path: string): Promise<Server> {
  const server = createServer((socket) => {
    // Whoever only looks whether it listens is gone before it has read.
    socket.on('error', () => undefined).end('foreign');
  }).listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

/** What the server at a path says first, or the code of the error. */
function greetingOf(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? '');
    });
  });
}

/** A state directory whose socket would have a path of so many bytes. */
async function homeWithSocketPath(bytes: number): Promise<string> {
  const base = await temporaryDirectory();
  const name = 'h'.repeat(bytes - Buffer.byteLength(socketOf(join(base, 'x'))) + 1);
  return join(base, name);
}

test('the socket is its user’s alone from the first moment, whatever the umask, and other users cannot connect', async () => {
  const umask = process.umask(0);
  onTestFinished(() => void process.umask(umask));
  const home = await temporaryDirectory();
  // Left open by somebody: closed again before anything is made in it.
  await mkdir(join(home, 'run'), { mode: 0o777 });
  const daemon = await runningDaemon({ home });
  process.umask(umask);
  expect(daemon.socket).toBe(socketOf(home));
  expect(await modeOf(home)).toBe(0o700);
  expect(await modeOf(join(home, 'run'))).toBe(0o700);
  expect(await modeOf(socketOf(home))).toBe(0o600);
  expect(await readdir(join(home, 'run'))).toEqual(['daemon.sock']);
  if (process.getuid?.() !== 0) return;
  // Even where the way to it stood open, its own mode would refuse another user.
  await chmod(home, 0o711);
  await chmod(join(home, 'run'), 0o711);
  const program = `require('node:net').connect(${JSON.stringify(socketOf(home))})
    .on('connect', () => console.log('connected')).on('error', (error) => console.log(error.code))`;
  const other = spawn(process.execPath, ['-e', program], { uid: 65534, gid: 65534, cwd: '/' });
  const [said] = (await once(other.stdout, 'data')) as [Buffer];
  expect(said.toString().trim()).toBe('EACCES');
});

test('carries the client, headers and all, and the daemon says which way it came', async () => {
  const daemon = await runningDaemon();
  const client = new DaemonClientV2({
    url: 'ws://localhost/ws',
    transportFactory: createNodeTransportFactory({ socketPath: daemon.socket ?? '' }),
  });
  onTestFinished(() => client.close());
  await client.connect();
  expect(await client.request('terminal.list', {})).toMatchObject({ terminals: [] });
  expect(await daemon.watch.find(({ event }) => event === 'connection.accepted')).toMatchObject({
    via: 'unix',
  });
});

test('at its end the daemon removes its own socket, and not one that has taken its place', async () => {
  const own = await runningDaemon();
  await own.stop();
  expect(existsSync(socketOf(own.home))).toBe(false);

  const replaced = await runningDaemon();
  await unlink(socketOf(replaced.home));
  await foreignServer(socketOf(replaced.home));
  await replaced.stop();
  expect(await greetingOf(socketOf(replaced.home))).toBe('foreign');
});

test('a socket that a killed daemon left is replaced, and so is what it left half made', async () => {
  const home = await temporaryDirectory();
  await mkdir(join(home, 'run'), { mode: 0o700 });
  const program = `
    const { createServer } = require('node:net');
    const server = createServer().listen(${JSON.stringify(socketOf(home))}, () =>
      createServer().listen(${JSON.stringify(join(home, 'run', '.d-01234567'))}, () => console.log('listening')));`;
  const killed = spawn(process.execPath, ['-e', program]);
  await once(killed.stdout, 'data');
  killed.kill('SIGKILL');
  await once(killed, 'close');
  expect(await greetingOf(socketOf(home))).toBe('ECONNREFUSED');

  const daemon = await runningDaemon({ home });
  expect((await exchange(daemon, handshake(daemon, {}, 'unix'), { way: 'unix' })).status).toBe(101);
  expect(daemon.watch.lines).toContainEqual(expect.objectContaining({ event: 'local-socket.stale' }));
  expect(await readdir(join(home, 'run'))).toEqual(['daemon.sock']);
});

test('a socket that answers is never taken: two daemons share none, even where the runtime file is gone', async () => {
  const first = await runningDaemon();
  await unlink(join(first.home, 'daemon.json'));
  expect(await failsWith(first.home)).toBe('socket_in_use');
  expect((await exchange(first, handshake(first, {}, 'unix'), { way: 'unix' })).status).toBe(101);

  const home = await temporaryDirectory();
  await mkdir(join(home, 'run'), { mode: 0o700 });
  await foreignServer(socketOf(home));
  expect(await failsWith(home)).toBe('socket_in_use');
  expect(await greetingOf(socketOf(home))).toBe('foreign');
});

test.runIf(process.platform === 'linux')(
  'a socket whose server is too busy to take a connection is not stale: only a refusal proves that',
  async () => {
    const home = await temporaryDirectory();
    await mkdir(join(home, 'run'), { mode: 0o700 });
    const program = `require('node:net').createServer().listen(
      { path: ${JSON.stringify(socketOf(home))}, backlog: 1 }, () => console.log('listening'))`;
    const busy = spawn(process.execPath, ['-e', program]);
    onTestFinished(() => void busy.kill('SIGKILL'));
    await once(busy.stdout, 'data');
    busy.kill('SIGSTOP');
    // Until its backlog is full, which Linux tells at once (unix(7): EAGAIN).
    for (;;) {
      const waiting = connect({ path: socketOf(home) });
      onTestFinished(() => void waiting.destroy());
      const outcome = await new Promise<string | undefined>((resolve) => {
        waiting.once('connect', () => {
          resolve(undefined);
        });
        waiting.once('error', (error: NodeJS.ErrnoException) => {
          resolve(error.code);
        });
      });
      waiting.on('error', () => undefined);
      if (outcome !== undefined) {
        expect(outcome).toBe('EAGAIN');
        break;
      }
    }
    expect(await failsWith(home)).toBe('socket_in_use');
  },
);

describe('what is in the way is left alone, and named', () => {
  test.each<[string, (home: string, target: string) => Promise<unknown>]>([
    ['a file', (home) => writeFile(socketOf(home), 'precious')],
    ['a directory', (home) => mkdir(socketOf(home))],
    ['a link to a file', (home, target) => symlink(target, socketOf(home))],
    ['a link to nothing', (home) => symlink('nowhere', socketOf(home))],
    [
      'a link in place of its directory',
      async (home, target) => {
        await rm(join(home, 'run'), { recursive: true });
        await symlink(dirname(target), join(home, 'run'));
      },
    ],
    [
      'a file in place of its directory',
      async (home) => {
        await rm(join(home, 'run'), { recursive: true });
        await writeFile(join(home, 'run'), 'precious');
      },
    ],
  ])('%s', async (_what, put) => {
    const home = await temporaryDirectory();
    const target = join(await temporaryDirectory(), 'target');
    await writeFile(target, 'precious');
    await chmod(dirname(target), 0o755);
    await mkdir(join(home, 'run'), { mode: 0o700 });
    await put(home, target);
    expect(await failsWith(home)).toBe('socket_in_the_way');
    expect(await readFile(target, 'utf8')).toBe('precious');
    expect(await readdir(dirname(target))).toEqual(['target']);
    expect(await modeOf(dirname(target))).toBe(0o755);
    expect(existsSync(join(home, 'daemon.json'))).toBe(false);
  });
});

describe('where the path is too long for a socket', () => {
  test('the longest that fits is used, and one byte more is not', async () => {
    vi.stubEnv('XDG_RUNTIME_DIR', '');
    onTestFinished(() => void vi.unstubAllEnvs());
    const fits = await runningDaemon({ home: await homeWithSocketPath(MAX_SOCKET_PATH_BYTES) });
    expect(Buffer.byteLength(fits.socket ?? '')).toBe(MAX_SOCKET_PATH_BYTES);
    expect((await exchange(fits, handshake(fits, {}, 'unix'), { way: 'unix' })).status).toBe(101);

    const long = await runningDaemon({ home: await homeWithSocketPath(MAX_SOCKET_PATH_BYTES + 1) });
    expect(long.socket).toBeUndefined();
    const line = await long.watch.find(({ event }) => event === 'local-socket.none');
    expect(JSON.stringify(line)).toContain(`at most ${String(MAX_SOCKET_PATH_BYTES)} bytes`);
    expect((await exchange(long, handshake(long))).status).toBe(101);
  });

  test('it lies in the user’s runtime directory, in a place of its own for each state directory', async () => {
    const runtime = await temporaryDirectory();
    vi.stubEnv('XDG_RUNTIME_DIR', runtime);
    onTestFinished(() => void vi.unstubAllEnvs());
    const daemons = [];
    for (const extra of [1, 50]) {
      daemons.push(await runningDaemon({ home: await homeWithSocketPath(MAX_SOCKET_PATH_BYTES + extra) }));
    }
    const sockets = daemons.map(({ socket }) => socket ?? '');
    expect(new Set(sockets).size).toBe(2);
    for (const socket of sockets) {
      expect(dirname(dirname(socket))).toBe(runtime);
      expect([await modeOf(dirname(socket)), await modeOf(socket)]).toEqual([0o700, 0o600]);
    }
    for (const daemon of daemons) await daemon.stop();
    expect(await readdir(runtime)).toEqual([]);
  });

  test('and a runtime directory that others may enter is not trusted', async () => {
    const runtime = await temporaryDirectory();
    await chmod(runtime, 0o755);
    vi.stubEnv('XDG_RUNTIME_DIR', runtime);
    onTestFinished(() => void vi.unstubAllEnvs());
    const daemon = await runningDaemon({ home: await homeWithSocketPath(MAX_SOCKET_PATH_BYTES + 1) });
    expect(daemon.socket).toBeUndefined();
    expect(JSON.stringify(await daemon.watch.find(({ event }) => event === 'local-socket.none'))).toContain(
      'XDG_RUNTIME_DIR',
    );
    expect(await readdir(runtime)).toEqual([]);
  });
});

describe('a runtime file that is no secret stops the start', () => {
  test.each<[string, (file: string) => Promise<unknown>]>([
    ['others may read it', (file) => chmod(file, 0o604)],
    ['its group may read it', (file) => chmod(file, 0o640)],
    ['others may write it', (file) => chmod(file, 0o602)],
    [
      'it is a link',
      async (file) => {
        await rm(file);
        await symlink('daemon-id', file);
      },
    ],
    ...(process.getuid?.() === 0
      ? [
          ['it is another user’s', (file: string) => chown(file, 65534, 65534)] as [
            string,
            (file: string) => Promise<unknown>,
          ],
        ]
      : []),
  ])('%s', async (_what, spoil) => {
    const home = await temporaryDirectory();
    const file = join(home, 'daemon.json');
    await writeFile(join(home, 'daemon-id'), 'mine', { mode: 0o600 });
    await writeFile(file, '{}', { mode: 0o600 });
    await spoil(file);
    expect(await failsWith(home)).toBe('runtime_file_not_private');
    expect(existsSync(socketOf(home))).toBe(false);
  });

  test('and a private one of an earlier daemon does not', async () => {
    const first = await runningDaemon();
    const file = await readFile(join(first.home, 'daemon.json'));
    await first.stop();
    await writeFile(join(first.home, 'daemon.json'), file, { mode: 0o600 });
    const second = await runningDaemon({ home: first.home });
    expect((await stat(join(second.home, 'daemon.json'))).mode & 0o777).toBe(0o600);
  });
});
