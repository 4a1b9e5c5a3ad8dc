// What a page may reach is what the capabilities of its own window say, by Tauri's own authority in a real window:
// no endpoint with the default permission, no command without a permission, none for a page of another origin.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { openContractWindow } from '../src/contract-window.js';
import { until } from '../src/until.js';
import type { TestWindow } from '../src/window.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

type Server = { readonly port: number; upgrades: () => number; end: () => Promise<void> };

/** Serves an empty page, and counts who wants a WebSocket. */
async function countingServer(): Promise<Server> {
  let upgrades = 0;
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>elsewhere</title>');
  });
  server.on('upgrade', (_request, socket) => {
    upgrades += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    upgrades: () => upgrades,
    end: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

type Answer = { readonly given?: unknown; readonly refused?: string | { code?: string; message?: string } };

/** What a command answers to the page as it is, without the guest library. */
const invoke = (window: TestWindow, verb: string, payload: object): Promise<Answer> =>
  window.run<Answer>(
    `try {
       const given = await window.__TAURI_INTERNALS__.invoke('plugin:daemon-transport|' + args[0], JSON.parse(args[1]));
       return { given };
     } catch (refused) {
       return { refused: refused instanceof Error ? String(refused) : refused };
     }`,
    verb,
    JSON.stringify(payload),
  );

const connect = (window: TestWindow, url: string): Promise<Answer> =>
  invoke(window, 'daemon_connect', { url, lane: 'event' });

test('the default permission allows no endpoint, and the refusal names the entry to add', async () => {
  const server = cleanUp.add(await countingServer(), (it) => it.end());
  const { window } = await openContractWindow(cleanUp, { label: 'only-the-default' });
  for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
    const { refused } = await connect(window, `ws://${host}:${String(server.port)}/ws`);
    const entry = `{ "scheme": "ws", "host": "${host}", "port": ${String(server.port)}, "path": "/ws" }`;
    expect(refused).toMatchObject({ code: 'policy_refused', message: expect.stringContaining(entry) });
  }
  expect((await connect(window, 'daemon+local:')).refused).toMatchObject({ code: 'policy_refused' });
  expect(server.upgrades()).toBe(0);
});

test('the ready-made permission allows this computer, but no port of another service and no other place', async () => {
  const server = cleanUp.add(await countingServer(), (it) => it.end());
  const { window } = await openContractWindow(cleanUp, { label: 'allow-loopback' });
  for (const url of ['ws://127.0.0.1:22/', 'ws://localhost:6379/', 'ws://192.168.1.10/', 'daemon+local:']) {
    expect((await connect(window, url)).refused, url).toMatchObject({ code: 'policy_refused' });
  }
  expect(server.upgrades()).toBe(0);
  expect((await connect(window, `ws://127.0.0.1:${String(server.port)}/any`)).given).toMatch(
    /^[0-9a-f]{32}$/,
  );
  await until('the server is asked for a WebSocket', () => Promise.resolve(server.upgrades() === 1));
});

const verbs = [
  ['daemon_connect', (port: number) => ({ url: `ws://127.0.0.1:${String(port)}/ws`, lane: 'event' })],
  ['daemon_send', () => ({ connectionId: '0'.repeat(32), data: 'x' })],
  ['daemon_disconnect', () => ({ connectionId: '0'.repeat(32) })],
] as const;

test('a window without a permission of the plugin may call no command of it', async () => {
  const server = cleanUp.add(await countingServer(), (it) => it.end());
  const { window } = await openContractWindow(cleanUp, { label: 'no-permission' });
  for (const [verb, payload] of verbs) {
    expect((await invoke(window, verb, payload(server.port))).refused).toMatch(/not allowed/);
  }
  expect(server.upgrades()).toBe(0);
});

test('a page of another origin may call no command, in a window whose own page may', async () => {
  const server = cleanUp.add(await countingServer(), (it) => it.end());
  const { window } = await openContractWindow(cleanUp, { label: 'main' });
  expect((await connect(window, `ws://127.0.0.1:${String(server.port)}/ws`)).given).toBeDefined();
  await until('the server is asked for a WebSocket', () => Promise.resolve(server.upgrades() === 1));

  await window.browser.url(`http://127.0.0.1:${String(server.port)}/`);
  expect(await window.run('return document.title')).toBe('elsewhere');
  for (const [verb, payload] of verbs) {
    expect((await invoke(window, verb, payload(server.port))).refused).toMatch(/not allowed/);
  }
  expect(server.upgrades()).toBe(1);
});
