// The desktop window reaches its user's daemon over the Unix socket and with the token, and the page sees neither: the token never, the
// socket's path only where a failure names the place that refused.
import { afterEach, expect, test } from 'vitest';
import { openChromium } from '../src/chromium.js';
import { CleanUp } from '../src/clean-up.js';
import { startDaemon, type TestDaemon } from '../src/daemon.js';
import { temporaryHome } from '../src/home.js';
import type { PageDriver } from '../src/page.js';
import { openDesktop } from '../src/surfaces.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

/** Keeps what the page writes to its console, from now on. */
const KEEP_CONSOLE = `
  const kept = (window.__keptConsole = []);
  for (const name of ['log', 'info', 'warn', 'error', 'debug']) {
    const original = console[name].bind(console);
    console[name] = (...values) => { kept.push(...values); original(...values); };
  }
  window.addEventListener('error', (event) => kept.push(event.message, event.error));
  window.addEventListener('unhandledrejection', (event) => kept.push(event.reason));
`;

/**
 * Every text that can be reached in the page: the document, what the app tells of itself, storage, the addresses it has
 * loaded, its console, and all that hangs on its globals and elements (React keeps its state there).
 */
const ALL_TEXT = `
  const seen = new Set();
  const texts = new Set();
  const { connection, transport, terminals, getScreen, getScreenText } = window.__holdfast;
  const waiting = [
    window, document, connection(), transport(), terminals(), getScreen(), getScreenText(),
    document.documentElement.outerHTML, document.cookie, location.href, document.title,
    ...Object.entries(localStorage).flat(), ...Object.entries(sessionStorage).flat(),
    ...performance.getEntries().map((entry) => entry.name),
    ...document.querySelectorAll('*'),
  ];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string') texts.add(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) continue;
    if (value instanceof Map) waiting.push(...value.keys(), ...value.values());
    if (value instanceof Set) waiting.push(...value);
    for (const key of Reflect.ownKeys(value)) {
      try { waiting.push(String(key), value[key]); } catch { /* A getter that refuses has nothing to tell. */ }
    }
  }
  return { objects: seen.size, text: [...texts].join('\\n') };
`;

/** The texts of the page. The search is a real one: it went far, and it found what the page does know. */
async function textsOf(driver: PageDriver): Promise<string> {
  const page = await driver.run<{ objects: number; text: string }>(ALL_TEXT);
  expect(page.objects).toBeGreaterThan(5000);
  expect(page.text).toContain('daemon+local:');
  expect(page.text).toContain('found-42');
  return page.text;
}

/** The tokens of these daemons. They must be there, or looking for them proves nothing. */
function tokensOf(...daemons: readonly TestDaemon[]): string[] {
  return daemons.map(({ info }) => {
    if (info.token === undefined) throw new Error('the daemon has no token');
    return info.token;
  });
}

/** Says which of these stand in the text, without printing all of it. */
const foundIn = (text: string, secrets: readonly string[]): string[] =>
  secrets.filter((secret) => text.includes(secret));

/** How the one connection came that the daemon has accepted since its start. */
async function wayOf(daemon: TestDaemon): Promise<unknown> {
  return (await daemon.log())
    .filter(({ event }) => event === 'connection.accepted')
    .map(({ via, credential, origin }) => ({ via, credential, origin }));
}

test('a daemon that asks for its token is typed into over its socket, before and after a crash, and the page learns no token', async () => {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  const options = { args: ['--auth', 'token'] };
  const first = cleanUp.add(await startDaemon(home.path, options), (it) => it.stop());
  const app = cleanUp.add(await openDesktop('plugin', home.path), (it) => it.end());
  const { page } = app;
  await page.ready();
  await page.driver.run(KEEP_CONSOLE);
  await page.typeLine('echo found-$((40+2))');
  await page.screenShows('found-42');
  const way = [{ via: 'unix', credential: 'token', origin: null }];
  expect(await wayOf(first)).toEqual(way);
  const kept = [...tokensOf(first), first.info.socket ?? 'no socket', 'daemon.sock', 'daemon.json'];
  expect(foundIn(await textsOf(page.driver), kept)).toEqual([]);

  // Its successor has another token and another port; the page is told of the failures in between.
  await first.kill();
  await until('the page says why', async () => /retrying|not-running/.test(await page.statusState()), {
    lastSeen: () => page.statusText(),
  });
  expect(foundIn(await textsOf(page.driver), kept)).toEqual([]);
  const second = cleanUp.add(await startDaemon(home.path, options), (it) => it.stop());
  expect(second.info.token).not.toBe(first.info.token);
  await page.connected();
  expect(await wayOf(second)).toEqual(way);
  expect(foundIn(await textsOf(page.driver), tokensOf(first, second))).toEqual([]);
  // What the app and its driver wrote, the page's console among it, holds no token either.
  expect(foundIn(app.window.output(), tokensOf(first, second))).toEqual([]);
});

test('a browser that opens the address of such a daemon reads why it gets no terminals, and what works instead', async () => {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  const daemon = cleanUp.add(await startDaemon(home.path, { args: ['--auth', 'token'] }), (it) => it.stop());
  const browser = cleanUp.add(await openChromium(daemon.info.webUrl), (it) => it.end());
  const text = await browser.run<string>('return document.body.innerText');
  expect(text).toMatch(/asks for its token[^]*desktop app[^]*--auth none/);
  expect(text).not.toContain(daemon.info.token);
});
