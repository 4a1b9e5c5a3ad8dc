// A page whose main thread is blocked for a minute, with a daemon that floods it: memory stays within its bound, other
// windows go on, and what was held back arrives in order. The official plugin under the same flood stands beside it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { openContractWindow, type Report } from '../src/contract-window.js';
import { idleMemory, inMiB, peakMemory, type Memory } from '../src/memory.js';
import { results } from '../src/places.js';
import { startTrafficPeer, type Line, type TrafficPeer } from '../src/traffic-peer.js';
import { until } from '../src/until.js';

const MIB = 1024 * 1024;
const STALL_MS = 60_000;
/** The page stays blocked for longer than it is watched, in ms: what it takes when it wakes is not the cost of a stall. */
const BLOCKED_MS = STALL_MS + 5_000;
/** The bound, for each connection. */
const RUST_GROWTH = 16 * MIB;
const WEB_VIEW_GROWTH = 32 * MIB;
/** What is not bounded is stopped here. */
const ENOUGH_GROWTH = 1024 * MIB;
const MESSAGE_BYTES = 1000;
/** What the page gets before its memory at rest is taken: its first messages cost what later ones do not. */
const WARM_UP = 20_000;
/** For what was held back to arrive after the page woke, in ms: far above what it takes. */
const WAKE_DEADLINE_MS = 60_000;
/** A question to another window that is not answered for so long, in ms, would be stuck. It is a hang, not a figure. */
const STUCK_MS = 10_000;

type Outcome = {
  readonly idle: Memory;
  readonly peak: Memory;
  readonly stalledMs: number;
  /** What the system took from the peer during the stall, in bytes. */
  readonly taken: number;
  readonly line: Line;
  readonly second: Line;
  /** Answers of the second window during the stall. */
  readonly answers: number;
  readonly report: Report | undefined;
};

async function stall(
  cleanUp: CleanUp,
  peer: TrafficPeer,
  transport: string,
  bounded: boolean,
): Promise<Outcome> {
  const second = peer.line('ask', `second-${transport}`, { every: 50 });
  const app = await openContractWindow(cleanUp, { second: { role: 'answer', transport, url: second.url } });
  const warmUp = peer.line('flood', `warm-up-${transport}`, { count: WARM_UP, size: MESSAGE_BYTES });
  await app.traffic('receive', transport, warmUp.url, MESSAGE_BYTES);
  await app.everything(warmUp.url);
  await app.traffic('close', warmUp.url);
  const idle = await idleMemory(app.window);

  const line = peer.line('flood', `flood-${transport}`, { size: MESSAGE_BYTES, block: BLOCKED_MS });
  await app.traffic('receive', transport, line.url, MESSAGE_BYTES);
  await until('the page is told to block', () => line.connections === 1);
  const begun = performance.now();
  const before = { taken: line.accepted(), answers: second.received };
  const peak = await peakMemory(app.window, (seen) => {
    const grown = seen.rust - idle.rust + seen.webView - idle.webView;
    return performance.now() - begun > STALL_MS || (!bounded && grown > ENOUGH_GROWTH);
  });
  const stalledMs = performance.now() - begun;
  const taken = line.accepted() - before.taken;
  const answers = second.received - before.answers;
  line.stop();
  const report = bounded ? await app.everything(line.url, WAKE_DEADLINE_MS) : undefined;
  // What is not bounded may never wake.
  if (!bounded) await app.window.end();
  return { idle, peak, stalledMs, taken, line, second, answers, report };
}

describe('a page that is blocked for a minute while the daemon floods it', () => {
  const cleanUp = new CleanUp();
  const outcomes = new Map<string, Outcome>();
  beforeAll(async () => {
    const peer = cleanUp.add(await startTrafficPeer(), (it) => it.end());
    // Side by side: each window has processes of its own, and a blocked page needs no more than one core.
    await Promise.all(
      [
        ['plugin-batch', true],
        ['plugin-event', true],
        ['tauri-websocket', false],
      ].map(async ([transport, bounded]) => {
        const name = String(transport);
        outcomes.set(name, await stall(cleanUp, peer, name, bounded === true));
      }),
    );
    const figures = [...outcomes].map(([transport, outcome]) => ({
      transport,
      rustGrowthMiB: inMiB(outcome.peak.rust - outcome.idle.rust),
      webViewGrowthMiB: inMiB(outcome.peak.webView - outcome.idle.webView),
      takenMiB: inMiB(outcome.taken),
      seconds: Math.round(outcome.stalledMs / 1000),
      answersOfAnotherWindow: outcome.answers,
    }));
    console.table(figures);
    await mkdir(results, { recursive: true });
    await writeFile(join(results, 'stalled-page.json'), JSON.stringify(figures, null, 2));
  }, 300_000);
  afterAll(() => cleanUp.run());

  const of = (transport: string): Outcome => {
    const outcome = outcomes.get(transport);
    if (!outcome) throw new Error(`${transport} was not measured`);
    return outcome;
  };

  describe.each(['plugin-batch', 'plugin-event'])('over %s', (transport) => {
    test('costs Rust at most 16 MiB and the WebView at most 32 MiB', () => {
      const { idle, peak, stalledMs } = of(transport);
      expect(stalledMs).toBeGreaterThanOrEqual(STALL_MS);
      expect(peak.rust - idle.rust).toBeLessThanOrEqual(RUST_GROWTH);
      expect(peak.webView - idle.webView).toBeLessThanOrEqual(WEB_VIEW_GROWTH);
    });

    test('gets everything in order once it wakes', () => {
      const { report, line } = of(transport);
      expect(report).toMatchObject({ sent: line.sent, count: line.sent, wrong: [], errors: [], closes: [] });
      expect(line).toMatchObject({ connections: 1, open: 1 });
    });

    test('leaves another window and its connection alone', () => {
      const { second, answers, stalledMs } = of(transport);
      expect(second).toMatchObject({ connections: 1, open: 1, wrong: undefined });
      expect(Math.max(...second.roundTrips)).toBeLessThan(STUCK_MS);
      expect(answers).toBeGreaterThan(stalledMs / STUCK_MS);
    });

    test('costs less than the official plugin under the same flood', () => {
      const grown = ({ peak, idle }: Outcome): number => peak.rust - idle.rust + peak.webView - idle.webView;
      expect(grown(of(transport))).toBeLessThan(grown(of('tauri-websocket')));
    });
  });
});
