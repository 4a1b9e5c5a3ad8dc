/** Requests: none is lost, reordered, doubled or left without an answer. */
import { describe, expect, it } from 'vitest';
import { bench, settle, type Bench } from './fake-transport.js';

async function connected(): Promise<Bench> {
  const test = bench();
  const connecting = test.client.connect();
  test.last().welcome();
  await connecting;
  return test;
}

const methods = (test: Bench): string[] =>
  test
    .last()
    .requests()
    .map(({ method }) => method);

describe('requests', () => {
  it('are answered by id, whatever the order of the answers', async () => {
    const test = await connected();
    const first = test.client.request('terminal.kill', { terminalId: 'a' });
    const second = test.client.request('terminal.kill', { terminalId: 'b' });
    const [a, b] = test.last().requests('terminal.kill');
    test
      .last()
      .message({ type: 'failure', id: b?.id ?? 0, error: { code: 'terminal_not_found', message: 'no b' } });
    test.last().message({ type: 'response', id: a?.id ?? 0, ok: true, result: {} });
    await expect(second).rejects.toMatchObject({ code: 'terminal_not_found', message: 'no b' });
    await expect(first).resolves.toEqual({});
  });

  it('that may be repeated go out again before anything newer, in their old order and with their old ids', async () => {
    const test = await connected();
    const old = test.last();
    const rename = test.client.request('terminal.rename', { terminalId: 'a', title: 'one' });
    const resize = test.client.request('terminal.resize', { terminalId: 'a', cols: 80, rows: 24 });
    old.end();
    // A newer send while reconnecting is refused visibly; one from the first moment of the new connection comes later.
    await expect(
      test.client.request('terminal.rename', { terminalId: 'a', title: 'two' }),
    ).rejects.toMatchObject({
      code: 'not_connected',
    });
    let newer: Promise<unknown> | undefined;
    test.client.subscribe(() => {
      if (test.client.getSnapshot().state.kind === 'connected') {
        newer ??= test.client.request('terminal.rename', { terminalId: 'a', title: 'three' });
      }
    });
    test.clock.advance(500);
    test.last().welcome();
    expect(methods(test)).toEqual(['terminal.rename', 'terminal.resize', 'terminal.list', 'terminal.rename']);
    expect(
      test
        .last()
        .requests('terminal.rename')
        .map(({ params }) => params['title']),
    ).toEqual(['one', 'three']);
    expect(test.last().requests()[0]).toEqual(old.requests('terminal.rename')[0]);
    for (const { id, method } of test.last().requests()) {
      if (method !== 'terminal.list') test.last().message({ type: 'response', id, ok: true, result: {} });
    }
    await expect(Promise.all([rename, resize, newer])).resolves.toEqual([{}, {}, {}]);
  });

  it('that may not be repeated fail with connection_lost, and are not sent again', async () => {
    const test = await connected();
    const input = test.client.request('terminal.input', { terminalId: 'a', data: 'rm -r x\r' });
    test.last().end();
    await expect(input).rejects.toMatchObject({ code: 'connection_lost', retryable: true });
    test.clock.advance(500);
    test.last().welcome();
    expect(test.last().requests('terminal.input')).toEqual([]);
  });

  it('all fail when nobody will connect again', async () => {
    const test = await connected();
    const rename = test.client.request('terminal.rename', { terminalId: 'a', title: 'x' });
    void test.client.close();
    await expect(rename).rejects.toMatchObject({ code: 'connection_lost' });
  });

  it('are refused before they are sent where the daemon would close the connection because of them', async () => {
    const test = await connected();
    const sent = test.last().sent.length;
    await expect(
      test.client.request('terminal.input', { terminalId: 'a', data: 'x'.repeat(64 * 1024 + 1) }),
    ).rejects.toMatchObject({ code: 'invalid_params' });
    await expect(
      test.client.request('terminal.create', {
        cols: 80,
        rows: 24,
        args: Array<string>(10).fill('ü'.repeat(100_000)),
      }),
    ).rejects.toMatchObject({ code: 'message_too_big' });
    expect(test.last().sent.length).toBe(sent);
  });

  it('over the limit of waiting ones are refused, and work again when one is answered', async () => {
    const test = await connected();
    const list = test.last().request('terminal.list');
    const waiting: Promise<unknown>[] = [];
    for (let count = 0; count < 999; count += 1)
      waiting.push(test.client.request('terminal.kill', { terminalId: 'a' }));
    await expect(test.client.request('terminal.kill', { terminalId: 'a' })).rejects.toMatchObject({
      code: 'too_many_requests',
    });
    test.last().message({ type: 'response', id: list.id, ok: true, result: { revision: 0, terminals: [] } });
    waiting.push(test.client.request('terminal.kill', { terminalId: 'a' }));
    expect(test.last().requests('terminal.kill').length).toBe(1000);
    void test.client.close();
    await Promise.allSettled(waiting);
  });

  it('give up on abort and ignore the late answer', async () => {
    const test = await connected();
    const controller = new AbortController();
    const rename = test.client.request(
      'terminal.rename',
      { terminalId: 'a', title: 'x' },
      { signal: controller.signal },
    );
    controller.abort();
    await expect(rename).rejects.toMatchObject({ code: 'aborted' });
    const { id } = test.last().request('terminal.rename');
    test.last().message({ type: 'response', id, ok: true, result: {} });
    test.last().end();
    test.clock.advance(500);
    test.last().welcome();
    expect(test.last().requests('terminal.rename')).toEqual([]);
  });

  it('reject an answer that does not fit the method instead of handing it on', async () => {
    const test = await connected();
    const list = test.client.request('terminal.list', {});
    const id = test.last().requests('terminal.list').at(-1)?.id ?? 0;
    test.last().message({ type: 'response', id, ok: true, result: { terminals: 'many' } });
    await expect(list).rejects.toMatchObject({ code: 'invalid_response' });
  });

  it('survive messages of a newer daemon', async () => {
    const test = await connected();
    test.last().data(JSON.stringify({ type: 'weather', sunny: true }));
    test.last().data(JSON.stringify({ type: 'event', event: 'terminal.sang', revision: 1, song: 'x' }));
    expect(test.client.getSnapshot().state.kind).toBe('connected');
    test.last().data('{"type":"response","id":"not a number"}');
    await settle();
    expect(test.client.getSnapshot()).toMatchObject({
      state: { kind: 'disconnected', reason: { code: 'invalid_message', retryable: true } },
    });
    expect(test.transports[0]?.closes).toEqual([{ code: 4400, reason: 'invalid_message' }]);
  });
});
