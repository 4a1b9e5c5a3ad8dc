/** Memory of an app: of its own process, where the Rust side is, and of the WebView process of its first page. */
import { setTimeout as timeout } from 'node:timers/promises';
import { memoryOf, statsOf } from './process-table.js';
import type { TestWindow } from './window.js';

export type Memory = { readonly rust: number; readonly webView: number };

const MIB = 1024 * 1024;
/** Between two looks, in ms: a look at a process costs some milliseconds of its own. */
const LOOK_MS = 500;
/** Looks in a row that must be alike before a window counts as idle. */
const ALIKE = 6;
/** How far they may lie apart, in bytes. */
const TOLERANCE = MIB;
/** Looks after which the last one counts, alike or not: an engine may collect garbage at any time. */
const MOST_LOOKS = 40;

export async function memoryOfWindow(window: TestWindow): Promise<Memory> {
  const [rust, webView] = await Promise.all([
    memoryOf([window.appPid]),
    firstPage(window).then((pid) => memoryOf([pid])),
  ]);
  return { rust, webView };
}

/** The process of the page that is driven: of the app's web processes the one that was started first. */
async function firstPage(window: TestWindow): Promise<number> {
  const stats = await statsOf(await window.processes());
  const [first] = stats
    .filter(({ name }) => name.startsWith('WebKitWebProces'))
    .sort((a, b) => a.started - b.started);
  if (!first) throw new Error('the window has no web process');
  return first.pid;
}

/** Waits until the window is at rest. */
export async function idleMemory(window: TestWindow): Promise<Memory> {
  const looks: Memory[] = [];
  for (;;) {
    const look = await memoryOfWindow(window);
    looks.push(look);
    const last = looks.slice(-ALIKE);
    const spread = (of: (memory: Memory) => number): number =>
      Math.max(...last.map(of)) - Math.min(...last.map(of));
    const alike = last.length === ALIKE && spread((it) => it.rust) + spread((it) => it.webView) < TOLERANCE;
    if (alike || looks.length === MOST_LOOKS) return look;
    await timeout(LOOK_MS);
  }
}

/** Looks until this says that it is over; gives the most of each that was seen. */
export async function peakMemory(window: TestWindow, over: (peak: Memory) => boolean): Promise<Memory> {
  let peak: Memory = { rust: 0, webView: 0 };
  for (;;) {
    const now = await memoryOfWindow(window);
    peak = { rust: Math.max(peak.rust, now.rust), webView: Math.max(peak.webView, now.webView) };
    if (over(peak)) return peak;
    await timeout(LOOK_MS);
  }
}

/** In MiB with one digit, for people. */
export const inMiB = (bytes: number): number => Math.round((bytes / MIB) * 10) / 10;
