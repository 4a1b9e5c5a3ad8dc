// A thousand reloads and a thousand connections leave nothing behind: no socket, task, descriptor, listener or memory.
import { mkdir, writeFile } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { openContractWindow, type ContractWindow } from '../src/contract-window.js';
import { idleMemory, inMiB, type Memory } from '../src/memory.js';
import { results } from '../src/places.js';
import { startTrafficPeer, type TrafficPeer } from '../src/traffic-peer.js';
import { until } from '../src/until.js';

const MIB = 1024 * 1024;
const CYCLES = 1000;
/** Before the first count: what an engine and a runtime set up once. More would use up the attempts a webview has. */
const WARM_UP = 50;
const DEADLINE_MS = 240_000;
/** Connections that a webview may have: the same number as in the plugin's limits. */
const CONNECTIONS_PER_WEBVIEW = 32;
/** Descriptors and threads that come and go by themselves: worker threads of the runtime and of GLib, with a pipe each. */
const DESCRIPTORS = 8;
const THREADS = 8;
/**
 * What the app's process may have grown by, in bytes. At rest it was seen in two states 22 MiB apart, and to go from the
 * larger to the smaller by itself, so that less would be chance; it is 32 KiB for each cycle.
 */
const RUST_GROWTH = 32 * MIB;
/** The same for the WebView, whose garbage is collected when it likes; 64 KiB for each cycle would be a leak. */
const WEB_VIEW_GROWTH = 64 * MIB;

type State = Memory & {
  readonly descriptors: number;
  readonly threads: number;
  readonly tasks: number;
  /** Listeners of pages that are gone, for one event. */
  readonly listeners: number;
};

async function entries(pid: number, what: 'fd' | 'task'): Promise<number> {
  return (await readdir(`/proc/${String(pid)}/${what}`)).length;
}

/**
 * Listeners that Tauri still tells of an event although the page that asked for them is gone: it looks each of them up
 * in an object of the page, where those of an earlier page are missing.
 */
async function staleListenersOf(app: ContractWindow, url: string): Promise<number> {
  return app.window.run<number>(
    `const stop = await window.__raw.listen('daemon://close', () => undefined);
    const name = Object.getOwnPropertyNames(window).find((it) => typeof window[it] === 'object' && window[it] !== null && Object.hasOwn(window[it], 'daemon://close'));
    const registered = window[name]['daemon://close'];
    const missing = new Set();
    Object.setPrototypeOf(registered, new Proxy(Object.create(null), { get: (_, key) => void missing.add(key) }));
    await window.__traffic.cycle('plugin-batch', args[0], 1, 1);
    Object.setPrototypeOf(registered, null);
    stop();
    return missing.size;`,
    url,
  );
}

describe('a window in which pages and connections come and go', () => {
  const cleanUp = new CleanUp();
  let peer: TrafficPeer;
  let app: ContractWindow;
  const figures: Record<string, unknown> = {};

  beforeAll(async () => {
    peer = cleanUp.add(await startTrafficPeer(), (it) => it.end());
    app = await openContractWindow(cleanUp);
  });
  afterAll(async () => {
    console.table(figures);
    await mkdir(results, { recursive: true });
    await writeFile(join(results, 'page-cycles.json'), JSON.stringify(figures, null, 2));
    await cleanUp.run();
  });

  async function state(): Promise<State> {
    const echo = peer.line('echo', 'listeners');
    const listeners = await staleListenersOf(app, echo.url);
    const memory = await idleMemory(app.window);
    return {
      ...memory,
      descriptors: await entries(app.window.appPid, 'fd'),
      threads: await entries(app.window.appPid, 'task'),
      tasks: await app.window.run<number>(`return window.__raw.invoke('alive_tasks')`),
      listeners,
    };
  }

  function expectTheSame(name: string, before: State, after: State): void {
    const row = (it: State): object => ({ ...it, rust: inMiB(it.rust), webView: inMiB(it.webView) });
    figures[`before ${name}`] = row(before);
    figures[`after ${name}`] = row(after);
    expect(after.tasks).toBeLessThanOrEqual(before.tasks);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + DESCRIPTORS);
    expect(after.threads).toBeLessThanOrEqual(before.threads + THREADS);
    expect(after.rust - before.rust).toBeLessThanOrEqual(RUST_GROWTH);
    expect(after.webView - before.webView).toBeLessThanOrEqual(WEB_VIEW_GROWTH);
  }

  /** As many as a webview may have can be opened, and no more: the table of connections holds nothing else. */
  async function expectEmptyTable(): Promise<void> {
    const line = peer.line('count', 'table');
    await app.window.run(
      'await window.__contract.hold(args[0], args[1], args[2])',
      'plugin-batch',
      line.url,
      CONNECTIONS_PER_WEBVIEW,
    );
    expect(line.open).toBe(CONNECTIONS_PER_WEBVIEW);
    expect(
      await app.window.run('return window.__contract.refusal(args[0], args[1])', 'plugin-batch', line.url),
    ).toMatchObject({
      failure: { code: 'too_many_connections' },
    });
    await app.window.reload();
    await until('they have ended', () => line.open === 0);
  }

  /** The page reloads itself as soon as its connections are open, and has none after the last time. */
  async function reload(times: number, name: string): Promise<void> {
    const line = peer.line('echo', name);
    const role = new URLSearchParams({
      role: 'reload',
      url: line.url,
      times: String(times),
      connections: '2',
    });
    await app.window.run(
      `sessionStorage.clear(); location.hash = args[0]; setTimeout(() => location.reload(), 0);`,
      role.toString(),
    );
    await until(
      'the page has been reloaded often enough',
      () => line.connections >= 2 * times && line.open === 0,
      {
        deadlineMs: DEADLINE_MS,
        lastSeen: () => line,
      },
    );
    expect(line.connections).toBe(2 * times);
    await until('the last page is there', () =>
      app.window.run<boolean>(
        `return Number(sessionStorage.getItem('contract-loads')) === ${String(times + 1)} && document.readyState === 'complete'`,
      ),
    );
    await app.window.run(`location.hash = ''`);
  }

  test('is after a thousand connections as it was before', { timeout: DEADLINE_MS + 120_000 }, async () => {
    const line = peer.line('echo', 'cycles');
    const cycle = (count: number): Promise<number> =>
      app.traffic<number>('cycle', 'plugin-batch', line.url, count, 8);
    await cycle(WARM_UP);
    const before = await state();
    const begun = performance.now();
    // Less than a driver's patience each time.
    for (let done = 0; done < CYCLES; done += 100) expect(await cycle(100)).toBe(100);
    figures['a connection, ms'] = Math.round((performance.now() - begun) / CYCLES);
    await until('the peer sees no connection any more', () => peer.openSockets() === 0);
    expect(line.connections).toBe(CYCLES + WARM_UP);
    expectTheSame('connections', before, await state());
    await expectEmptyTable();
  });

  test(
    'is after a thousand reloads with open connections as it was before',
    { timeout: DEADLINE_MS + 180_000 },
    async () => {
      await reload(WARM_UP, 'reload-warm-up');
      const before = await state();
      const begun = performance.now();
      await reload(CYCLES, 'reload');
      figures['a reload, ms'] = Math.round((performance.now() - begun) / CYCLES);
      await until('the peer sees no connection any more', () => peer.openSockets() === 0);
      expectTheSame('reloads', before, await state());
      await expectEmptyTable();
    },
  );
});
