/** How the client connects and fails, and what it says of it: the mistakes that peers shipped, each as a promise. */
import { describe, expect, it } from 'vitest';
import type { DisconnectReason } from '../src/index.js';
import { DaemonClientError } from '../src/index.js';
import { bench, settle, welcomeMessage, type Bench } from './fake-transport.js';

function reasonOf({ client }: Bench): DisconnectReason {
  const { state } = client.getSnapshot();
  if (state.kind !== 'disconnected') throw new Error(`the client is ${state.kind}`);
  return state.reason;
}

function retryAt({ client }: Bench): number | undefined {
  const { state } = client.getSnapshot();
  return state.kind === 'disconnected' ? state.nextRetryAt : undefined;
}

describe('connecting', () => {
  it('says hello first, with its range of versions and its id, and is connected at the welcome', async () => {
    const { client, last } = bench({ clientId: 'me', clientName: 'test', version: '9' });
    const connected = client.connect();
    last().open();
    expect(last().sent).toEqual([
      { type: 'hello', protocol: { min: 1, max: 1 }, clientId: 'me', clientName: 'test', version: '9' },
    ]);
    expect(client.getSnapshot().state.kind).toBe('connecting');
    last().message(welcomeMessage('epoch-1'));
    await expect(connected).resolves.toMatchObject({ daemonId: 'daemon', epoch: 'epoch-1' });
    expect(client.getSnapshot()).toMatchObject({ state: { kind: 'connected' }, connections: 1 });
  });

  it('joins an attempt that is on its way: connect() while reconnecting makes no second socket', async () => {
    const test = bench();
    const first = test.client.connect();
    test.last().welcome();
    await first;
    test.last().end();
    test.clock.advance(500);
    expect(test.transports.length).toBe(2);
    const again = test.client.connect();
    const third = test.client.connect();
    test.client.ensureConnected();
    expect(test.transports.length).toBe(2);
    test.last().welcome();
    await expect(again).resolves.toMatchObject({ protocol: 1 });
    await expect(third).resolves.toMatchObject({ protocol: 1 });
  });

  it('cancels the retry timer in ensureConnected(): nothing later opens a second socket or ends the first', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().end();
    expect(retryAt(test)).toBeDefined();
    test.client.ensureConnected();
    test.last().welcome();
    // The daemon goes on answering; the time of the old retry comes and goes.
    for (let second = 0; second < 60; second += 1) {
      test.clock.advance(1_000);
      test.last().message({ type: 'pong', id: (test.last().sent.at(-1)?.['id'] as number | undefined) ?? 0 });
    }
    expect(test.transports.length).toBe(2);
    expect(test.last().closes).toEqual([]);
    expect(test.client.getSnapshot().state.kind).toBe('connected');
  });

  it('forgets the retry of before when an attempt in between is refused for good', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().end();
    test.client.ensureConnected();
    test.last().error({ code: 'upgrade_refused', message: '403 Origin not allowed', status: 403 });
    test.last().end();
    expect(test.clock.armed).toBe(0);
    test.clock.advance(3_600_000);
    expect(test.transports.length).toBe(2);
  });

  it('rejects connect() when close() is called while connecting', async () => {
    const test = bench();
    const connecting = test.client.connect();
    const closed = test.client.close();
    await expect(connecting).rejects.toMatchObject({ code: 'stopped_by_user' });
    test.last().end();
    await closed;
    expect(test.clock.armed).toBe(0);
  });

  it('settles close() even if the transport never closes', async () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().welcome();
    const closed = test.client.close();
    test.clock.advance(3_000);
    await closed;
    expect(test.client.getSnapshot().state.kind).toBe('disconnected');
  });

  it('rejects connect() on abort, and cancels the attempt that nobody else waits for', async () => {
    const test = bench();
    const controller = new AbortController();
    const connecting = test.client.connect({ signal: controller.signal });
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'aborted' });
    expect(reasonOf(test).code).toBe('aborted');
    expect(test.last().closes.length).toBe(1);
    await expect(test.client.connect({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('goes on for the others when one of several callers aborts', async () => {
    const test = bench();
    const controller = new AbortController();
    const one = test.client.connect({ signal: controller.signal });
    const other = test.client.connect();
    controller.abort();
    await expect(one).rejects.toMatchObject({ code: 'aborted' });
    test.last().welcome();
    await expect(other).resolves.toMatchObject({ protocol: 1 });
  });

  it('stays pending while it retries, and resolves when the daemon is back', async () => {
    const test = bench();
    const connecting = test.client.connect();
    for (let failure = 0; failure < 20; failure += 1) {
      test.last().error({ code: 'connection_refused', message: 'refused' });
      test.last().end();
      test.clock.advance(15_000);
    }
    test.last().welcome();
    await expect(connecting).resolves.toMatchObject({ protocol: 1 });
  });

  it('rejects connect() with the cause where reconnecting is switched off', async () => {
    const test = bench({ reconnect: { enabled: false } });
    const connecting = test.client.connect();
    test.last().error({ code: 'connection_refused', message: 'nothing listens there' });
    test.last().end();
    await expect(connecting).rejects.toMatchObject({ code: 'connection_refused', retryable: true });
    expect(retryAt(test)).toBeUndefined();
  });

  it('takes a factory that throws for a failed attempt', async () => {
    const test = bench({
      reconnect: { enabled: false },
      transportFactory: () => {
        throw new Error('no such transport');
      },
    });
    await expect(test.client.connect()).rejects.toMatchObject({
      code: 'transport_failed',
      message: 'no such transport',
    });
  });
});

describe('the reason', () => {
  it('keeps "403 Origin not allowed" although a generic 1006 follows, and does not try again', async () => {
    const test = bench();
    const connecting = test.client.connect();
    test.last().error({
      code: 'upgrade_refused',
      message: '403 Origin not allowed: tauri://localhost',
      status: 403,
      body: '{}',
    });
    test.last().end({ code: 1006, reason: '', wasClean: false });
    await expect(connecting).rejects.toMatchObject({
      code: 'upgrade_refused',
      status: 403,
      retryable: false,
    });
    expect(reasonOf(test)).toMatchObject({
      message: '403 Origin not allowed: tauri://localhost',
      status: 403,
      body: '{}',
    });
    expect(retryAt(test)).toBeUndefined();
    expect(test.clock.armed).toBe(0);
  });

  it.each([
    [401, 'unauthorized', false],
    [403, 'upgrade_refused', false],
    [200, 'upgrade_refused', false],
    [404, 'upgrade_refused', false],
    [503, 'upgrade_refused', true],
    [429, 'upgrade_refused', true],
  ])('of an upgrade refused with %i is %s, retried: %s', (status, code, retryable) => {
    const test = bench();
    test.client.ensureConnected();
    test.last().error({ code: 'upgrade_refused', message: 'no', status });
    test.last().end();
    expect(reasonOf(test)).toMatchObject({ code, retryable, status });
    expect(retryAt(test) !== undefined).toBe(retryable);
  });

  it.each([
    [4401, 'unauthorized', false],
    [4406, 'protocol_unsupported', false],
    [4409, 'replaced', false],
    [4413, 'closed_by_daemon', false],
    [4429, 'too_many_connections', true],
    [4504, 'unresponsive', true],
    [1001, 'closed_by_daemon', true],
    [1012, 'closed_by_daemon', true],
    [4999, 'closed_by_daemon', true],
    [1006, 'connection_reset', true],
    [1005, 'closed_by_daemon', true],
  ])('of close code %i is %s, retried: %s', (closeCode, code, retryable) => {
    const test = bench();
    test.client.ensureConnected();
    test.last().welcome();
    test.last().end({ code: closeCode, reason: '', wasClean: true });
    expect(reasonOf(test)).toMatchObject({ code, retryable, closeCode });
    expect(reasonOf(test).message).not.toBe('');
  });

  it('is the daemon’s refusal with both version ranges, not the close that follows it', async () => {
    const test = bench();
    const connecting = test.client.connect();
    test.last().open();
    test.last().message({
      type: 'refused',
      code: 'protocol_unsupported',
      message: 'The daemon speaks versions 2 to 3.',
      protocol: { min: 2, max: 3 },
      version: '7.0.0',
    });
    test.last().end({ code: 4406, reason: 'protocol', wasClean: true });
    await expect(connecting).rejects.toMatchObject({ code: 'protocol_unsupported' });
    expect(reasonOf(test)).toMatchObject({
      retryable: false,
      protocol: { client: { min: 1, max: 1 }, daemon: { min: 2, max: 3 } },
      daemonVersion: '7.0.0',
    });
  });

  it('of a welcome in another version is protocol_unsupported', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().open();
    test.last().message({ ...welcomeMessage('e'), protocol: 2 });
    expect(reasonOf(test)).toMatchObject({ code: 'protocol_unsupported', retryable: false });
  });

  it('of an endpoint that speaks something else is not_a_daemon', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().open();
    test.last().data('Welcome to the chat!');
    expect(reasonOf(test)).toMatchObject({ code: 'not_a_daemon', retryable: false });
  });

  it('of a daemon that does not answer hello is hello_timeout, of one that does not open timed_out', () => {
    const test = bench();
    test.client.ensureConnected();
    test.clock.advance(15_000);
    expect(reasonOf(test)).toMatchObject({ code: 'timed_out', retryable: true });
    test.client.ensureConnected();
    test.last().open();
    test.clock.advance(10_000);
    expect(reasonOf(test)).toMatchObject({ code: 'hello_timeout', retryable: true });
  });

  it('stays readable as the last error after the connection is back', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().error({ code: 'connection_refused', message: 'refused' });
    test.last().end();
    test.clock.advance(500);
    test.last().welcome();
    expect(test.client.getSnapshot().lastError).toMatchObject({ code: 'connection_refused' });
  });
});

