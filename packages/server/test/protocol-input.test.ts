/** What a client may send after the upgrade: a clear error with a code, and nothing else is disturbed. */
import { connect } from 'node:net';
import { MAX_INPUT_BYTES } from '@holdfast/protocol';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULT_MAX_CONNECTIONS, HIGHEST_MAX_CONNECTIONS } from '../src/limits.js';
import { askHealth, startDaemon } from '../src/index.js';
import { runningDaemon, temporaryDirectory } from './daemon-fixture.js';
import { helloOf, RawClient, Refused } from './raw-client.js';

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof Refused ? error.code : String(error)),
  );
}

test('a hello of another protocol version is refused by name, with the versions, and closed with 4406', async () => {
  const daemon = await runningDaemon();
  const client = new RawClient(daemon.wsUrl);
  await client.opened();
  client.send({ ...helloOf(), protocol: { min: 2, max: 3 } } as ReturnType<typeof helloOf>);
  expect(await client.next('refused')).toMatchObject({
    code: 'protocol_unsupported',
    protocol: { min: 1, max: 1 },
  });
  expect((await client.whenClosed()).code).toBe(4406);
});

test('a first message that is no hello ends the connection with 4400', async () => {
  const daemon = await runningDaemon();
  for (const text of ['{', '[]', '{"type":"request","id":1,"method":"terminal.list"}', '{"type":"hello"}']) {
    const client = new RawClient(daemon.wsUrl);
    await client.opened();
    client.socket.send(text);
    expect([text, (await client.whenClosed()).code]).toEqual([text, 4400]);
  }
});

test('a newer connection of the same client replaces the older one with 4409', async () => {
  const daemon = await runningDaemon();
  const older = await RawClient.connect(daemon.wsUrl, { clientId: 'twin' });
  const newer = await RawClient.connect(daemon.wsUrl, { clientId: 'twin' });
  expect((await older.whenClosed()).code).toBe(4409);
  await newer.request('terminal.list', {});
});

test('a connection that says no hello is closed with 4408, and one that never answers a ping with 4504', async () => {
  const daemon = await runningDaemon();
  const mute = new RawClient(daemon.wsUrl);
  const deaf = await RawClient.connect(daemon.wsUrl);
  // From here on it hears and says nothing, as a half-open connection does.
  deaf.send = () => undefined;
  expect((await mute.whenClosed()).code).toBe(4408);
  expect((await deaf.whenClosed()).code).toBe(4504);
}, 60_000);

// 300 are more sockets than the daemon takes by default, so those have to follow.
test.each([undefined, 2, 300])(
  'with room for %s connections (undefined: 100) the next one is refused with 4429 and told why and what to do, and the others go on',
  async (maxConnections) => {
    const daemon = await runningDaemon({ maxConnections });
    const allowed = maxConnections ?? DEFAULT_MAX_CONNECTIONS;
    const clients = await Promise.all(
      Array.from({ length: allowed }, (_, index) =>
        RawClient.connect(daemon.wsUrl, { clientId: `client-${String(index)}` }),
      ),
    );
    const over = new RawClient(daemon.wsUrl);
    const why = expect.stringMatching(
      new RegExp(
        `limit of connections \\(${String(allowed)}\\).*Close a window.*higher --max-connections\\.$`,
      ),
    );
    expect(await over.next('refused')).toMatchObject({ code: 'too_many_connections', message: why });
    expect(await over.whenClosed()).toEqual({ code: 4429, reason: why });
    await clients[0]?.request('terminal.list', {});
    // HTTP has room of its own beside them, or the daemon could not be found any more.
    expect(await askHealth(daemon.webUrl)).toMatchObject({ instanceId: daemon.instanceId });
    // Who leaves makes room.
    clients[1]?.socket.close();
    await clients[1]?.whenClosed();
    await daemon.watch.find(({ event, by }) => event === 'connection.closed' && by === 'client');
    await RawClient.connect(daemon.wsUrl, { clientId: 'next' });
  },
);

test.each([0, -1, 2.5, NaN, HIGHEST_MAX_CONNECTIONS + 1])(
  'a daemon that is to take %s connections does not start, and says which numbers it takes',
  async (maxConnections) => {
    const home = await temporaryDirectory();
    await expect(startDaemon({ home, port: 0, maxConnections })).rejects.toMatchObject({
      code: 'invalid_max_connections',
      message: expect.stringContaining(`from 1 to ${String(HIGHEST_MAX_CONNECTIONS)}`),
    });
  },
);

