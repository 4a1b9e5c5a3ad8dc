// The transport contract holds over every transport in the place it is made for: both Tauri transports in the real
// window, the platform's WebSocket in real Chromium. What a platform cannot give is asserted as it is.
import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTRACT_CASES, PLATFORM_LIMITS, type ContractReport } from '@holdfast/client/contract';
import { startContractPeer, type ContractPeer } from '@holdfast/client/contract/peer';
import { preview, type PreviewServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../src/chromium.js';
import { CleanUp } from '../src/clean-up.js';
import { temporaryHome } from '../src/home.js';
import type { PageDriver } from '../src/page.js';
import { contractApp, results, root } from '../src/places.js';
import { until } from '../src/until.js';
import { openWindow } from '../src/window.js';

type TransportName = 'websocket' | 'tauri-websocket' | 'plugin-batch' | 'plugin-event';
type Place = { readonly transport: TransportName; open: (cleanUp: CleanUp) => Promise<PageDriver> };

async function tauriPage(cleanUp: CleanUp): Promise<PageDriver> {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  return cleanUp.add(
    await openWindow({
      binary: contractApp(),
      env: { HOME: home.path, XDG_DATA_HOME: join(home.path, 'data') },
    }),
    (it) => it.end(),
  );
}

async function chromiumPage(cleanUp: CleanUp): Promise<PageDriver> {
  const server: PreviewServer = cleanUp.add(
    await preview({
      root: join(root, 'e2e/contract-app'),
      configFile: false,
      logLevel: 'error',
      preview: { host: '127.0.0.1', port: 0 },
    }),
    (it) => it.close(),
  );
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return cleanUp.add(await openChromium(`http://127.0.0.1:${String(address.port)}/`), (it) => it.end());
}

const places: readonly Place[] = [
  { transport: 'plugin-batch', open: tauriPage },
  { transport: 'plugin-event', open: tauriPage },
  { transport: 'tauri-websocket', open: tauriPage },
  { transport: 'websocket', open: chromiumPage },
];

/** The promise: a page that goes ends its connections within this time, in ms. */
const PROMISED_END_MS = 1000;

/** For the whole suite over one transport, in ms: it holds two liveness deadlines and a burst of 100,000 messages. */
const SUITE_DEADLINE_MS = 300_000;

describe.each(places)('over $transport', ({ transport, open }) => {
  const cleanUp = new CleanUp();
  let reports: ContractReport[] = [];
  let peer: ContractPeer;
  let page: PageDriver;

  beforeAll(async () => {
    peer = cleanUp.add(await startContractPeer(), (it) => it.close());
    page = await open(cleanUp);
    await until('the contract page is there', () =>
      page.run<boolean>('return window.__contract !== undefined'),
    );
    await page.run('window.__contract.start(args[0], args[1])', transport, peer.serverUrl);
    await until('the suite has run', () => page.run<boolean>('return window.__contract.finished()'), {
      deadlineMs: SUITE_DEADLINE_MS,
      lastSeen: () => page.run('return window.__contract.reports()'),
    });
    reports = await page.run<ContractReport[]>('return window.__contract.reports()');
    await mkdir(results, { recursive: true });
    await writeFile(join(results, `contract-${transport}.json`), JSON.stringify(reports, null, 2));
  }, SUITE_DEADLINE_MS + 60_000);
  afterAll(() => cleanUp.run());

  test.each(CONTRACT_CASES)('$promise: $name', ({ name }) => {
    const report = reports.find((it) => it.name === name);
    expect(report, 'the case ran').toBeDefined();
    expect(['passed', 'limit'], report?.detail).toContain(report?.outcome);
  });

  test('nothing else failed', () => {
    expect(reports.filter((report) => report.outcome === 'failed')).toEqual([]);
  });

  test('8: reloading the page closes its connections within a second', async () => {
    const names = ['a', 'b', 'c'].map((letter) => `held-${transport}-${letter}`);
    for (const name of names) {
      const url = `${peer.serverUrl}/sink/${name}`;
      await page.run('return window.__contract.hold(args[0], args[1], 1)', transport, url);
    }
    const begun = performance.now();
    // Written down when the peer sees it, not when the driver has come back from the reload.
    const ended = Promise.all(names.map((name) => peer.ended(name))).then(() => performance.now() - begun);
    await page.reload();
    expect(await ended).toBeLessThan(PROMISED_END_MS);
  });
});

test('the table of what a platform cannot give is in the documentation, entry by entry and platform by platform', async () => {
  const text = await readFile(join(root, 'docs/transports.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` +\| +(×?) +\| +(×?) +\|/gm)].map(
    ([, name, browser, official]) => ({
      name,
      browser: browser === '×',
      'tauri-websocket': official === '×',
    }),
  );
  const expected = Object.entries(PLATFORM_LIMITS).map(([name, { platforms }]) => ({
    name,
    browser: 'browser' in platforms,
    'tauri-websocket': 'tauri-websocket' in platforms,
  }));
  expect(rows).toEqual(expected);
  // The sentence below the table: the other platforms have no limit at all.
  const others = Object.values(PLATFORM_LIMITS).flatMap(({ platforms }) => Object.keys(platforms));
  expect(new Set(others)).toEqual(new Set(['browser', 'tauri-websocket']));
  expect(text).toContain('Our plugin and Node have no entry.');
});
