/** The machine and the versions that figures belong to. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '@holdfast/e2e/places';
import type { BenchWindow } from './ways.js';

const run = promisify(execFile);

export type Machine = {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Load of the last minute before the run and at its end: what else the machine did. */
  readonly load: readonly [number, number];
};

const GIB = 1024 ** 3;

export async function machine(loadBefore: number): Promise<Machine> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / GIB),
    system: `${await distribution()}, ${type()} ${release()}`,
    load: [loadBefore, loadNow()],
  };
}

/** Load of the last minute. */
export const loadNow = (): number => Number((loadavg()[0] ?? 0).toFixed(2));

export type Versions = Readonly<Record<string, string>>;

export async function versions(window: BenchWindow): Promise<Versions> {
  const lock = await readFile(join(root, 'Cargo.lock'), 'utf8');
  const crate = (name: string): string =>
    new RegExp(`name = "${name}"\\nversion = "([^"]+)"`).exec(lock)?.[1] ?? 'unknown';
  const agent = await window.window.run<string>('return navigator.userAgent');
  return {
    holdfast: await firstLine('git', ['-C', root, 'describe', '--always', '--dirty']),
    webkitgtk: await firstLine('pkg-config', ['--modversion', 'webkit2gtk-4.1']),
    userAgent: agent,
    tauri: crate('tauri'),
    'tauri-plugin-websocket': crate('tauri-plugin-websocket'),
    'tokio-tungstenite': crate('tokio-tungstenite'),
    node: process.versions.node,
    rustc: await firstLine('rustc', ['--version']),
  };
}

async function distribution(): Promise<string> {
  try {
    const text = await readFile('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
}

async function firstLine(command: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(command, [...args])).stdout.split('\n')[0] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
