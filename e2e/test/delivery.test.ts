// What the peer sends arrives once and in order, whatever the page and the engine do; what the page sends takes effect once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { openContractWindow, type ContractWindow } from '../src/contract-window.js';
import { startTrafficPeer, type Line, type TrafficPeer } from '../src/traffic-peer.js';
import { until } from '../src/until.js';

const MIB = 1024 * 1024;
/** The promise of the transport contract: a page that goes ends its connections within this time, in ms. */
const PROMISED_END_MS = 1000;
/** What Rust holds for a page that takes nothing (outbox 4 MiB, in flight 1 MiB), and what the system buffers for both sockets. */
const BEHIND_BYTES = 5 * MIB + 16 * MIB;
/** Beyond this, a question that another page answers would be called stuck, in ms. It is a hang, not a figure. */
const STUCK_MS = 5000;

const lanes = ['plugin-batch', 'plugin-event'] as const;

/** A line is at rest when the system has taken nothing more of it for a while. */
async function atRest(line: Line): Promise<number> {
  let accepted = -1;
  let since = 0;
  await until('the flood is held back', () => {
    if (line.accepted() !== accepted) {
      accepted = line.accepted();
      since = performance.now();
    }
    return accepted > 0 && performance.now() - since > 1000;
  });
  return accepted;
}

describe('a page that loses every third script and event', () => {
  const cleanUp = new CleanUp();
  let peer: TrafficPeer;
  let app: ContractWindow;
  beforeAll(async () => {
    peer = cleanUp.add(await startTrafficPeer(), (it) => it.end());
    app = await openContractWindow(cleanUp, { loseEvery: 3 });
  });
  afterAll(() => cleanUp.run());

  test.each([
    { lane: 'plugin-batch', count: 50_000, kind: 'text' },
    { lane: 'plugin-batch', count: 20_000, kind: 'binary' },
    { lane: 'plugin-event', count: 5_000, kind: 'text' },
  ])('gets $count $kind messages over $lane once and in order', async ({ lane, count, kind }) => {
    const lost = await app.window.run<number>('return window.__contractLoss.lost');
    const line = peer.line('flood', `lossy-${lane}-${kind}`, { count, size: 300, kind });
    await app.traffic('receive', lane, line.url, 300);
    const report = await app.everything(line.url, 90_000);
    expect(report).toMatchObject({ count, sent: count, wrong: [], errors: [], closes: [] });
    expect(await app.window.run<number>('return window.__contractLoss.lost')).toBeGreaterThan(lost);
    await app.traffic('close', line.url);
    await until('the close arrives', () => line.closeCode === 1000, { lastSeen: () => line });
  });
});

