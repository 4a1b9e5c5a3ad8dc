/** Whether the daemon is still there: latency, stalled, unresponsive, and what sleep does to all of them. */
import { describe, expect, it } from 'vitest';
import { bench, type Bench, type FakeTransport } from './fake-transport.js';

function connected(): Bench {
  const test = bench();
  test.client.ensureConnected();
  test.last().welcome();
  answerList(test.last());
  return test;
}

function answerList(transport: FakeTransport): void {
  const { id } = transport.request('terminal.list');
  transport.message({ type: 'response', id, ok: true, result: { revision: 0, terminals: [] } });
}

function pings(transport: FakeTransport): number[] {
  return transport.sent.filter(({ type }) => type === 'ping').map(({ id }) => id as number);
}

function answerPings(transport: FakeTransport, from = 0): void {
  for (const id of pings(transport).slice(from)) transport.message({ type: 'pong', id });
}

describe('liveness', () => {
  it('answers the daemon’s pings', () => {
    const test = connected();
    test.last().message({ type: 'ping', id: 77 });
    expect(test.last().sent.at(-1)).toEqual({ type: 'pong', id: 77 });
  });

  it('measures latency right after the welcome', () => {
    const test = connected();
    test.clock.advance(12);
    answerPings(test.last());
    expect(test.client.getSnapshot().latencyMs).toBe(12);
  });

  it('is stalled after 5 s without an answer, and says since when', () => {
    const test = connected();
    const sentAt = test.clock.now();
    test.clock.advance(4_999);
    expect(test.client.getSnapshot().stalled).toBe(false);
    test.clock.advance(1);
    expect(test.client.getSnapshot()).toMatchObject({ stalled: true, unansweredSince: sentAt });
    answerPings(test.last());
    expect(test.client.getSnapshot()).toMatchObject({ stalled: false, unansweredSince: undefined });
  });

  it('is stalled by an unanswered request, too, although pings were answered before', () => {
    const test = connected();
    answerPings(test.last());
    test.clock.advance(3_000);
    test.client.request('terminal.kill', { terminalId: 'a' }).catch(() => undefined);
    test.clock.advance(5_000);
    expect(test.client.getSnapshot().stalled).toBe(true);
  });

  it('ends a connection that does not answer a ping within 10 s as unresponsive, and connects again', () => {
    const test = connected();
    test.clock.advance(10_000);
    expect(test.transports[0]?.closes).toEqual([{ code: 4504, reason: 'unresponsive' }]);
    expect(test.client.getSnapshot().lastError).toMatchObject({ code: 'unresponsive', retryable: true });
    test.clock.advance(500);
    expect(test.transports.length).toBe(2);
  });

  it('takes any message for a sign of life: a flood of output without a pong is a living daemon', () => {
    const test = connected();
    for (let second = 0; second < 60; second += 1) {
      test.clock.advance(1_000);
      test.last().message({ type: 'ping', id: second });
    }
    expect(test.transports.length).toBe(1);
    expect(test.client.getSnapshot().stalled).toBe(false);
  });

  it('stays connected for hours of quiet in which pings are answered', () => {
    const test = connected();
    let answered = 0;
    for (let second = 0; second < 3_600; second += 1) {
      answerPings(test.last(), answered);
      answered = pings(test.last()).length;
      test.clock.advance(1_000);
    }
    expect(test.transports.length).toBe(1);
    expect(answered).toBeGreaterThan(300);
  });

  it('does not take its own sleep for the daemon’s: after waking it asks again before it gives up', () => {
    const test = connected();
    answerPings(test.last());
    test.clock.advance(5_000);
    const before = pings(test.last()).length;
    test.clock.sleep(8 * 3_600_000);
    expect(test.client.getSnapshot().state.kind).toBe('connected');
    expect(pings(test.last()).length).toBe(before + 1);
    answerPings(test.last(), before);
    test.clock.advance(4_000);
    expect(test.client.getSnapshot()).toMatchObject({ state: { kind: 'connected' }, stalled: false });
  });

  it('finds a connection that died during the sleep: nothing looks connected for hours', () => {
    const test = connected();
    answerPings(test.last());
    test.clock.sleep(8 * 3_600_000);
    test.clock.advance(20_000);
    expect(test.client.getSnapshot().lastError).toMatchObject({ code: 'unresponsive' });
  });

  it('asks at once when the page is shown again', () => {
    const test = connected();
    answerPings(test.last());
    const before = pings(test.last()).length;
    test.client.ensureConnected();
    expect(pings(test.last()).length).toBe(before + 1);
  });
});
