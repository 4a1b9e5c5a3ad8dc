// Whatever a peer does on its socket, the page is told one error with the documented code and one close, nothing is
// left of it, and the app goes on. The deadlines are a second here; the Rust tests go through the same faults in more forms.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { openContractWindow, type ContractWindow, type Report } from '../src/contract-window.js';
import { PEER_FAULTS, startFaultyPeer, type FaultyPeer } from '../src/faulty-peer.js';
import { idleMemory, inMiB, memoryOfWindow, type Memory } from '../src/memory.js';
import { startTrafficPeer, type Line } from '../src/traffic-peer.js';
import { until } from '../src/until.js';

const MIB = 1024 * 1024;
/** All of them together may not cost more than one stalled connection, in bytes. */
const RUST_GROWTH = 16 * MIB;
/** Connections to faulty peers at once: a webview may have 32. */
const AT_ONCE = 12;

describe.each(['plugin-batch', 'plugin-event'])('over %s', (transport) => {
  const cleanUp = new CleanUp();
  const reports = new Map<string, Report>();
  let peer: FaultyPeer;
  let app: ContractWindow;
  let honest: Line;
  let before: Memory;

  beforeAll(async () => {
    peer = cleanUp.add(await startFaultyPeer(), (it) => it.end());
    const traffic = cleanUp.add(await startTrafficPeer(), (it) => it.end());
    app = await openContractWindow(cleanUp, { quick: true });
    honest = traffic.line('ask', 'honest', { every: 20 });
    await app.traffic('answer', transport, honest.url);
    before = await idleMemory(app.window);
    for (let first = 0; first < PEER_FAULTS.length; first += AT_ONCE) {
      const some = PEER_FAULTS.slice(first, first + AT_ONCE);
      for (const fault of some) await app.traffic('receive', transport, peer.urlOf(fault), 0);
      for (const fault of some) {
        const report = await until(
          `a peer that ${fault.name} is over`,
          async () => {
            const now = await app.report(peer.urlOf(fault));
            return now.closes.length > 0 && now;
          },
          { lastSeen: () => app.report(peer.urlOf(fault)) },
        );
        reports.set(fault.name, report);
      }
    }
  }, 240_000);
  afterAll(() => cleanUp.run());

  test.each(PEER_FAULTS)('a peer that $name ends as documented', async (fault) => {
    expect(peer.made(fault), 'the fault was made').toBeGreaterThan(0);
    // Asked again at the end of all: nothing was told later.
    const report = await app.report(peer.urlOf(fault));
    expect(report.errors.map(({ code }) => code)).toEqual(fault.error === null ? [] : [fault.error]);
    expect(report.closes.map(({ code }) => code)).toEqual([fault.close]);
    expect(report.opened).toBe(fault.opened);
    expect(report.errors.every(({ message }) => message !== '')).toBe(true);
  });

  test('nothing is left of them, and an honest connection went on all the time', async () => {
    await until('the faulty peer sees no socket any more', () => peer.openSockets() === 0);
    const answered = honest.received;
    await until('the honest one goes on', () => honest.received > answered + 10);
    expect(honest).toMatchObject({ connections: 1, open: 1, wrong: undefined });
    const after = await memoryOfWindow(app.window);
    console.log(
      `${transport}: ${String(PEER_FAULTS.length)} faults, Rust +${String(inMiB(after.rust - before.rust))} MiB`,
    );
    expect(after.rust - before.rust).toBeLessThanOrEqual(RUST_GROWTH);
  });
});
