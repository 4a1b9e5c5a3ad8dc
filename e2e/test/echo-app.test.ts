// The example app, in its real window, with its own echo server: a stranger's daemon, which no Tauri app has an account with.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { temporaryHome } from '../src/home.js';
import { echoApp, root } from '../src/places.js';
import { start, type Running } from '../src/process.js';
import { until } from '../src/until.js';
import { openWindow, type TestWindow } from '../src/window.js';

const example = join(root, 'examples/echo-app');

/** The ports of the example's capability. */
const FIRST_PORT = 9000;
const LAST_PORT = 9099;

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

/** The example's server, on a port of the capability that nobody has. */
async function startEchoServer(): Promise<{ url: string; process: Running }> {
  for (let port = LAST_PORT; port >= FIRST_PORT; port -= 1) {
    const running = await start(process.execPath, [join(example, 'echo-server.mjs'), String(port)]);
    const url = await until(
      'the echo server listens, or its port is taken',
      () => /echoing at (\S+)/.exec(running.output())?.[1] ?? (running.hasEnded() && 'taken'),
    );
    if (url !== 'taken') {
      cleanUp.add(running, (it) => it.end());
      return { url, process: running };
    }
  }
  throw new Error(`no port from ${String(FIRST_PORT)} to ${String(LAST_PORT)} is free`);
}

async function openEchoApp(): Promise<TestWindow> {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  return cleanUp.add(
    await openWindow({
      binary: echoApp(),
      env: { HOME: home.path, XDG_DATA_HOME: join(home.path, 'data') },
    }),
    (it) => it.end(),
  );
}

/** Types into a field and presses its button, as a person does. */
async function submit(window: TestWindow, form: string, text: string): Promise<void> {
  await window.browser.$(`${form} input`).setValue(text);
  await window.browser.$(`${form} button`).click();
}

const log = (window: TestWindow): Promise<string> =>
  window.run<string>(`return document.querySelector('#log').innerText`);

async function logShows(window: TestWindow, what: string): Promise<void> {
  await until(`the page shows ${what}`, async () => (await log(window)).includes(what), {
    lastSeen: () => log(window),
  });
}

test('the example connects, is echoed, is refused what its capability does not name, and sees the end of the server', async () => {
  const server = await startEchoServer();
  const window = await openEchoApp();

  await submit(window, '#address', server.url);
  await logShows(window, 'open');
  const text = 'Grüße, "daemon"';
  await submit(window, '#message', text);
  await logShows(window, `message ${JSON.stringify(text)}`);

  await server.process.end('SIGKILL');
  await logShows(window, '"code":"connection_reset"');
  await logShows(window, 'close {"code":1006');

  await submit(window, '#address', 'ws://127.0.0.1:22/echo');
  await logShows(window, '"code":"policy_refused"');
  await logShows(window, '\\"port\\": 22');
});

test('the example has fewer than 100 lines, Rust and page together', async () => {
  const page = await readdir(join(example, 'page'));
  const files = [join('src', 'main.rs'), ...page.map((name) => join('page', name))];
  const texts = await Promise.all(files.map((name) => readFile(join(example, name), 'utf8')));
  expect(texts.join('').split('\n').length).toBeLessThan(100);
});
