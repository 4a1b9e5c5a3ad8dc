/** The app and the daemon as people meet them: baselines for later work, each a figure of its own without a rival. */
import { stat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DaemonClientV2 } from '@holdfast/client';
import { createNodeTransportFactory } from '@holdfast/client/node';
import { CleanUp } from '@holdfast/e2e/clean-up';
import { startDaemon, type TestDaemon } from '@holdfast/e2e/daemon';
import { temporaryHome } from '@holdfast/e2e/home';
import { desktopApp, root } from '@holdfast/e2e/places';
import { openDesktop, type OpenApp } from '@holdfast/e2e/surfaces';
import { until } from '@holdfast/e2e/until';
import { descendants, memoryOf } from '@holdfast/e2e/process-table';
import type { TestWindow } from '@holdfast/e2e/window';
import { processorTime } from './processes.js';
import type { Results } from './results.js';
import { percentile } from './statistics.js';

const MIB = 1024 * 1024;
const MB = 1_000_000;
/** Enough that the 99th percentile is not the slowest of all. */
const KEYS = 200;
const CAT_BYTES = 100 * MB;
const CAT_DEADLINE_MS = 300_000;
const SCROLLBACK_LINES = 10_000;
const TERMINALS = [1, 10, 100];
/** Terminals that one client looks at: below the protocol's limit of attachments. */
const VIEWED_BY_ONE = 50;
const CLIENTS = [1, 10, 100, 500];
/** What the daemon is told to take: the most clients, the 100 before them if it has not yet noticed all of them leave, the window and the first client. */
const MAX_CONNECTIONS = 640;
/** Output that every client takes. */
const SHARED_BYTES = MB;
const IDLE_MS = 10_000;
/** Before the machine counts as idle. */
const SETTLE_MS = 3_000;

type Add = (name: string, unit: string, value: number) => void;

export async function measureApp(round: number, results: Results): Promise<void> {
  const add: Add = (name, unit, value) =>
    results.add(round, { name, way: 'app', bytes: 0, kind: 'text', unit }, value);
  const cleanUp = new CleanUp();
  try {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    let begun = performance.now();
    const daemon = cleanUp.add(
      await startDaemon(home.path, { args: ['--max-connections', String(MAX_CONNECTIONS)] }),
      (it) => it.stop(),
    );
    add('start-daemon', 'ms', performance.now() - begun);
    begun = performance.now();
    const app = cleanUp.add(await openDesktop('plugin', home.path), (it) => it.end());
    await app.page.ready();
    add('start-desktop-to-prompt', 'ms', performance.now() - begun);
    await firstFrame(app);
    add('start-desktop-to-frame', 'ms', performance.now() - begun);

    await keystrokes(app, add);
    await idle(app.window, daemon, add);
    await cat(app, home.path, add);
    const client = await connect(daemon, cleanUp);
    await attach(app, client, add);
    await terminals(daemon, client, add, cleanUp);
    await clients(daemon, client, add, cleanUp);
  } finally {
    await cleanUp.run();
  }
  if (round === 0) await sizes(add);
}

async function connect(daemon: TestDaemon, cleanUp: CleanUp): Promise<DaemonClientV2> {
  const client = cleanUp.add(
    new DaemonClientV2({ url: daemon.info.wsUrl, transportFactory: createNodeTransportFactory() }),
    async (it) => it.close(),
  );
  await client.connect();
  return client;
}

/**
 * The page runs before its window has been drawn once: WebKit compiles its shaders meanwhile, for hundreds of ms where nothing
 * of an earlier start is kept, as here. That belongs to the start; the first key would wait for it.
 */
async function firstFrame(app: OpenApp): Promise<void> {
  await app.page.driver.run(
    'return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))',
  );
}

/** From the key's event in the page until a frame in which the screen has the letter. */
async function keystrokes(app: OpenApp, add: Add): Promise<void> {
  const { driver } = app.page;
  await driver.run(`
    window.__echo = [];
    addEventListener('keydown', () => {
      const begun = performance.now();
      const before = window.__holdfast.getScreenText();
      const look = () => {
        if (window.__holdfast.getScreenText() === before) requestAnimationFrame(look);
        else window.__echo.push(performance.now() - begun);
      };
      look();
    }, true);`);
  for (let key = 0; key < KEYS; key += 1) {
    await driver.type('x');
    await until(
      'the letter is there',
      async () => (await driver.run<number>('return window.__echo.length')) === key + 1,
    );
  }
  const times = await driver.run<number[]>('return window.__echo');
  add('keystroke-to-echo', 'ms', percentile(times, 0.5));
  add('keystroke-to-echo-p99', 'ms', percentile(times, 0.99));
  await driver.press('Control', 'c');
}

async function idle(window: TestWindow, daemon: TestDaemon, add: Add): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const ours = [...(await window.processes()), ...(await descendants(daemon.process.pid))];
  const before = await processorTime(ours);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  add('idle-processor', '% of one', ((await processorTime(ours)) - before) / (IDLE_MS / 100_000));
  add('idle-memory', 'MiB', (await memoryOf(ours)) / MIB);
}

