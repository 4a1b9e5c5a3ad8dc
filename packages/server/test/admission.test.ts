/** What a stranger may send before the upgrade, byte by byte over a raw socket, against a real daemon. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runningDaemon } from './daemon-fixture.js';
import { RawClient } from './raw-client.js';
import { codeOf, exchange, handshake, type Head, plainRequest, WAYS } from './raw-http.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

describe('the upgrade', () => {
  test('is granted without an Origin, and the log says so', async () => {
    const daemon = await runningDaemon();
    expect((await exchange(daemon, handshake(daemon, {}))).status).toBe(101);
    const line = await daemon.watch.find(({ event }) => event === 'connection.accepted');
    expect(line).toMatchObject({ origin: null, connectionId: 1, via: 'tcp', credential: null });
    await daemon.watch.find(({ event, connectionId }) => event === 'connection.closed' && connectionId === 1);
  });

  test('is granted to the own web address and to an origin that was named, and to the own names as Host', async () => {
    const daemon = await runningDaemon({ allowedOrigins: ['https://app.example.com'] });
    const port = String(daemon.port);
    for (const origin of [
      `http://127.0.0.1:${port}`,
      `http://localhost:${port}`,
      'https://app.example.com',
    ]) {
      const { status } = await exchange(daemon, handshake(daemon, { headers: [`Origin: ${origin}`] }));
      expect([origin, status]).toEqual([origin, 101]);
    }
    for (const host of [`localhost:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]) {
      expect([host, (await exchange(daemon, handshake(daemon, { host }))).status]).toEqual([host, 101]);
    }
  });

  test('is refused with 403, a reason and a log line for every other Origin', async () => {
    const daemon = await runningDaemon({ allowedOrigins: ['https://app.example.com'] });
    const port = String(daemon.port);
    const origins = [
      'null',
      '',
      `http://localhost:${String(daemon.port + 1)}`,
      `http://localhost:${port}.evil.test`,
      `http://localhost:${port}/`,
      `HTTP://LOCALHOST:${port}`,
      `https://localhost:${port}`,
      'file://',
      'tauri://localhost',
      'http://tauri.localhost',
      'https://tauri.localhost',
      'vscode-webview://x',
      'moz-extension://x',
      'https://app.example.comedy',
      'https://app.example.com/path',
      'https://xapp.example.com',
      'https://app.example.com:443',
      `http://127.0.0.1:${port}, http://127.0.0.1:${port}`,
      'x'.repeat(8 * 1024),
      '\xff\xfe',
    ];
    for (const origin of origins) {
      const answer = await exchange(
        daemon,
        Buffer.from(handshake(daemon, { headers: [`Origin: ${origin}`] }), 'latin1'),
      );
      expect([origin, answer.status]).toEqual([origin, 403]);
      const body = JSON.parse(answer.body) as { code: string; message: string };
      expect(body.code).toBe('origin_not_allowed');
      expect(body.message).toContain('Origin not allowed');
    }
    const tauri = await daemon.watch.find(({ origin }) => origin === 'tauri://localhost');
    expect(tauri).toMatchObject({ event: 'connection.refused', status: 403, code: 'origin_not_allowed' });
    const twice = handshake(daemon, {
      headers: [`Origin: http://127.0.0.1:${port}`, `Origin: http://127.0.0.1:${port}`],
    });
    const answer = await exchange(daemon, twice);
    expect([answer.status, (JSON.parse(answer.body) as { code: string }).code]).toEqual([
      403,
      'origin_duplicate',
    ]);
    expect(daemon.watch.lines.some(({ event }) => event === 'connection.accepted')).toBe(false);
  });

  test('is refused for every Host that is not exactly the own one', async () => {
    const daemon = await runningDaemon();
    const port = String(daemon.port);
    const hosts = [
      'evil.test',
      `localhost@evil.test`,
      `localhost@evil.test:${port}`,
      `0.0.0.0:${port}`,
      '2130706433',
      `127.0.0.1:${String(daemon.port + 1)}`,
      '127.0.0.1',
      `localhost:${port},evil.test`,
      `localhost.:${port}`,
      `127.1:${port}`,
      `[::ffff:127.0.0.1]:${port}`,
      '',
    ];
    for (const host of hosts) {
      const answer = await exchange(daemon, handshake(daemon, { host }));
      expect([host, answer.status]).toEqual([host, 403]);
    }
    expect((await exchange(daemon, handshake(daemon, { host: null }))).status).toBe(400);
    const twice = await exchange(daemon, handshake(daemon, { headers: [`Host: 127.0.0.1:${port}`] }));
    expect(twice.status).toBe(400);
    const forwarded = handshake(daemon, {
      host: 'evil.test',
      headers: [`X-Forwarded-Host: 127.0.0.1:${port}`],
    });
    expect((await exchange(daemon, forwarded)).status).toBe(403);
  });

  test('over the socket is refused for every Origin, the own one too, and for every Host but localhost', async () => {
    const daemon = await runningDaemon({ allowedOrigins: ['https://app.example.com'] });
    const port = String(daemon.port);
    const send = (head: Head): ReturnType<typeof exchange> =>
      exchange(daemon, handshake(daemon, head, 'unix'), { way: 'unix' });
    expect((await send({})).status).toBe(101);
    expect(await daemon.watch.find(({ event }) => event === 'connection.accepted')).toMatchObject({
      via: 'unix',
      remote: null,
    });
    for (const origin of [
      `http://127.0.0.1:${port}`,
      'https://app.example.com',
      'http://localhost',
      'null',
      '',
    ]) {
      const answer = await send({ headers: [`Origin: ${origin}`] });
      expect([origin, answer.status, codeOf(answer)]).toEqual([origin, 403, 'origin_not_allowed']);
      const plain = await exchange(daemon, plainRequest(daemon, '/', [`Origin: ${origin}`], 'unix'), {
        way: 'unix',
      });
      expect([origin, plain.status]).toEqual([origin, 403]);
    }
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      'localhost:80',
      'localhost.',
      'evil.test',
      '',
    ]) {
      const answer = await send({ host });
      expect([host, answer.status, codeOf(answer)]).toEqual([host, 403, 'host_not_allowed']);
    }
    expect((await send({ host: null })).status).toBe(400);
    expect((await send({ headers: ['Host: localhost'] })).status).toBe(400);
  });

  test.each(WAYS)('is refused for what is not exactly a WebSocket handshake at /ws (%s)', async (way) => {
    const daemon = await runningDaemon();
    const port = String(daemon.port);
    const plain = ['Connection: Upgrade', 'Upgrade: websocket'];
    const cases: readonly (readonly [string, Head, number])[] = [
      ['HTTP/1.0', { line: 'GET /ws HTTP/1.0' }, 505],
      ['an absolute target', { line: `GET http://127.0.0.1:${port}/ws HTTP/1.1` }, 404],
      ['a second host in the target', { line: 'GET //evil.test/ws HTTP/1.1' }, 404],
      ['another path', { line: 'GET /ws/ HTTP/1.1' }, 404],
      ['a query', { line: 'GET /ws?a=secret HTTP/1.1' }, 404],
      ['an encoded path', { line: 'GET /%77s HTTP/1.1' }, 404],
      ['POST', { line: 'POST /ws HTTP/1.1' }, 405],
      ['version 8', { upgrade: [...plain, 'Sec-WebSocket-Version: 8', `Sec-WebSocket-Key: ${KEY}`] }, 426],
      ['no version', { upgrade: [...plain, `Sec-WebSocket-Key: ${KEY}`] }, 426],
      ['no key', { upgrade: [...plain, 'Sec-WebSocket-Version: 13'] }, 400],
      ['two keys', { headers: [`Sec-WebSocket-Key: ${KEY}`] }, 400],
      ['a short key', { upgrade: [...plain, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: abc'] }, 400],
      ['another protocol', { upgrade: ['Connection: Upgrade', 'Upgrade: h2c'] }, 426],
      ['no upgrade', { upgrade: ['Connection: close'] }, 426],
      ['a body', { headers: ['Content-Length: 3'], after: 'abc' }, 400],
      ['bytes behind the head', { after: '\x81\x80abcd' }, 400],
      ['a chunked body', { headers: ['Transfer-Encoding: chunked'], after: '0\r\n\r\n' }, 400],
    ];
    for (const [what, head, status] of cases) {
      const answer = await exchange(daemon, handshake(daemon, head, way), { way });
      expect([what, answer.status]).toEqual([what, status]);
      const body = JSON.parse(answer.body) as { code: string; message: string };
      expect(body.code).toMatch(/^[a-z_]+$/);
      expect(body.message.length).toBeGreaterThan(10);
    }
    // What stands in a query must not end in the log.
    expect(JSON.stringify(daemon.watch.lines)).not.toContain('secret');
  });

  test.each(WAYS)(
    'survives bytes that are no request at all, and goes on to serve others (%s)',
    async (way) => {
      const daemon = await runningDaemon();
      const bytes = [
        '\0\0\0\0',
        'GET\r\n\r\n',
        `GET /ws HTTP/1.1\r\nHost: a\r\n b\r\n\r\n`,
        `GET /ws HTTP/9.9\r\nHost: a\r\n\r\n`,
        'GET /ws HTTP/1.1\r\nHost : a\r\n\r\n',
        `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(20_000)}\r\n`,
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n',
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      ];
      for (const text of bytes) {
        const { status } = await exchange(daemon, Buffer.from(text, 'latin1'), { way });
        expect([text.slice(0, 40), status === 0 || (status >= 400 && status < 600)]).toEqual([
          text.slice(0, 40),
          true,
        ]);
      }
      await RawClient.connect(daemon.wsUrl);
    },
  );

  test.each(WAYS)('answers any bytes by a 4xx, a 5xx or a close, and nothing breaks (%s)', async (way) => {
    const daemon = await runningDaemon();
    const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array));
    const good = Buffer.from(handshake(daemon, {}, way), 'latin1');
    // A handshake with some of its bytes overwritten comes further than noise does.
    const damaged = fc
      .tuple(fc.nat(good.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([at, noise]) => Buffer.concat([good.subarray(0, at), noise, good.subarray(at + noise.length)]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, damaged), async (text) => {
        const { status } = await exchange(daemon, text, { way, halfClose: true });
        // Damage may leave a right handshake right: in the key, say.
        expect([0, 101]).toContain(status >= 400 && status < 600 ? 0 : status);
      }),
      { numRuns: 300 },
    );
    expect(daemon.watch.lines.filter(({ event }) => String(event).endsWith('.defect'))).toEqual([]);
    await RawClient.connect(daemon.wsUrl);
  });
});

describe('plain HTTP', () => {
  test('answers the health question and serves nothing under a foreign Host', async () => {
    const daemon = await runningDaemon();
    const response = await fetch(new URL('/api/health', daemon.webUrl));
    expect(await response.json()).toMatchObject({ name: 'holdfast', instanceId: daemon.instanceId });
    const foreign = await exchange(
      daemon,
      'GET /api/health HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n',
    );
    expect(foreign.status).toBe(403);
    expect(foreign.body).not.toContain(daemon.instanceId);
  });

  test('says how to build the web app where there is none, under a policy that allows only the own socket', async () => {
    const daemon = await runningDaemon({ webRoot: '/nonexistent' });
    const response = await fetch(daemon.webUrl);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('npm run build');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${String(daemon.port)}`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });
});
