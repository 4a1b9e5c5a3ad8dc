/** The daemon's token: what is refused, what is let in, and that it is found nowhere but in the runtime file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GuessLimit } from '../src/http/guess-limit.js';
import { GUESS_WINDOW_MS, MAX_GUESSES } from '../src/limits.js';
import { runningDaemon, temporaryDirectory, type TestDaemon } from './daemon-fixture.js';
import { codeOf, exchange, handshake, plainRequest, tokenOf, type Way, WAYS } from './raw-http.js';

const bearer = (token: string): string => `Authorization: Bearer ${token}`;
const swapCase = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );

/** Status and code of an upgrade and of a plain request with these headers. */
async function answers(daemon: TestDaemon, headers: readonly string[], way: Way): Promise<unknown[]> {
  const upgrade = await exchange(daemon, handshake(daemon, { headers }, way), { way });
  const plain = await exchange(daemon, plainRequest(daemon, '/api/nothing', headers, way), { way });
  return [upgrade.status, codeOf(upgrade), plain.status, codeOf(plain)];
}

describe.each(WAYS)('over %s', (way) => {
  test.each(['none', 'token'] as const)(
    'with --auth %s every credential but the right one is refused, and the right one is let in',
    async (auth) => {
      const daemon = await runningDaemon({ auth });
      const token = await tokenOf(daemon.home);
      const first = token.startsWith('A') ? 'B' : 'A';
      const bad: readonly (readonly [string, readonly string[], string])[] = [
        ['empty', ['Authorization: '], 'credential_malformed'],
        ['no token', ['Authorization: Bearer '], 'credential_malformed'],
        ['a prefix', [bearer(token.slice(0, -1))], 'credential_invalid'],
        ['one letter off', [bearer(first + token.slice(1))], 'credential_invalid'],
        ['other case', [bearer(swapCase(token))], 'credential_invalid'],
        ['longer', [bearer(`${token}A`)], 'credential_invalid'],
        ['without its scheme', [`Authorization: ${token}`], 'credential_malformed'],
        ['another scheme', [`Authorization: Basic ${btoa(`:${token}`)}`], 'credential_malformed'],
        ['two in one header', [`${bearer(token)}, Bearer x`], 'credential_malformed'],
        ['a bogus one beside it', [bearer(token), bearer('x')], 'credential_duplicate'],
      ];
      for (const [what, headers, code] of bad) {
        expect([what, ...(await answers(daemon, headers, way))]).toEqual([what, 401, code, 401, code]);
      }
      expect(await answers(daemon, [bearer(token)], way)).toEqual([101, undefined, 404, 'path_not_found']);
      expect(await answers(daemon, [], way)).toEqual(
        auth === 'none'
          ? [101, undefined, 404, 'path_not_found']
          : [401, 'credential_missing', 401, 'credential_missing'],
      );
      const accepted = daemon.watch.lines.filter(({ event }) => event === 'connection.accepted');
      expect(accepted.map(({ credential }) => credential)).toEqual(
        auth === 'none' ? ['token', null] : ['token'],
      );
    },
  );

  test('more bytes than a token has, and letters that no token has, are refused alike', async () => {
    const daemon = await runningDaemon();
    for (const noise of ['x'.repeat(8 * 1024), '\xff\xfe', 'a b', '"', '\t', '='.repeat(43)]) {
      const bytes = Buffer.from(handshake(daemon, { headers: [bearer(noise)] }, way), 'latin1');
      expect([noise, (await exchange(daemon, bytes, { way })).status]).toEqual([noise, 401]);
    }
  });

  test('a token in an address is refused, the right one too, and its query is not logged', async () => {
    const daemon = await runningDaemon();
    const token = await tokenOf(daemon.home);
    const queries = [
      'token=<T>',
      'a=1&access_token=<T>',
      '%74oken=<T>',
      'TOKEN=<T>',
      'auth=<T>',
      'api-key=<T>',
      'token',
      ';token=<T>',
    ];
    for (const query of queries) {
      const written = query.replace('<T>', token);
      const upgrade = handshake(
        daemon,
        { line: `GET /ws?${written} HTTP/1.1`, headers: [bearer(token)] },
        way,
      );
      for (const bytes of [
        upgrade,
        plainRequest(daemon, `/?${written}`, [], way),
        plainRequest(daemon, `/api/health?${written}`, [], way),
      ]) {
        const answer = await exchange(daemon, bytes, { way });
        expect([query, answer.status, codeOf(answer)]).toEqual([query, 400, 'credential_in_url']);
        expect(answer.body).not.toContain(token);
      }
    }
    expect(JSON.stringify(daemon.watch.lines)).not.toMatch(/[?&]/);
    // What only looks like one is none.
    const other = await exchange(daemon, plainRequest(daemon, '/api/health?a=token', [], way), { way });
    expect(other.status).toBe(200);
  });
});

