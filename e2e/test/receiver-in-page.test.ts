// The receiver belongs to the page's main frame for as long as the page lives: code of the page cannot replace it, and
// frames inside the page, of the same origin or another, get neither it nor any way to Rust.
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { openContractWindow, type ContractWindow } from '../src/contract-window.js';
import { startTrafficPeer, type TrafficPeer } from '../src/traffic-peer.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
let peer: TrafficPeer;
let app: ContractWindow;
let otherOrigin: string;

beforeAll(async () => {
  peer = cleanUp.add(await startTrafficPeer(), (it) => it.end());
  const server = createServer((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!doctype html><title>Another origin</title>');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanUp.add(server, async (it) => {
    it.closeAllConnections();
    await new Promise<void>((resolve) => {
      it.close(() => {
        resolve();
      });
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  otherOrigin = `http://127.0.0.1:${String(address.port)}/`;
  app = await openContractWindow(cleanUp);
});
afterAll(() => cleanUp.run());

/** What code of a page could try. Each is one statement; most throw, which is as good as having no effect. */
const ATTEMPTS = [
  `window.__DAEMON_TRANSPORT__ = forged`,
  `globalThis['__DAEMON_TRANSPORT__'] = forged`,
  `delete window.__DAEMON_TRANSPORT__`,
  `Reflect.deleteProperty(window, '__DAEMON_TRANSPORT__')`,
  `Reflect.set(window, '__DAEMON_TRANSPORT__', forged)`,
  `Object.defineProperty(window, '__DAEMON_TRANSPORT__', { value: forged })`,
  `Object.defineProperty(window, '__DAEMON_TRANSPORT__', { get: () => forged })`,
  `Object.defineProperty(window, '__DAEMON_TRANSPORT__', { writable: true })`,
  `Object.assign(window, { __DAEMON_TRANSPORT__: forged })`,
  `Object.setPrototypeOf(window, new Proxy(Object.getPrototypeOf(window), { get: (target, key) => key === '__DAEMON_TRANSPORT__' ? forged : target[key] }))`,
  `window.__DAEMON_TRANSPORT__.deliver = forged.deliver`,
  `window.__DAEMON_TRANSPORT__.take = forged.deliver`,
  `delete window.__DAEMON_TRANSPORT__.take`,
  `delete window.__DAEMON_TRANSPORT__.deliver`,
  `Object.defineProperty(window.__DAEMON_TRANSPORT__, 'deliver', { get: () => forged.deliver })`,
  `Object.defineProperty(window.__DAEMON_TRANSPORT__, 'pageId', { value: 'another' })`,
  `Object.setPrototypeOf(window.__DAEMON_TRANSPORT__, forged)`,
  `Object.prototype.__DAEMON_TRANSPORT__ = forged`,
  `Window.prototype.__DAEMON_TRANSPORT__ = forged`,
  `Object.prototype.take = forged.deliver`,
  `Object.prototype.deliver = forged.deliver`,
  `Object.defineProperty(Object.prototype, 'register', { configurable: true, set() { stolen += 1; } })`,
  `Object.freeze = (it) => it`,
  `Object.create = () => forged`,
];

test('code of the page cannot replace the receiver, and everything goes on arriving', async () => {
  const line = peer.line('flood', 'during-attempts', { size: 200 });
  await app.traffic('receive', 'plugin-batch', line.url, 200);
  await until('the flood runs', async () => (await app.report(line.url)).count > 1000);
  const outcome = await app.window.run<{ same: boolean; stolen: number; made: number }>(
    `const original = window.__DAEMON_TRANSPORT__;
    const kept = { freeze: Object.freeze, create: Object.create };
    let stolen = 0;
    const forged = { version: 2, pageId: original.pageId, deliver: () => { stolen += 1; }, probe: () => { stolen += 1; }, register: () => { stolen += 1; }, unregister: () => {} };
    const attempts = [${ATTEMPTS.map((attempt) => `() => { ${attempt}; }`).join(',')}];
    let made = 0;
    for (const attempt of attempts) {
      try { attempt(); } catch {}
      made += 1;
    }
    // Messages go on coming while all of it is in force.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const descriptor = Object.getOwnPropertyDescriptor(window, '__DAEMON_TRANSPORT__');
    const same = window.__DAEMON_TRANSPORT__ === original && descriptor.value === original && !descriptor.writable && !descriptor.configurable && Object.isFrozen(original);
    Object.assign(Object, kept);
    for (const name of ['__DAEMON_TRANSPORT__', 'deliver', 'take', 'register']) delete Object.prototype[name];
    delete Window.prototype.__DAEMON_TRANSPORT__;
    return { same, stolen, made };`,
  );
  expect(outcome).toEqual({ same: true, stolen: 0, made: ATTEMPTS.length });
  line.stop();
  expect(await app.everything(line.url)).toMatchObject({
    count: line.sent,
    sent: line.sent,
    wrong: [],
    closes: [],
  });
  await app.traffic('close', line.url);
});

const FRAMES = [
  { kind: 'of the same origin', source: () => 'index.html', document: undefined },
  { kind: 'about:srcdoc', source: () => undefined, document: '<!doctype html><title>srcdoc</title>' },
  { kind: 'about:blank', source: () => 'about:blank', document: undefined },
  { kind: 'of a data: URL', source: () => 'data:text/html,<title>data</title>', document: undefined },
  { kind: 'of another origin', source: () => otherOrigin, document: undefined },
];

describe.each(FRAMES)('a frame $kind', ({ kind, source, document }) => {
  test('has no receiver, and nothing that it asks of Rust is done', async () => {
    const line = peer.line('count', `frame-${kind.replaceAll(/\W/g, '-')}`);
    await app.window.run(
      `const frame = document.createElement('iframe');
      frame.id = 'frame-under-test';
      if (args[1] !== null) frame.srcdoc = args[1]; else frame.src = args[0];
      await new Promise((resolve) => { frame.onload = resolve; document.body.append(frame); });`,
      source() ?? null,
      document ?? null,
    );
    const { browser } = app.window;
    await browser.switchFrame(browser.$('#frame-under-test'));
    let found: { receiver: string; internals: string; answers: string[] };
    try {
      found = (await browser.executeAsyncScript(
        `const [url, done] = arguments;
        const command = 'plugin:daemon-transport|daemon_connect';
        const payload = { url, lane: 'event' };
        const asked = [
          () => window.__TAURI_INTERNALS__.invoke(command, payload),
          () => window.__TAURI_INTERNALS__.postMessage({ cmd: command, callback: 1, error: 2, payload }),
          () => window.webkit.messageHandlers.ipc.postMessage(JSON.stringify({ cmd: command, callback: 1, error: 2, payload, options: {} })),
          () => window.webkit.messageHandlers.ipc.postMessage(JSON.stringify({ cmd: command, callback: 1, error: 2, payload, options: {}, __TAURI_INVOKE_KEY__: 'a guess' })),
          () => window.ipc.postMessage(JSON.stringify({ cmd: command, callback: 1, error: 2, payload, options: {}, __TAURI_INVOKE_KEY__: 'a guess' })),
          ...['ipc://localhost/', 'http://ipc.localhost/'].map((base) => () =>
            fetch(base + encodeURIComponent(command), {
              method: 'POST',
              headers: { 'Content-Type': 'application/json', 'Tauri-Callback': '1', 'Tauri-Error': '2', 'Tauri-Invoke-Key': 'a guess' },
              body: JSON.stringify(payload),
            }).then(async (response) => response.headers.get('Tauri-Response') + ' ' + (await response.text()))),
        ];
        Promise.all(asked.map(async (ask) => {
          // Tauri does not answer a request with a wrong key at all.
          const silence = new Promise((resolve) => setTimeout(() => resolve('nothing'), 1000));
          try { return 'said ' + String(await Promise.race([ask(), silence])); } catch (error) { return 'threw ' + String(error); }
        })).then((answers) => done({
          receiver: typeof window.__DAEMON_TRANSPORT__,
          internals: typeof window.__TAURI_INTERNALS__,
          answers,
        }));`,
        [line.url],
      )) as typeof found;
    } finally {
      await browser.switchFrame(null);
    }
    expect(found.receiver).toBe('undefined');
    expect(found.internals).toBe('undefined');
    expect(found.answers.filter((answer) => answer.startsWith('said ok'))).toEqual([]);
    // A connection of the page itself, asked for later: by then those of the frame would be there.
    const own = peer.line('echo', `own-${kind.replaceAll(/\W/g, '-')}`);
    expect(await app.traffic<number>('cycle', 'plugin-batch', own.url, 1, 1)).toBe(1);
    expect(line.connections).toBe(0);
    await app.window.run(`document.querySelector('#frame-under-test').remove()`);
  });
});

test('the guest library in a frame of the same origin says that there is no plugin', async () => {
  const line = peer.line('count', 'library-in-frame');
  const outcome = await app.window.run(
    `const frame = document.createElement('iframe');
    frame.src = 'index.html';
    await new Promise((resolve) => { frame.onload = resolve; document.body.append(frame); });
    return frame.contentWindow.__contract.refusal('plugin-batch', args[0]);`,
    line.url,
  );
  expect(outcome).toMatchObject({ failure: { code: 'transport_failed' }, close: { code: 1006 } });
  expect(line.connections).toBe(0);
});
