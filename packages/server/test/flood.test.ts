/** Much output: complete for a viewer that keeps up, a snapshot for one that does not, bounded memory, and Ctrl-C at once. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { runningDaemon, temporaryDirectory } from './daemon-fixture.js';
import { RawClient } from './raw-client.js';
import { Viewer } from './viewer.js';

const shell = (script: string): { command: string; args: string[] } => ({
  command: 'sh',
  args: ['-c', script],
});

/** A daemon in a process of its own, so that its memory can be told from the test's. */
async function separateDaemon(): Promise<{ wsUrl: string; pid: number }> {
  const home = await temporaryDirectory();
  const main = fileURLToPath(new URL('../dist/command/main.js', import.meta.url));
  const child = spawn(
    process.execPath,
    [main, '--home', home, '--json', 'daemon', 'run', '--quiet', '--port', '0'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  onTestFinished(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  let text = '';
  for await (const data of child.stdout) {
    text += String(data);
    if (text.trimEnd().endsWith('}')) break;
  }
  return JSON.parse(text) as { wsUrl: string; pid: number };
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

function sha256(lines: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line);
  return hash.digest('hex');
}

function* countedLines(last: number): Generator<string> {
  for (let number = 1; number <= last; number += 1) yield `${String(number)}\r\n`;
}

test('50 MB in lines, then one line of 50 MB, arrive complete and in order; the daemon stays below 400 MB', async () => {
  const { wsUrl, pid } = await separateDaemon();
  const client = await RawClient.connect(wsUrl);
  const last = 5_600_000;
  const lines = await client.create(shell(`read x; seq 1 ${String(last)}`));
  const first = await Viewer.attach(client, lines.terminalId, { from: 0, maxBehindBytes: 64 * 1024 * 1024 });
  first.keeps = 100;
  await client.request('terminal.input', { terminalId: lines.terminalId, data: '\r' });
  await client.until(() => first.exited);
  expect(first.received).toBeGreaterThan(45_000_000);
  expect(first.hash.digest('hex')).toBe(sha256(['\r\n', ...countedLines(last)]));
  expect(first.gaps).toEqual([]);

  const size = 50_000_000;
  const line = await client.create(shell(`read x; head -c ${String(size)} /dev/zero | tr '\\0' x`));
  const second = await Viewer.attach(client, line.terminalId, { from: 0, maxBehindBytes: 64 * 1024 * 1024 });
  second.keeps = 100;
  await client.request('terminal.input', { terminalId: line.terminalId, data: '\r' });
  await client.until(() => second.exited);
  expect(second.hash.digest('hex')).toBe(sha256(['\r\n', 'x'.repeat(size)]));
  expect(residentMegabytes(pid)).toBeLessThan(400);
}, 120_000);

test('a viewer that stops reading costs a fixed amount of memory, holds nobody up, and gets a gap and the screen', async () => {
  const { wsUrl, pid } = await separateDaemon();
  const client = await RawClient.connect(wsUrl, { clientId: 'driver' });
  const { terminalId } = await client.create(shell('read x; seq 1 3000000; echo THE END; read x'));
  const slow = await RawClient.connect(wsUrl, { clientId: 'slow' });
  const asleep = await Viewer.attach(slow, terminalId, { acknowledges: false });
  slow.socket.pause();
  const awake = await Viewer.attach(client, terminalId);
  awake.keeps = 1000;
  await client.request('terminal.input', { terminalId, data: '\r' });
  await client.until(() => awake.output.includes('THE END') || awake.snapshot.includes('THE END'));
  expect(residentMegabytes(pid)).toBeLessThan(300);
  asleep.acknowledges = true;
  slow.socket.resume();
  await slow.until(() => asleep.offset > 0);
  asleep.acknowledge();
  await slow.until(
    () =>
      asleep.gaps.length > 0 && (asleep.snapshot.includes('THE END') || asleep.output.includes('THE END')),
  );
  expect(asleep.order.slice(0, 4)).toEqual(['snapshot', 'output', 'gap', 'snapshot']);
}, 90_000);

test('Ctrl-C ends a flood within a second of being typed, and the shell goes on', async () => {
  const daemon = await runningDaemon();
  const client = await RawClient.connect(daemon.wsUrl);
  const { terminalId } = await client.create({ command: 'bash', args: ['--norc', '--noprofile', '-i'] });
  const viewer = await Viewer.attach(client, terminalId);
  viewer.keeps = 2000;
  await client.request('terminal.input', { terminalId, data: 'seq 1 100000000\r' });
  await client.until(() => viewer.offset > 3_000_000);
  const typedAt = performance.now();
  await client.request('terminal.input', { terminalId, data: '\x03' });
  await client.request('terminal.input', { terminalId, data: 'echo fin$((1+1))\r' });
  await client.until(() => /fin2\r/.test(viewer.output) || viewer.snapshot.includes('fin2'));
  expect(performance.now() - typedAt).toBeLessThan(1000);
}, 20_000);

test('a key is echoed during the flood of another terminal', async () => {
  const daemon = await runningDaemon();
  const client = await RawClient.connect(daemon.wsUrl);
  await client.create(shell('yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'));
  const { terminalId } = await client.create({ command: 'cat' });
  const viewer = await Viewer.attach(client, terminalId, { from: 0 });
  const typedAt = performance.now();
  for (const key of 'holdfast') {
    await client.request('terminal.input', { terminalId, data: key });
    await viewer.shows(key);
  }
  expect(performance.now() - typedAt).toBeLessThan(2000);
});