test('the right token does not help a page of another origin', async () => {
  const daemon = await runningDaemon({ auth: 'token' });
  const headers = [bearer(await tokenOf(daemon.home)), 'Origin: tauri://localhost'];
  const answer = await exchange(daemon, handshake(daemon, { headers }));
  expect([answer.status, codeOf(answer)]).toEqual([403, 'origin_not_allowed']);
});

test('each start has a new token, and the old one is refused from then on', async () => {
  const first = await runningDaemon();
  const old = await tokenOf(first.home);
  await first.stop();
  const second = await runningDaemon({ home: first.home });
  expect(await tokenOf(second.home)).not.toBe(old);
  const answer = await exchange(second, handshake(second, { headers: [bearer(old)] }));
  expect([answer.status, codeOf(answer)]).toEqual([401, 'credential_invalid']);
  expect(answer.head).toMatch(/^WWW-Authenticate: Bearer realm="holdfast", error="invalid_token"$/m);
});

test('a daemon that asks for its token is found without it, and tells a browser so by a page', async () => {
  const daemon = await runningDaemon({ auth: 'token' });
  const health = await exchange(daemon, plainRequest(daemon, '/api/health', [], 'tcp'));
  expect([health.status, health.body]).toEqual([200, expect.stringContaining(daemon.instanceId)]);
  const page = await fetch(daemon.webUrl, { headers: { Accept: 'text/html,*/*' } });
  expect([page.status, page.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toMatch(/asks for its token[\s\S]*holdfast daemon restart --auth none/);
  const script = await fetch(new URL('/assets/app.js', daemon.webUrl));
  expect([script.status, await script.json()]).toMatchObject([401, { code: 'credential_missing' }]);
});

describe('guessing', () => {
  test('1,000 guesses at once are refused, all but the first with 429, and the right token is let in all the while', async () => {
    const daemon = await runningDaemon({ auth: 'token' });
    const token = await tokenOf(daemon.home);
    const started = performance.now();
    const statuses: number[] = [];
    const right: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const guesses = Array.from({ length: 100 }, (_, index) =>
        exchange(daemon, handshake(daemon, { headers: [bearer(`guess-${String(round)}-${String(index)}`)] })),
      );
      right.push((await exchange(daemon, handshake(daemon, { headers: [bearer(token)] }))).status);
      for (const { status, head } of await Promise.all(guesses)) {
        statuses.push(status);
        if (status === 429) expect(head).toMatch(/^Retry-After: \d+/m);
      }
    }
    const windows = Math.ceil((performance.now() - started) / GUESS_WINDOW_MS);
    const counted = statuses.filter((status) => status === 401).length;
    expect(counted).toBeGreaterThanOrEqual(MAX_GUESSES);
    expect(counted).toBeLessThanOrEqual(MAX_GUESSES * windows);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1000 - counted);
    expect(right).toEqual(Array(10).fill(101));
    // The log tells of it without being flooded by it.
    const logged = daemon.watch.lines.filter(({ event }) => event === 'connection.refused');
    expect(logged.length).toBeLessThanOrEqual(counted + windows);
    expect(logged).toContainEqual(expect.objectContaining({ code: 'too_many_guesses' }));
    // A request without a credential is no guess.
    expect((await exchange(daemon, handshake(daemon))).status).toBe(401);
  });

  test('is forgiven when its time is over, and counted from the first guess on', () => {
    let now = 0;
    const limit = new GuessLimit(() => now);
    for (let guess = 0; guess < MAX_GUESSES; guess += 1) expect(limit.guessed()).toEqual({ kind: 'counted' });
    now = 1;
    expect(limit.guessed()).toEqual({ kind: 'limited', retryAfterMs: GUESS_WINDOW_MS - 1, isFirst: true });
    now = GUESS_WINDOW_MS - 1;
    expect(limit.guessed()).toEqual({ kind: 'limited', retryAfterMs: 1, isFirst: false });
    now = GUESS_WINDOW_MS;
    expect(limit.guessed()).toEqual({ kind: 'counted' });
  });
});