describe('listeners', () => {
  it('that throw do not disturb the others', async () => {
    const test = bench();
    let called = 0;
    test.client.subscribe(() => {
      throw new Error('a listener’s own defect');
    });
    const unsubscribe = test.client.subscribe(() => {
      called += 1;
    });
    const connecting = test.client.connect();
    test.last().welcome();
    await connecting;
    expect(called).toBeGreaterThanOrEqual(2);
    expect(test.listenerErrors.length).toBeGreaterThanOrEqual(2);
    unsubscribe();
    const before = called;
    void test.client.close();
    expect(called).toBe(before);
  });

  it('may close the client from inside', async () => {
    const test = bench();
    test.client.subscribe(() => {
      if (test.client.getSnapshot().state.kind === 'connected') void test.client.close();
    });
    const connecting = test.client.connect();
    connecting.catch(() => undefined);
    test.last().welcome();
    test.last().end();
    await settle();
    expect(test.client.getSnapshot().state.kind).toBe('disconnected');
    expect(test.clock.armed).toBe(0);
  });

  it('are not needed: the client can be disposed of', async () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().welcome();
    const disposed = test.client[Symbol.asyncDispose]();
    test.last().end();
    await disposed;
    expect(test.client.getSnapshot().state.kind).toBe('disconnected');
  });

  it('get a DaemonClientError that tells a program all it needs', async () => {
    const test = bench();
    const error: unknown = await test.client.request('terminal.list', {}).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DaemonClientError);
    expect(error).toMatchObject({ code: 'not_connected', retryable: true });
  });
});
