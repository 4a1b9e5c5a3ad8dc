/** Whether the daemon is still there: latency, stalled, unresponsive, and what sleep does to all of them. */
import { describe, expect, it } from 'vitest';
import { bench, FakeTransport, type Bench } from './fake-transport.js';

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

describe('reconnect()', () => {
  function stalled(): Bench {
    const test = connected();
    test.clock.advance(5_000);
    expect(test.client.getSnapshot().stalled).toBe(true);
    return test;
  }

  it('gives a stalled connection up as unresponsive and dials once, at once, however often it is called', () => {
    const test = stalled();
    const [old] = test.transports;
    test.client.reconnect();
    test.client.reconnect();
    expect(old?.closes).toEqual([{ code: 4504, reason: 'unresponsive' }]);
    expect(test.transports.length).toBe(2);
    expect(test.client.getSnapshot()).toMatchObject({
      state: { kind: 'connecting' },
      stalled: false,
      lastError: { code: 'unresponsive' },
    });
    test.last().welcome('epoch-2');
    // What the old one says late, and the retry that its end had planned, change nothing.
    old?.message({ type: 'ping', id: 5 });
    old?.error({ code: 'connection_reset', message: 'late' });
    old?.end();
    test.clock.advance(4_000);
    expect(test.transports.length).toBe(2);
    expect(test.last().closes).toEqual([]);
    expect(test.client.getSnapshot()).toMatchObject({
      state: { kind: 'connected', daemon: { epoch: 'epoch-2' } },
      connections: 2,
      lastError: { code: 'unresponsive' },
    });
  });

  it('has closed the stalled connection and stopped listening to it before the next one is made', () => {
    const atDial: { readonly closed: boolean; readonly listened: boolean }[] = [];
    const test: Bench = bench({
      transportFactory: () => {
        const former = test.transports.at(-1);
        if (former !== undefined) atDial.push({ closed: !former.live, listened: former.heard });
        const transport = new FakeTransport();
        test.transports.push(transport);
        return transport;
      },
    });
    test.client.ensureConnected();
    test.last().welcome();
    expect(test.last().heard).toBe(true);
    test.clock.advance(5_000);
    test.client.reconnect();
    expect(atDial).toEqual([{ closed: true, listened: false }]);
  });

  it('leaves a connection that answers alone, and asks it for a sign of life', () => {
    const test = connected();
    answerPings(test.last());
    const before = pings(test.last()).length;
    test.client.reconnect();
    expect(pings(test.last()).length).toBe(before + 1);
    expect(test.transports.length).toBe(1);
    expect(test.last().live).toBe(true);
  });

  it('does not dial for a person who closes the client when they learn of the end', () => {
    const test = stalled();
    test.client.subscribe(() => {
      if (test.client.getSnapshot().state.kind === 'disconnected') void test.client.close();
    });
    test.client.reconnect();
    test.clock.advance(3_600_000);
    expect(test.transports.length).toBe(1);
    expect(test.client.getSnapshot().state).toMatchObject({ reason: { code: 'stopped_by_user' } });
  });

  it('sends a request that may be repeated again on the new connection', () => {
    const test = stalled();
    test.client.request('terminal.close', { terminalId: 'a' }).catch(() => undefined);
    const first = test.last().request('terminal.close');
    test.client.reconnect();
    test.last().welcome();
    expect(test.last().request('terminal.close')).toEqual(first);
  });

  it('does nothing for a client that was stopped: only connect() begins again', () => {
    const test = connected();
    void test.client.close();
    test.client.reconnect();
    expect(test.transports.length).toBe(1);
  });
});