test('the token is in no log, output, answer or list, even where a stranger sends it as something else', async () => {
  const home = await temporaryDirectory();
  const main = fileURLToPath(new URL('../dist/command/main.js', import.meta.url));
  const run = (...args: string[]): ReturnType<typeof spawn> =>
    spawn(process.execPath, [main, '--home', home, ...args], {
      env: { ...process.env, HOLDFAST_LOG_LEVEL: 'trace' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  let seen = '';
  const watch = (child: ReturnType<typeof spawn>): void => {
    child.stdout?.on('data', (data) => (seen += String(data)));
    child.stderr?.on('data', (data) => (seen += String(data)));
  };
  const command = async (...args: string[]): Promise<void> => {
    const child = run(...args);
    watch(child);
    await once(child, 'close');
  };

  const process_ = run('daemon', 'run', '--port', '0', '--auth', 'token');
  const ended = once(process_, 'close');
  onTestFinished(() => void process_.kill('SIGKILL'));
  watch(process_);
  while (!seen.includes('The daemon runs at')) await once(process_.stdout ?? process_, 'data');
  const token = await tokenOf(home);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(seen)?.[1]);

  const heads: { path: string; method?: string; headers: Record<string, string> }[] = [
    { path: '/ws', headers: { Origin: `http://${token}` } },
    { path: '/ws', headers: { Host: token } },
    { path: `/${token}`, headers: {} },
    { path: `/ws?token=${token}`, headers: {} },
    { path: `/ws?x=${token}#${token}`, headers: {} },
    { path: '/ws', headers: { Authorization: `Basic ${token}` } },
    { path: '/ws', headers: { Authorization: `Bearer ${token} ${token}` } },
    { path: '/ws', headers: { Authorization: `Bearer ${token}` } },
    { path: '/api/health', headers: { Authorization: `Bearer ${token}` } },
    { path: '/nothing', headers: { Authorization: `Bearer ${token}` } },
  ];
  for (const { path, headers } of heads) {
    const isUpgrade = path.startsWith('/ws');
    const handshakeHeaders = isUpgrade
      ? {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        }
      : {};
    const sent = request({ port, host: '127.0.0.1', path, headers: { ...handshakeHeaders, ...headers } });
    sent.end();
    await new Promise<void>((resolve) => {
      sent.on('upgrade', (_response, socket) => {
        socket.destroy();
        resolve();
      });
      sent.on('response', (response) => {
        // The Host that was sent may be repeated to who sent it; nothing else of it is.
        response.on('data', (data) => (seen += (headers['Host'] ?? headers['Origin']) ? '' : String(data)));
        response.on('end', resolve);
      });
    });
  }
  await command('daemon', 'status');
  await command('daemon', 'status', '--json');
  await command('daemon', 'start', '--json');
  await command('ls', '--json');
  await command('kill', 'nobody');
  await command('logs', '-n', '500');
  process_.kill('SIGTERM');
  await ended;
  const log = await readFile(join(home, 'daemon.log'), 'utf8');
  expect(log).toContain('[token]');
  expect(seen).toContain('"running": true');
  expect(seen + log).not.toContain(token);
}, 60_000);
