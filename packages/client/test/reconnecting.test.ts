/** How the client waits and tries again: delays, sleep, and ends that somebody chose. */
import { describe, expect, it } from 'vitest';
import { backoffDelayMs } from '../src/backoff.js';
import type { DisconnectReason } from '../src/index.js';
import { bench, type Bench } from './fake-transport.js';

function reasonOf({ client }: Bench): DisconnectReason {
  const { state } = client.getSnapshot();
  if (state.kind !== 'disconnected') throw new Error(`the client is ${state.kind}`);
  return state.reason;
}

function retryAt({ client }: Bench): number | undefined {
  const { state } = client.getSnapshot();
  return state.kind === 'disconnected' ? state.nextRetryAt : undefined;
}

describe('trying again', () => {
  it('waits a random part of a limit that doubles: an error and its close are one failure, not two', () => {
    const test = bench({ reconnect: { baseDelayMs: 1_000, maxDelayMs: 8_000 } });
    test.clock.chance = 0.999_999;
    test.client.ensureConnected();
    const delays: number[] = [];
    for (let failure = 0; failure < 6; failure += 1) {
      test.last().error({ code: 'connection_refused', message: 'refused' });
      test.last().end();
      const delay = (retryAt(test) ?? 0) - test.clock.now();
      delays.push(Math.round(delay / 1_000));
      test.clock.advance(delay);
    }
    expect(delays).toEqual([1, 2, 4, 8, 8, 8]);
  });

  it('has delays between nothing and the limit', () => {
    const options = { enabled: true, baseDelayMs: 500, maxDelayMs: 15_000 };
    for (let failures = 1; failures < 100; failures += 1) {
      const limit = Math.min(15_000, 500 * 2 ** (failures - 1));
      expect(backoffDelayMs(failures, options, 0)).toBe(0);
      expect(backoffDelayMs(failures, options, 0.999_999)).toBeLessThanOrEqual(limit);
    }
  });

  it('starts anew after a connection that lasted, and not after one that the daemon ended at once', () => {
    const test = bench({ reconnect: { baseDelayMs: 1_000, maxDelayMs: 60_000 } });
    test.clock.chance = 0.999_999;
    test.client.ensureConnected();
    for (let failure = 0; failure < 4; failure += 1) {
      test.last().welcome();
      test.last().end({ code: 1012, reason: '', wasClean: true });
      test.clock.advance((retryAt(test) ?? 0) - test.clock.now());
    }
    expect(test.client.getSnapshot().attempts).toBe(4);
    test.last().welcome();
    for (let second = 0; second < 11; second += 1) {
      test.clock.advance(1_000);
      test.last().message({ type: 'ping', id: 0 });
    }
    test.last().end();
    expect(test.client.getSnapshot().attempts).toBe(1);
  });

  it('does not let a night’s sleep burn the budget: on waking it tries at once and counts anew', () => {
    const test = bench({ reconnect: { baseDelayMs: 1_000, maxDelayMs: 60_000 } });
    test.client.ensureConnected();
    for (let failure = 0; failure < 6; failure += 1) {
      test.last().end();
      test.clock.advance((retryAt(test) ?? 0) - test.clock.now());
    }
    test.last().end();
    const made = test.transports.length;
    test.clock.sleep(8 * 3_600_000);
    expect(test.transports.length).toBe(made + 1);
    expect(test.client.getSnapshot().state).toMatchObject({ kind: 'connecting', attempt: 1 });
  });

  it('stops when the person says so, and begins again only with connect()', async () => {
    const test = bench();
    const connecting = test.client.connect();
    test.last().end();
    test.client.stopRetrying();
    await expect(connecting).rejects.toMatchObject({ code: 'stopped_by_user' });
    expect(reasonOf(test).code).toBe('stopped_by_user');
    test.client.ensureConnected();
    test.clock.advance(3_600_000);
    expect(test.transports.length).toBe(1);
    void test.client.connect();
    expect(test.transports.length).toBe(2);
  });

  it('does not fight another client over its id: after "replaced" only connect() tries again', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().welcome();
    test.last().end({ code: 4409, reason: '', wasClean: true });
    test.client.ensureConnected();
    expect(test.transports.length).toBe(1);
  });

  it('works with a transport that reports an error and forgets the close', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().error({ code: 'connection_refused', message: 'refused' });
    test.clock.advance(1_000);
    expect(reasonOf(test).code).toBe('connection_refused');
    test.last().end();
    expect(test.client.getSnapshot().attempts).toBe(1);
  });
});