describe('beside another webview and one that is hidden', () => {
  const cleanUp = new CleanUp();
  let peer: TrafficPeer;
  let app: ContractWindow;
  let second: Line;
  let hidden: Line;
  let hiddenReport: Line;
  /** A second connection of the page under test. */
  let beside: Line;

  beforeAll(async () => {
    peer = cleanUp.add(await startTrafficPeer(), (it) => it.end());
    second = peer.line('ask', 'second', { every: 20 });
    hidden = peer.line('flood', 'hidden', { count: 20_000, size: 500 });
    hiddenReport = peer.line('count', 'hidden-report');
    app = await openContractWindow(cleanUp, {
      second: { role: 'answer', url: second.url },
      hidden: { role: 'receive', url: hidden.url, size: '500', report: hiddenReport.url },
    });
  });
  afterAll(() => cleanUp.run());

  /** Runs this, and sees that the other webview and the other connection went on meanwhile, on one connection each. */
  async function undisturbed(act: () => Promise<void>, also: readonly Line[] = []): Promise<void> {
    const others = [second, ...also];
    const before = others.map((line) => line.received);
    await act();
    for (const [index, line] of others.entries()) {
      await until('the others go on', () => line.received > (before[index] ?? 0) + 10, {
        lastSeen: () => line,
      });
      expect(line).toMatchObject({ connections: 1, open: 1, wrong: undefined });
      expect(performance.now() - line.answeredAt).toBeLessThan(STUCK_MS);
    }
  }

  test('a window that is never shown gets everything in order', async () => {
    const report = await until(
      'the hidden page has everything',
      () => {
        if (hiddenReport.open > 0) hiddenReport.send('how is it?');
        const last: unknown = JSON.parse(hiddenReport.last ?? 'null');
        return typeof last === 'object' && last !== null && 'sent' in last && last.sent !== null && last;
      },
      { lastSeen: () => [hidden, hiddenReport.last] },
    );
    expect(report).toMatchObject({ opened: true, count: 20_000, sent: 20_000, wrong: [], closes: [] });
  });

  describe.each(lanes)('over %s', (lane) => {
    test('a handler that throws loses nothing, and its errors are reported to the page', async () => {
      const line = peer.line('flood', `throwing-${lane}`, { count: 3000, size: 100 });
      await app.window.run(`
        window.__thrown = 0;
        window.addEventListener('error', (event) => { if (event.message.includes('on purpose')) window.__thrown += 1; });`);
      await app.traffic('receive', lane, line.url, 100, 3);
      expect(await app.everything(line.url)).toMatchObject({
        count: 3000,
        sent: 3000,
        wrong: [],
        closes: [],
      });
      expect(await app.window.run('return window.__thrown')).toBe(1000);
      await app.traffic('close', line.url);
    });

    test('reloads in the middle of a flood end the old connection at once, and the new page gets its own in order', async () => {
      // The median: what a reload costs, and not what else the machine did in one moment.
      const ends: number[] = [];
      await undisturbed(async () => {
        for (let round = 0; round < 5; round += 1) {
          const line = peer.line('flood', `reload-${lane}-${String(round)}`, { size: 200 });
          await app.traffic('receive', lane, line.url, 200);
          await until('the flood runs', async () => (await app.report(line.url)).count > 1000);
          expect((await app.report(line.url)).wrong).toEqual([]);
          const begun = performance.now();
          await app.window.reload();
          const ended = await until('the connection has ended', () => line.endedAt);
          ends.push(ended - begun);
          expect(line.connections).toBe(1);
        }
      });
      expect(ends.sort((a, b) => a - b)[2], ends.join()).toBeLessThan(PROMISED_END_MS);
      const after = peer.line('flood', `reloaded-${lane}`, { count: 5000, size: 200 });
      await app.traffic('receive', lane, after.url, 200);
      expect(await app.everything(after.url)).toMatchObject({ count: 5000, sent: 5000, wrong: [] });
      await app.traffic('close', after.url);
    });

    test('ten thousand messages that are sent without waiting arrive in order', async () => {
      const line = peer.line('count', `sends-${lane}`);
      await app.traffic('receive', lane, line.url, 0);
      // Half of them before the connection is open.
      await app.traffic('send', line.url, 1, 5000, 100);
      await app.traffic('send', line.url, 5001, 5000, 100);
      await until('all have arrived', () => line.received === 10_000 || line.wrong, { lastSeen: () => line });
      expect(line.wrong).toBeUndefined();
      await app.traffic('close', line.url);
    });

    test('`bufferedAmount` is what the network has not taken, and falls to nothing when the peer reads', async () => {
      const line = peer.line('unread', `buffered-${lane}`);
      await app.traffic('receive', lane, line.url, 0);
      await until('it is open', async () => (await app.report(line.url)).opened);
      const total = 24 * MIB;
      const told: number[] = [await app.traffic<number>('send', line.url, 1, 24, MIB)];
      expect(told[0]).toBe(total);
      // Told of a peer that reads nothing: never less than what the system cannot have taken.
      const held = await until('it no longer falls', async () => {
        told.push(await app.traffic<number>('buffered', line.url));
        return told.length > 40 && told.at(-1) === told.at(-40) && told.at(-1);
      });
      expect(line.received).toBe(0);
      expect(held).toBeGreaterThanOrEqual(total - 16 * MIB);
      expect(held).toBeLessThanOrEqual(total);
      line.read();
      await until('the peer has read everything', () => line.received === 24 || line.wrong);
      expect(line.wrong).toBeUndefined();
      await until('nothing waits any more', async () => {
        told.push(await app.traffic<number>('buffered', line.url));
        return told.at(-1) === 0;
      });
      expect(told, 'it never grows by itself').toEqual([...told].sort((a, b) => b - a));
      await app.traffic('close', line.url);
    });

    test('more than 32 MiB that the network does not take end the connection with `send_queue_full`', async () => {
      const line = peer.line('unread', `full-${lane}`);
      await app.traffic('receive', lane, line.url, 0);
      await until('it is open', async () => (await app.report(line.url)).opened);
      await app.traffic('send', line.url, 1, 33, MIB);
      const report = await until('it has ended', async () => {
        const now = await app.report(line.url);
        return now.closes.length > 0 && now;
      });
      expect(report.errors).toMatchObject([{ code: 'send_queue_full' }]);
      expect(report.closes).toMatchObject([{ code: 1006, wasClean: false }]);
    });
  });

  describe('a page without the guest library', () => {
    /** Connects by the bare command and keeps what the events say. */
    async function connect(name: string, url: string): Promise<void> {
      await app.window.run(
        `const kept = { open: false, numbers: [], last: 0, taken: 0, wrong: [], closes: [], acknowledging: false };
        (window.__bare ??= {})[args[0]] = kept;
        const mine = (handler) => (payload) => { if (payload.connectionId === kept.id) handler(payload); };
        await window.__raw.listen('daemon://open', mine((payload) => { kept.open = true; kept.take(payload); }));
        await window.__raw.listen('daemon://close', mine((payload) => { kept.closes.push(payload); kept.take(payload); }));
        await window.__raw.listen('daemon://message', mine((payload) => kept.take(payload)));
        kept.take = (payload) => {
          if (payload.seq <= kept.last) return;
          if (payload.seq !== kept.last + 1) {
            // Events that came before the id was known are missing: they come again, and what came after them as well.
            // From the first message on, nothing may be missing.
            if (kept.taken > 0) kept.wrong.push([kept.last, payload.seq]);
            return;
          }
          kept.last = payload.seq;
          if (typeof payload.data === 'string' && payload.data.startsWith('sent:')) kept.sent = Number(payload.data.slice(5));
          else if (typeof payload.data === 'string') {
            kept.taken += 1;
            if (!payload.data.startsWith(kept.taken + ':')) kept.wrong.push(payload.data.slice(0, 20));
          }
          if (kept.acknowledging) kept.acknowledge();
        };
        kept.acknowledge = () => window.__raw.invoke('plugin:daemon-transport|daemon_send', { connectionId: kept.id, ack: kept.last });
        kept.id = await window.__raw.invoke('plugin:daemon-transport|daemon_connect', { url: args[1], lane: 'event' });`,
        name,
        url,
      );
      await until('it is open', () => bare<boolean>(name, 'kept.open'));
    }
    const bare = <T>(name: string, expression: string): Promise<T> =>
      app.window.run<T>(`const kept = window.__bare[args[0]]; return ${expression};`, name);
    /** The refusal of a `daemon_send` with these arguments, or null. */
    const refusal = (name: string, rest: string): Promise<{ code: string; message: string } | null> =>
      bare(
        name,
        `await window.__raw.invoke('plugin:daemon-transport|daemon_send', { connectionId: kept.id, ${rest} }).then(() => null, (error) => error)`,
      );

    test('that never acknowledges holds back its peer alone, and gets everything in order once it does', async () => {
      const line = peer.line('flood', 'never-acknowledges', { size: 1000 });
      beside = peer.line('ask', 'beside', { every: 20 });
      await app.traffic('answer', 'plugin-batch', beside.url);
      await connect('silent', line.url);
      await undisturbed(async () => {
        expect(await atRest(line)).toBeLessThan(BEHIND_BYTES);
      }, [beside]);
      expect(await bare<number>('silent', 'kept.taken')).toBeLessThanOrEqual(1024);
      line.stop();
      await bare('silent', '(kept.acknowledging = true, await kept.acknowledge())');
      await until('everything is there', () =>
        bare('silent', 'kept.sent !== undefined || kept.wrong.length > 0'),
      );
      expect(await bare('silent', '[kept.taken, kept.wrong, kept.closes]')).toEqual([line.sent, [], []]);
    });

    test('that acknowledges what it never got is refused by name, and its connection goes on', async () => {
      const line = peer.line('echo', 'never-got');
      await connect('liar', line.url);
      for (const ack of ['2', '1024', String(Number.MAX_SAFE_INTEGER)]) {
        const refused = await refusal('liar', `ack: ${ack}`);
        expect(refused).toMatchObject({ code: 'invalid_ack' });
        expect(refused?.message).toContain(ack);
      }
      expect(await refusal('liar', 'ack: kept.last')).toBeNull();
      expect(await refusal('liar', `data: '1:still there'`)).toBeNull();
      await until('the echo is there', () => bare('liar', 'kept.taken === 1'));
    });

    test('that makes the same request twice has it done once, and a gap changes nothing', async () => {
      const line = peer.line('count', 'twice');
      await connect('twice', line.url);
      for (const [seq, data] of [
        [1, '1:b'],
        [1, '1:b'],
        [2, '2:c'],
        [1, '1:b'],
        [2, '2:c'],
      ] as const) {
        expect(await refusal('twice', `seq: ${String(seq)}, data: '${data}'`)).toBeNull();
      }
      expect(await refusal('twice', `seq: 4, data: '4:e'`)).toMatchObject({ code: 'send_out_of_order' });
      expect(await refusal('twice', `seq: 3, data: '3:d'`)).toBeNull();
      await until('three have come', () => line.received === 3 || line.wrong, { lastSeen: () => line });
      expect(line.wrong).toBeUndefined();
    });

    test('that sends past the byte limit is refused, loses nothing of what was accepted, and may go on', async () => {
      const line = peer.line('unread', 'refused');
      await connect('refused', line.url);
      const big = (number: number): string =>
        `seq: ${String(number)}, data: '${String(number)}:' + '${String.fromCharCode(97 + number)}'.repeat(${String(16 * MIB - 2)})`;
      // The system takes some of it: what is refused in the end is asked again once the peer reads.
      let accepted = 0;
      let refused: { code: string } | null = null;
      while (refused === null && accepted < 8) {
        refused = await refusal('refused', big(accepted + 1));
        if (refused === null) accepted += 1;
      }
      expect(refused).toMatchObject({ code: 'send_queue_full' });
      line.read();
      await until('what was accepted has arrived', () => line.received === accepted || line.wrong);
      expect(await refusal('refused', big(accepted + 1))).toBeNull();
      await until('and what is sent then', () => line.received === accepted + 1 || line.wrong);
      expect(line.wrong).toBeUndefined();
    });
  });
});
