/** The state machine under every interleaving of calls, network events and time that chance finds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bench, settle, type Bench } from './fake-transport.js';

type Step =
  | { readonly kind: 'connect' | 'ensureConnected' | 'reconnect' | 'stopRetrying' | 'close' }
  | { readonly kind: 'connectAndAbort' | 'abort' }
  | { readonly kind: 'open' | 'welcome' | 'error' | 'end' | 'errorAndEnd' | 'fatal' | 'oldEnd' }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'sleep'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>(
    { kind: 'connect' },
    { kind: 'ensureConnected' },
    { kind: 'reconnect' },
    { kind: 'stopRetrying' },
    { kind: 'close' },
    { kind: 'connectAndAbort' },
    { kind: 'abort' },
    { kind: 'open' },
    { kind: 'welcome' },
    { kind: 'error' },
    { kind: 'end' },
    { kind: 'errorAndEnd' },
    { kind: 'fatal' },
    { kind: 'oldEnd' },
  ),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
  fc.record({ kind: fc.constant('sleep' as const), ms: fc.integer({ min: 60_000, max: 36_000_000 }) }),
);

type Pending = { settled: boolean; readonly controller: AbortController };

function run(test: Bench, pending: Pending[], action: Step): void {
  const { client, clock, transports } = test;
  const current = transports.at(-1);
  const connect = (): void => {
    const entry: Pending = { settled: false, controller: new AbortController() };
    pending.push(entry);
    const done = (): void => {
      entry.settled = true;
    };
    client.connect({ signal: entry.controller.signal }).then(done, done);
  };
  switch (action.kind) {
    case 'connect':
      connect();
      return;
    case 'connectAndAbort':
      connect();
      pending.at(-1)?.controller.abort();
      return;
    case 'abort':
      pending.at(-1)?.controller.abort();
      return;
    case 'ensureConnected':
      client.ensureConnected();
      return;
    case 'reconnect':
      client.reconnect();
      return;
    case 'stopRetrying':
      client.stopRetrying();
      return;
    case 'close':
      void client.close();
      return;
    case 'open':
      if (current?.closed === false) current.open();
      return;
    case 'welcome':
      if (current?.closed === false) current.welcome();
      return;
    case 'error':
      if (current?.closed === false) current.error({ code: 'connection_refused', message: 'refused' });
      return;
    case 'end':
      current?.end();
      return;
    case 'errorAndEnd':
      current?.error({ code: 'connection_reset', message: 'reset' });
      current?.end();
      return;
    case 'fatal':
      current?.error({ code: 'upgrade_refused', message: '403 Origin not allowed', status: 403 });
      current?.end();
      return;
    case 'oldEnd':
      // What was given up ends late.
      for (const transport of transports.slice(0, -1)) transport.end();
      return;
    case 'advance':
      clock.advance(action.ms);
      return;
    case 'sleep':
      clock.sleep(action.ms);
  }
}

function check(test: Bench): void {
  const { state, stalled, unansweredSince } = test.client.getSnapshot();
  const live = test.transports.filter((transport) => transport.live).length;
  expect(live, `live sockets while ${state.kind}`).toBe(
    state.kind === 'connecting' || state.kind === 'connected' ? 1 : 0,
  );
  const heard = test.transports.filter((transport) => transport.heard);
  expect(heard.every((transport) => transport.live)).toBe(true);
  expect(unansweredSince !== undefined).toBe(stalled);
  if (state.kind !== 'connected') expect(stalled).toBe(false);
  if (state.kind === 'disconnected' && state.nextRetryAt !== undefined) {
    expect(state.reason.retryable).toBe(true);
    expect(state.nextRetryAt).toBeGreaterThanOrEqual(state.at);
    expect(test.clock.armed).toBeGreaterThan(0);
  }
}

describe('the state machine', () => {
  it('never holds two sockets, settles every connect(), and leaves no timer after close(), whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (steps, chance) => {
          const test = bench();
          test.clock.chance = chance;
          const pending: Pending[] = [];
          check(test);
          for (const action of steps) {
            run(test, pending, action);
            await settle();
            check(test);
          }
          const closed = test.client.close();
          for (const transport of test.transports) transport.end();
          await closed;
          await settle();
          expect(pending.every(({ settled }) => settled)).toBe(true);
          expect(test.clock.armed).toBe(0);
          const made = test.transports.length;
          test.clock.advance(3_600_000);
          expect(test.transports.length).toBe(made);
          expect(test.listenerErrors).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('counts one failure for one attempt, however the transport reports it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('error', 'end', 'errorAndEnd', 'twoErrors'), {
          minLength: 1,
          maxLength: 12,
        }),
        (ends) => {
          const test = bench();
          test.client.ensureConnected();
          ends.forEach((end, index) => {
            const transport = test.last();
            if (end !== 'end') transport.error({ code: 'connection_refused', message: 'refused' });
            if (end === 'twoErrors') transport.error({ code: 'transport_failed', message: 'again' });
            if (end === 'error') test.clock.advance(1_000);
            else transport.end();
            expect(test.client.getSnapshot().attempts).toBe(index + 1);
            test.clock.advance(15_000);
            expect(test.transports.length).toBe(index + 2);
          });
        },
      ),
    );
  });

  it('gives the same snapshot object until something changes, and a new one when it does', () => {
    const { client, last } = bench();
    const before = client.getSnapshot();
    expect(client.getSnapshot()).toBe(before);
    client.ensureConnected();
    expect(client.getSnapshot()).not.toBe(before);
    last().welcome();
    expect(client.getSnapshot().state.kind).toBe('connected');
    expect(before.state.kind).toBe('idle');
  });
});
