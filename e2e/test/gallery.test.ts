// Every state of the connection, drawn with the real components: nothing inaccessible in it, and a picture of each in
// Chromium and in WebKit, dark and light, wide and narrow, for a person to look at (test-results/gallery).
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { build, preview, type PreviewServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChromium, type TestBrowser } from '../src/chromium.js';
import { CleanUp } from '../src/clean-up.js';
import { results, root } from '../src/places.js';
import { statOf } from '../src/process-table.js';
import { until } from '../src/until.js';
import { openWindow, type TestWindow } from '../src/window.js';

const cleanUp = new CleanUp();
afterAll(() => cleanUp.run());

/** WebKitGTK's own small browser, part of the library's package: the same engine as the desktop window. */
const MINI_BROWSER = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/webkit2gtk-4.1/MiniBrowser`;

const sizes = [
  { name: 'wide', width: 1120, height: 720 },
  { name: 'narrow', width: 400, height: 300 },
] as const;

const pictures = join(results, 'gallery');
let base = '';
let chromium: TestBrowser;
let urls: string[] = [];

beforeAll(async () => {
  await mkdir(pictures, { recursive: true });
  const app = join(root, 'packages/app');
  await build({ root: app, mode: 'gallery', logLevel: 'error' });
  const server: PreviewServer = cleanUp.add(
    await preview({
      root: app,
      mode: 'gallery',
      configFile: false,
      logLevel: 'error',
      build: { outDir: 'dist-gallery' },
      preview: { host: '127.0.0.1', port: 0 },
    }),
    (it) => it.close(),
  );
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  base = `http://127.0.0.1:${String(address.port)}/`;
  chromium = cleanUp.add(await openChromium(`${base}gallery.html`), (it) => it.end());
  const links = chromium.page.getByTestId('gallery-index').getByRole('link');
  await links.first().waitFor();
  urls = await links.allTextContents();
});

const pictureOf = (url: string, engine: string, size: string): string => {
  const query = new URLSearchParams(url.split('?')[1]);
  return join(pictures, `${query.get('state') ?? ''}-${query.get('theme') ?? ''}-${size}-${engine}.png`);
};

test('the gallery has every row of the table of connection states, in both themes', () => {
  const states = new Set(urls.map((url) => new URLSearchParams(url.split('?')[1]).get('state')));
  for (const state of [
    'connecting',
    'starting',
    'connected',
    'stalled',
    'retrying',
    'stopped',
    'behind',
    'gap',
  ]) {
    expect(
      [...states].some((name) => name?.includes(state)),
      state,
    ).toBe(true);
  }
  expect(urls.length).toBe(states.size * 2);
});

test('axe finds nothing in any state, wide or narrow, dark or light, and nothing overflows the window', async () => {
  const findings: string[] = [];
  for (const size of sizes) {
    await chromium.resize(size.width, size.height);
    for (const url of urls) {
      await chromium.page.goto(base + url);
      await chromium.page.locator('#root > *').first().waitFor();
      await chromium.screenshot(pictureOf(url, 'chromium', size.name));
      // What xterm draws in its rows is the program's, and its contrast is kept by xterm's own setting.
      const { violations } = await new AxeBuilder({ page: chromium.page }).exclude('.xterm').analyze();
      for (const violation of violations) {
        findings.push(
          `${url} (${size.name}): ${violation.id}: ${violation.nodes[0]?.html ?? ''} ${violation.nodes[0]?.failureSummary ?? ''}`,
        );
      }
      const overflow = await chromium.page.evaluate(
        () =>
          document.documentElement.scrollWidth > innerWidth ||
          document.documentElement.scrollHeight > innerHeight,
      );
      if (overflow) findings.push(`${url} (${size.name}): the page overflows the window`);
    }
  }
  expect(findings).toEqual([]);
}, 600_000);

test('WebKit draws every state as well', async () => {
  const window: TestWindow = cleanUp.add(
    await openWindow({ binary: MINI_BROWSER, args: ['--automation'], env: {} }),
    (it) => it.end(),
  );
  for (const url of urls) {
    await window.browser.navigateTo(base + url);
    await until(
      `${url} is drawn`,
      () => window.run<boolean>(`return document.querySelector('#root > *') !== null`),
      {
        lastSeen: async () => ({ browser: (await statOf(window.appPid)) ?? 'ended', said: window.output() }),
      },
    );
    await window.screenshot(pictureOf(url, 'webkit', 'wide'));
  }
}, 600_000);