describe('a greeted connection', () => {
  test('lives through messages that cannot be read, each answered by an error, and is closed after ten', async () => {
    const daemon = await runningDaemon();
    const client = await RawClient.connect(daemon.wsUrl);
    const bad = [
      'not json',
      '['.repeat(100_000),
      '"text"',
      '{"type":5}',
      '{"type":"request","id":-1,"method":"terminal.list"}',
      '{"type":"request","id":1e400,"method":"terminal.list"}',
      '{"type":"ack","attachment":0,"offset":9007199254740993}',
      '{"__proto__":{"type":"hello"}}',
      '\0',
    ];
    for (const [index, text] of bad.entries()) {
      client.socket.send(text);
      await client.until(() => client.heard.filter(({ type }) => type === 'error').length === index + 1);
    }
    // A message of a newer version is no error.
    client.socket.send('{"type":"teleport","where":"\\ud800"}');
    await client.request('terminal.list', {});
    client.socket.send('{"type":"hello"}');
    expect((await client.whenClosed()).code).toBe(4400);
    await RawClient.connect(daemon.wsUrl);
  });

  test('gets a code for each request that cannot be done', async () => {
    const daemon = await runningDaemon();
    const client = await RawClient.connect(daemon.wsUrl);
    const terminalId = 'nobody';
    const raw = client.request.bind(client) as (method: string, params: unknown) => Promise<unknown>;
    const cases: readonly (readonly [string, unknown, string])[] = [
      ['terminal.fly', {}, 'unknown_method'],
      ['__proto__', {}, 'unknown_method'],
      ['constructor', {}, 'unknown_method'],
      ['terminal.create', {}, 'invalid_params'],
      ['terminal.create', { cols: 80, rows: 100_000 }, 'invalid_params'],
      ['terminal.create', { cols: 80, rows: 24, command: 'a\0b' }, 'invalid_params'],
      ['terminal.create', { cols: 80, rows: 24, command: 'no-such-command' }, 'command_not_found'],
      ['terminal.create', { cols: 80, rows: 24, command: '/etc/passwd' }, 'command_not_executable'],
      ['terminal.create', { cols: 80, rows: 24, command: '/tmp' }, 'command_not_executable'],
      ['terminal.create', { cols: 80, rows: 24, cwd: '/no/such/place' }, 'cwd_not_found'],
      ['terminal.create', { cols: 80, rows: 24, cwd: '/etc/passwd' }, 'cwd_not_directory'],
      ['terminal.create', { cols: 80, rows: 24, cwd: 'relative' }, 'cwd_not_found'],
      ['terminal.create', { cols: 80, rows: 24, env: { SHELL: '/no/such/shell' } }, 'command_not_found'],
      ['terminal.attach', { terminalId, attachment: 1 }, 'terminal_not_found'],
      ['terminal.attach', { terminalId: '../x', attachment: 1 }, 'invalid_params'],
      ['terminal.detach', { attachment: 99 }, 'attachment_not_found'],
      ['terminal.input', { terminalId, data: 'x' }, 'terminal_not_found'],
      ['terminal.input', { terminalId, data: 'x'.repeat(MAX_INPUT_BYTES + 1) }, 'invalid_params'],
      ['terminal.resize', { terminalId, cols: 80, rows: 24 }, 'terminal_not_found'],
      ['terminal.rename', { terminalId, title: 'a\x1bb' }, 'invalid_params'],
      ['terminal.kill', { terminalId, signal: 'SIGSTOP' }, 'invalid_params'],
      ['terminal.close', { terminalId }, 'terminal_not_found'],
    ];
    for (const [method, params, code] of cases) {
      expect([method, params, await codeOf(raw(method, params))]).toEqual([method, params, code]);
    }
    expect((await client.request('terminal.list', {})).terminals).toEqual([]);
  });

  test('says which login shell is missing and what to do', async () => {
    const daemon = await runningDaemon({ env: { ...process.env, SHELL: '/opt/none/fish' } });
    const client = await RawClient.connect(daemon.wsUrl);
    await expect(client.request('terminal.create', { cols: 80, rows: 24 })).rejects.toThrow(
      /login shell \/opt\/none\/fish.*Set SHELL/s,
    );
  });

  test('is told when it uses a request id or an attachment twice', async () => {
    const daemon = await runningDaemon();
    const client = await RawClient.connect(daemon.wsUrl);
    const { terminalId } = await client.create({
      command: 'sh',
      args: ['-c', 'trap "" HUP; sleep 60 & wait'],
    });
    await client.request('terminal.attach', { terminalId, attachment: 7 });
    expect(await codeOf(client.request('terminal.attach', { terminalId, attachment: 7 }))).toBe(
      'invalid_params',
    );
    // Closing waits for a program that ignores SIGHUP, so its id stays in use.
    client.send({ type: 'request', id: 5000, method: 'terminal.close', params: { terminalId } });
    client.send({ type: 'request', id: 5000, method: 'terminal.list', params: {} });
    expect(await client.next('failure', ({ id }) => id === 5000)).toMatchObject({
      error: { code: 'duplicate_request' },
    });
    await client.request('terminal.kill', { terminalId, signal: 'SIGKILL' });
    await client.next('response', ({ id }) => id === 5000);
  });

  test('is closed with 1003 for a binary frame, 4413 for a message over the limit, 1009 for one far over it', async () => {
    const daemon = await runningDaemon();
    const witness = await RawClient.connect(daemon.wsUrl, { clientId: 'witness' });
    const cases: readonly (readonly [string | Buffer, number])[] = [
      [Buffer.from('{}'), 1003],
      [JSON.stringify({ type: 'x', data: 'x'.repeat(1024 * 1024) }), 4413],
      ['x'.repeat(5 * 1024 * 1024), 1009],
    ];
    for (const [data, code] of cases) {
      const client = await RawClient.connect(daemon.wsUrl);
      client.socket.send(data);
      expect((await client.whenClosed()).code).toBe(code);
    }
    await witness.request('terminal.list', {});
  });

  test('ends alone when its frames are malformed', async () => {
    const daemon = await runningDaemon();
    const witness = await RawClient.connect(daemon.wsUrl, { clientId: 'witness' });
    const masked = (first: number, length: number[], payload: number[] = []): Buffer =>
      Buffer.from([first, 0x80 | (length[0] ?? 0), ...length.slice(1), 0, 0, 0, 0, ...payload]);
    const frames: readonly (readonly [string, Buffer])[] = [
      ['a length of 2^63-1', masked(0x81, [127, 0x7f, 255, 255, 255, 255, 255, 255, 255])],
      ['a reserved bit', masked(0xc1, [0])],
      ['a reserved opcode', masked(0x83, [0])],
      ['no mask', Buffer.from([0x81, 0x01, 0x61])],
      ['a long control frame', masked(0x89, [126, 0, 200])],
      ['a fragmented control frame', masked(0x09, [0])],
      ['a continuation of nothing', masked(0x80, [0])],
      ['text that is not UTF-8', masked(0x81, [2], [0xc3, 0x28])],
      ['a close code of 1005', masked(0x88, [2], [0x03, 0xed])],
      ['a close code of 0', masked(0x88, [2], [0, 0])],
      ['a close payload of one byte', masked(0x88, [1], [3])],
    ];
    for (const [what, frame] of frames) {
      const closed = await new Promise<boolean>((resolve) => {
        const socket = connect(daemon.port, '127.0.0.1');
        let isUpgraded = false;
        socket.on('error', () => undefined);
        socket.on('close', () => {
          resolve(isUpgraded);
        });
        socket.on('data', () => {
          if (isUpgraded) return;
          isUpgraded = true;
          socket.write(frame);
        });
        socket.write(
          `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${String(daemon.port)}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        );
      });
      expect([what, closed]).toEqual([what, true]);
    }
    await witness.request('terminal.list', {});
  });

  test('that pings and never reads is cut off', async () => {
    const daemon = await runningDaemon();
    const client = await RawClient.connect(daemon.wsUrl);
    client.socket.pause();
    const payload = Buffer.alloc(125);
    await new Promise<void>((resolve) => {
      const send = (): void => {
        for (let count = 0; count < 5_000; count += 1) client.socket.ping(payload, true, () => undefined);
        if (client.socket.readyState !== WebSocket.OPEN) resolve();
        else if (client.socket.bufferedAmount < 4 * 1024 * 1024) setImmediate(send);
        else setTimeout(send, 5);
      };
      client.socket.once('error', () => {
        resolve();
      });
      void daemon.watch
        .find(({ event }) => event === 'connection.closed')
        .then(() => {
          resolve();
        });
      send();
    });
    expect(await daemon.watch.find(({ event }) => event === 'connection.closed')).toMatchObject({
      code: 4504,
    });
  });
});

test('a stopping daemon closes its clients with 1001, one that restarts with 1012, and ends their terminals', async () => {
  for (const restart of [false, true]) {
    const daemon = await runningDaemon();
    const client = await RawClient.connect(daemon.wsUrl);
    const { state } = await client.create();
    await daemon.stop({ restart });
    expect((await client.whenClosed()).code).toBe(restart ? 1012 : 1001);
    const pid = state.kind === 'running' ? state.pid : 0;
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  }
});