async function cat(app: OpenApp, home: string, add: Add): Promise<void> {
  const line = `${'The quick brown fox jumps over the lazy dog. '.repeat(2).slice(0, 79)}\n`;
  const file = join(home, 'large.txt');
  await writeFile(file, line.repeat(CAT_BYTES / line.length));
  await app.page.typeLine('clear');
  const begun = performance.now();
  await app.page.typeLine(`cat ${file}; echo all-$((40+2))`);
  await app.page.screenShows('all-42', CAT_DEADLINE_MS);
  add('cat-100-MB', 's', (performance.now() - begun) / 1000);
}

async function attach(app: OpenApp, client: DaemonClientV2, add: Add): Promise<void> {
  const { terminal } = await client.request('terminal.create', {
    command: '/bin/sh',
    args: ['-c', `seq 1 ${SCROLLBACK_LINES}; echo written; read end`],
    cols: 100,
    rows: 30,
    title: 'scrollback',
  });
  const item = `[data-testid=terminal-item][data-terminal-id="${terminal.terminalId}"]`;
  await until('the sidebar has it', () =>
    app.page.driver.run<boolean>('return document.querySelector(args[0]) !== null', item),
  );
  const begun = performance.now();
  await app.page.driver.run(
    '(document.querySelector(args[0] + " button") ?? document.querySelector(args[0])).click()',
    item,
  );
  await app.page.screenShows('written');
  add('attach-10000-lines', 'ms', performance.now() - begun);
}

/** Until so many new shells have written their prompts, and what one costs the daemon. */
async function terminals(
  daemon: TestDaemon,
  client: DaemonClientV2,
  add: Add,
  cleanUp: CleanUp,
): Promise<void> {
  for (const count of TERMINALS) {
    const viewers = await Promise.all(
      Array.from({ length: Math.ceil(count / VIEWED_BY_ONE) }, () => connect(daemon, cleanUp)),
    );
    const before = await memoryOf(await descendants(daemon.process.pid));
    const begun = performance.now();
    const made = await Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const viewer = viewers[Math.floor(at / VIEWED_BY_ONE)] ?? client;
        const { terminal } = await viewer.request('terminal.create', { cols: 80, rows: 24 });
        await new Promise<void>((resolve, reject) => {
          const attachment = viewer.attach(terminal.terminalId, {
            onSnapshot: (snapshot) => {
              if (snapshot.offset > 0) done();
            },
            onOutput: () => done(),
            onLost: (why) => reject(new Error(`${terminal.terminalId} was lost: ${JSON.stringify(why)}`)),
            autoAck: true,
          });
          const done = (): void => {
            attachment.detach();
            resolve();
          };
        });
        return terminal.terminalId;
      }),
    );
    add(`terminals-${count}-to-prompt`, 'ms', performance.now() - begun);
    const after = await memoryOf(await descendants(daemon.process.pid));
    add(`terminals-${count}-memory-each`, 'MiB', (after - before) / MIB / count);
    await Promise.all(made.map((terminalId) => client.request('terminal.close', { terminalId })));
    await Promise.all(viewers.map((viewer) => viewer.close()));
  }
}

/** Until so many clients have taken the same output. */
async function clients(daemon: TestDaemon, first: DaemonClientV2, add: Add, cleanUp: CleanUp): Promise<void> {
  for (const count of CLIENTS) {
    const { terminal } = await first.request('terminal.create', {
      command: '/bin/sh',
      args: ['-c', `stty -echo; read go; head -c ${SHARED_BYTES} /dev/zero | tr '\\0' x; read end`],
      cols: 80,
      rows: 24,
    });
    const viewers = await Promise.all(Array.from({ length: count }, () => connect(daemon, cleanUp)));
    const taken = viewers.map(
      (viewer) =>
        new Promise<void>((resolve, reject) => {
          viewer.attach(terminal.terminalId, {
            onLost: (why) => reject(new Error(`the output was lost: ${JSON.stringify(why)}`)),
            onSnapshot: (snapshot) => {
              if (snapshot.offset >= SHARED_BYTES) resolve();
            },
            onOutput: (output) => {
              if (output.end >= SHARED_BYTES) resolve();
            },
            autoAck: true,
          });
        }),
    );
    const begun = performance.now();
    await first.request('terminal.input', { terminalId: terminal.terminalId, data: '\n' });
    await Promise.all(taken);
    add(`clients-${count}-take-1-MB`, 'ms', performance.now() - begun);
    add(
      `clients-${count}-daemon-memory`,
      'MiB',
      (await memoryOf(await descendants(daemon.process.pid))) / MIB,
    );
    await first.request('terminal.close', { terminalId: terminal.terminalId });
    await Promise.all(viewers.map((viewer) => viewer.close()));
  }
}

async function sizes(add: Add): Promise<void> {
  add('size-desktop-program', 'MiB', (await stat(desktopApp('plugin'))).size / MIB);
  for (const [name, place] of [
    ['page', 'packages/app/dist'],
    ['daemon', 'packages/server/dist'],
    ['client', 'packages/client/dist'],
    ['guest-library', 'packages/tauri-plugin-daemon-transport/dist'],
  ] as const)
    add(`size-${name}`, 'KiB', (await bytesOf(join(root, place))) / 1024);
}

/** JavaScript, styles and what else a package ships; no types and no maps. */
async function bytesOf(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || /\.(d\.ts|map|tsbuildinfo)$/.test(entry.name)) continue;
    bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
