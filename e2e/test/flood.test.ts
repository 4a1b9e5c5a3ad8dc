// 50 MB of output arrive in order and complete, the page stays usable, memory stays bounded, and Ctrl-C stops it.
import { createHash } from 'node:crypto';
import { DaemonClientV2 } from '@holdfast/client';
import { createNodeTransportFactory } from '@holdfast/client/node';
import { afterEach, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { startDaemon, type TestDaemon } from '../src/daemon.js';
import type { ProbeReport } from '../src/diagnostics.js';
import { temporaryHome } from '../src/home.js';
import { FLOOD_DEADLINE_MS } from '../src/limits.js';
import { surfaces } from '../src/surfaces.js';
import { until } from '../src/until.js';
import { descendants, memoryOf } from '../src/process-table.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

const MIB = 1024 * 1024;
/**
 * What the window's processes together, and the daemon, may grow by during a flood of 50 MB. Seen: 240 to 330 MiB for a page,
 * most of it garbage that the engine has not collected yet, and 60 to 115 MiB for the daemon, beside a record of at most 64 MiB.
 * A page that is handed everything without credit was seen to take 0.8 to 2 GB in five seconds.
 */
const PAGE_GROWTH = 512 * MIB;
const DAEMON_GROWTH = 256 * MIB;

const floods = [
  {
    name: '`seq`',
    // 6,300,000 lines: 48.8 MB of digits and line ends, and a carriage return for each from the terminal.
    program: 'seq 1 6300000',
    expected: () => {
      const hash = createHash('sha256');
      let bytes = 0;
      let block: string[] = [];
      for (let line = 1; line <= 6_300_000; line += 1) {
        block.push(`${String(line)}\r\n`);
        if (block.length === 100_000 || line === 6_300_000) {
          const text = block.join('');
          bytes += text.length;
          hash.update(text);
          block = [];
        }
      }
      return { bytes, sha256: hash.digest('hex') };
    },
  },
  {
    name: 'one line of 50 MB without a newline',
    program: `head -c 50000000 /dev/zero | tr '\\0' x`,
    expected: () => {
      const hash = createHash('sha256');
      const block = 'x'.repeat(1_000_000);
      for (let i = 0; i < 50; i += 1) hash.update(block);
      return { bytes: 50_000_000, sha256: hash.digest('hex') };
    },
  },
];

/** A client beside the window, to make terminals with a program of the test's own. */
async function besides(daemon: TestDaemon): Promise<DaemonClientV2> {
  const client = cleanUp.add(
    new DaemonClientV2({
      url: daemon.info.wsUrl,
      transportFactory: createNodeTransportFactory(),
      clientName: 'test',
    }),
    async (it) => it.close(),
  );
  await client.connect();
  return client;
}

describe.each(surfaces)('$name', (surface) => {
  test.each(floods)('$name arrives in order and complete while the page stays usable', async (flood) => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const client = await besides(daemon);
    const { terminal } = await client.request('terminal.create', {
      command: '/bin/sh',
      // Echo off: the stream is exactly what the program writes.
      args: ['-c', `stty -echo; printf 'ready\\r\\n'; read go; ${flood.program}; read end`],
      cols: 100,
      rows: 30,
      title: 'flood',
    });
    const app = cleanUp.add(await surface.open(daemon, home.path), (it) => it.end());
    const { page } = app;
    await page.connected();
    await page.screenShows('ready');

    const pageBefore = await memoryOf(await page.driver.processes());
    const daemonBefore = await memoryOf(await descendants(daemon.process.pid));
    await page.driver.run('window.__probe = window.__holdfast.openProbe(args[0])', terminal.terminalId);
    await until('the probe is attached', () =>
      page.driver.run<boolean>('return window.__probe.report().startOffset !== null'),
    );
    const expected = flood.expected();
    await client.request('terminal.input', { terminalId: terminal.terminalId, data: '\n' });

    let pagePeak = 0;
    let daemonPeak = 0;
    let answers = 0;
    const report = await until(
      'everything has arrived',
      async () => {
        pagePeak = Math.max(pagePeak, await memoryOf(await page.driver.processes()));
        daemonPeak = Math.max(daemonPeak, await memoryOf(await descendants(daemon.process.pid)));
        // A page that answers a script between two frames is usable.
        const now = await page.driver.run<ProbeReport>('return window.__probe.report()');
        answers += 1;
        return now.bytes >= expected.bytes && now;
      },
      {
        deadlineMs: FLOOD_DEADLINE_MS,
        lastSeen: () => page.driver.run('return window.__probe.report()'),
      },
    );
    expect(report).toMatchObject({ ...expected, gaps: [], error: null });
    expect(answers).toBeGreaterThan(3);
    console.log(
      `${surface.name}, ${flood.name}: page +${String(Math.round((pagePeak - pageBefore) / MIB))} MiB, daemon +${String(Math.round((daemonPeak - daemonBefore) / MIB))} MiB at most; ${String(answers)} answers of the page`,
    );
    expect(pagePeak - pageBefore).toBeLessThan(PAGE_GROWTH);
    expect(daemonPeak - daemonBefore).toBeLessThan(DAEMON_GROWTH);
  });

  test('Ctrl-C typed during a flood stops it within a second, and the shell is there again', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const app = cleanUp.add(await surface.open(daemon, home.path), (it) => it.end());
    const { page } = app;
    await page.ready();
    const client = await besides(daemon);
    const [terminalId = ''] = await page.terminalIds();
    // The daemon's side of it: when its last output was, by a viewer that is beside the page.
    let bytes = 0;
    let lastOutputAt = 0;
    client.attach(terminalId, {
      onSnapshot: () => undefined,
      onOutput: (output) => {
        bytes = output.end;
        lastOutputAt = performance.now();
      },
      autoAck: true,
    });
    // The median of three: what a person meets, and not what else the machine did in one moment.
    const ended: number[] = [];
    const shown: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const before = bytes;
      await page.typeLine('clear; seq 1 1000000000');
      await until('the flood runs', () => bytes > before + 5_000_000);
      await page.driver.press('Control', 'c');
      const pressed = performance.now();
      await page.screenShows(/\^C[^]*[$#] ?$/m);
      shown.push(performance.now() - pressed);
      ended.push(lastOutputAt - pressed);
    }
    const median = (times: number[]): number => Math.round(times.sort((a, b) => a - b)[1] ?? Infinity);
    console.log(
      `${surface.name}: Ctrl-C ended the output after ${String(median(ended))} ms, and the page showed the prompt after ${String(median(shown))} ms`,
    );
    expect(median(ended)).toBeLessThan(1000);
    await page.typeLine('echo after-$((40+2))');
    await page.screenShows('after-42');
  });
});
