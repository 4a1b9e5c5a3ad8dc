/** Memory while a page's main thread is blocked and the server floods it, and how fast it recovers. */
import { memoryOf } from '@holdfast/e2e/process-table';
import type { Generator } from './generator.js';
import { RECOVERY_SECONDS, STALL_MESSAGE_BYTES, STALL_MOST_BYTES } from './plan.js';
import { watchMemory } from './processes.js';
import { openBenchWindow, type WindowWay } from './ways.js';

export type Stall = {
  /** Memory of all processes of the idle window, in bytes. */
  readonly idle: number;
  /** The most that was seen above that while the page was blocked, in bytes. */
  readonly added: number;
  /** Bytes that the server could send. */
  readonly sent: number;
  /** From the end of the block until the page had taken everything, in seconds. */
  readonly recovered: number;
};

/** Messages that warm the way up: what it keeps for good counts as idle. */
const WARM_UP_MESSAGES = 500;
/** A window is idle this long after its warm-up, in ms. */
const SETTLE_MS = 2000;
const LOOK_MS = 100;
const MS = 1000;

/** In a window of its own: what an earlier run left behind would count. */
export async function stall(
  generator: Generator,
  way: WindowWay,
  seconds: number,
  seed: number,
): Promise<Stall> {
  const window = await openBenchWindow();
  try {
    const message = { bytes: STALL_MESSAGE_BYTES, kind: 'text', seed };
    const warm = generator.expect('to-page', { ...message, count: WARM_UP_MESSAGES });
    await window.way(way).run(warm.url, { case: 'to-page', count: WARM_UP_MESSAGES });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const pids = await window.window.processes();
    const idle = await memoryOf(pids);

    const run = generator.expect('stall', { ...message, most: STALL_MOST_BYTES });
    const peak = watchMemory(pids, LOOK_MS);
    await window.begin(run.id, way, run.url, { case: 'stall', blockMs: seconds * MS });
    const late = new Promise<undefined>((resolve) =>
      setTimeout(() => resolve(undefined), (seconds + RECOVERY_SECONDS) * MS).unref(),
    );
    const report = await Promise.race([run.report, late]);
    const added = (await peak()) - idle;
    return { idle, added, sent: report?.sent ?? 0, recovered: report?.recovered ?? RECOVERY_SECONDS };
  } finally {
    await window.end();
  }
}
