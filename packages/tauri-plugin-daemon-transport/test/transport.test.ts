import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LINE_BYTES, SEND_QUEUE_BYTES } from '../guest-js/limits.js';
import { CONNECTION, ScriptedApp, settle } from './scripted-app.js';

const ABRUPT = ['close', { code: 1006, reason: '', wasClean: false }];

let app: ScriptedApp;
const reported: unknown[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  reported.length = 0;
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
  app = new ScriptedApp();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A transport whose connection is open. */
async function open() {
  const made = app.connect();
  await settle();
  app.emit('daemon://open', 1);
  await settle();
  made.told.length = 0;
  return made;
}

describe('connecting', () => {
  it('asks after the factory has returned, with url, headers, lane and page', async () => {
    const { told } = app.connect({ url: 'ws://127.0.0.1:6767/ws', headers: { 'X-A': 'b' } });
    expect([app.connects, told]).toEqual([[], []]);
    await settle();
    const page = app.receiver.pageId;
    expect(app.connects).toEqual([
      { url: 'ws://127.0.0.1:6767/ws', headers: { 'X-A': 'b' }, lane: 'batch', page },
    ]);
    app.emit('daemon://open', 1);
    expect(told).toEqual(['open']);
  });

  it('loses nothing that overtakes the answer to its request', async () => {
    let answer: (id: string) => void = () => undefined;
    app.answerConnect = () => new Promise((resolve) => (answer = resolve));
    const { told } = app.connect();
    await settle();
    app.emit('daemon://open', 1);
    app.deliver(2, 'a', 'b');
    expect(told).toEqual([]);
    answer(CONNECTION);
    await settle();
    expect(told).toEqual(['open', 'a', 'b']);
  });

  it('keeps the cause of a refusal: one error, then one close', async () => {
    const refusal = { code: 'policy_refused', message: 'add this entry' };
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- Tauri rejects with what Rust serialised.
    app.answerConnect = () => Promise.reject(refusal);
    const { told } = app.connect();
    await settle();
    expect(told).toEqual([['error', refusal], ABRUPT]);
  });

  it('fails without the plugin', async () => {
    const { told } = new (class extends ScriptedApp {
      override readonly ipc = { ...app.ipc, receiver: () => undefined };
    })().connect();
    await settle();
    expect(told).toEqual([['error', expect.objectContaining({ code: 'transport_failed' })], ABRUPT]);
  });

  it('does not dial when it was closed at once, and still ends in one close', async () => {
    const { transport, told } = app.connect();
    transport.close();
    await settle();
    expect([app.connects, told]).toEqual([[], [ABRUPT]]);
  });

  it('cancels an attempt that was closed before it opened', async () => {
    const { transport, told } = app.connect();
    await settle();
    transport.close(4000, 'changed my mind');
    await settle();
    expect(app.disconnects).toMatchObject([
      { connectionId: CONNECTION, code: 4000, reason: 'changed my mind' },
    ]);
    app.emit('daemon://close', 1, { code: 1006, reason: '', wasClean: false });
    expect(told).toEqual([ABRUPT]);
  });
});

describe('receiving', () => {
  it('gives events and batches in the order of their numbers, each once', async () => {
    const { told } = app.connect();
    await settle();
    app.deliver(4, 'c');
    app.deliver(2, 'a', 'b');
    app.emit('daemon://close', 5, { code: 4001, reason: 'bye', wasClean: true });
    app.emit('daemon://open', 1);
    app.deliver(2, 'a', 'b', 'c');
    app.emit('daemon://close', 5, { code: 4001, reason: 'bye', wasClean: true });
    expect(told).toEqual(['open', 'a', 'b', 'c', ['close', { code: 4001, reason: 'bye', wasClean: true }]]);
  });

  it('gives text and bytes unaltered, over both lanes', async () => {
    const { told } = await open();
    app.deliver(2, '', 'a\0\u2028', '{"__proto__":1}', ['AP8K'], ['']);
    app.emit('daemon://message', 7, { data: 'x' });
    app.emit('daemon://message', 8, { base64: 'AP8K' });
    const bytes = new Uint8Array([0, 255, 10]);
    expect(told).toEqual(['', 'a\0\u2028', '{"__proto__":1}', bytes, new Uint8Array(), 'x', bytes]);
  });

  it('ignores what has not the form of an event, and what is for another connection', async () => {
    const { told } = await open();
    for (const payload of [
      null,
      1,
      'x',
      {},
      { connectionId: CONNECTION },
      { connectionId: CONNECTION, seq: 2 },
    ]) {
      app.listeners.get('daemon://message')?.(payload);
    }
    app.listeners.get('daemon://message')?.({ connectionId: 'd0'.repeat(16), seq: 2, data: 'x' });
    expect(told).toEqual([]);
  });

  it('loses nothing to a handler that throws, and reports what it threw', async () => {
    const { transport, told } = await open();
    const thrown = new Error('mine');
    transport.onMessage(() => {
      throw thrown;
    });
    const after: unknown[] = [];
    transport.onMessage((data) => after.push(data));
    app.deliver(2, 'a', 'b');
    expect([told, after, reported]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      [thrown, thrown],
    ]);
  });

  it('acknowledges what was taken without a gap, once for all that came in a turn', async () => {
    await open();
    app.sends.length = 0;
    app.deliver(2, 'a', 'b');
    app.deliver(5, 'd');
    await settle();
    expect(app.sends).toMatchObject([{ acknowledged: 3, frames: [] }]);
    app.deliver(4, 'c');
    await settle();
    expect(app.sends.at(-1)).toMatchObject({ acknowledged: 5 });
  });

  it('sends an acknowledgement along with what its handlers send', async () => {
    const { transport } = await open();
    app.sends.length = 0;
    transport.onMessage((data) => transport.send(`echo ${String(data)}`));
    app.deliver(2, 'a');
    await settle();
    expect(app.sends).toMatchObject([{ acknowledged: 2, frames: ['echo a'] }]);
  });

  it('says what it has evaluated, so that a gap before it is known for a loss', async () => {
    await open();
    app.deliver(3, 'later');
    await settle();
    expect(app.sends.at(-1)).toMatchObject({ evaluated: 1, acknowledged: 1 });
    app.deliver(2, 'sooner');
    await settle();
    expect(app.sends.at(-1)).toMatchObject({ evaluated: 2, acknowledged: 3 });
  });

  it('answers a probe with what it has taken', async () => {
    await open();
    app.probe();
    await settle();
    expect(app.sends.at(-1)).toMatchObject({ evaluated: 1, acknowledged: 1 });
  });

  it('acknowledges the end, and then takes nothing more', async () => {
    const { told } = await open();
    app.emit('daemon://error', 2, { code: 'upgrade_refused', message: '403 no', status: 403, body: 'no' });
    app.emit('daemon://close', 3, { code: 1006, reason: '', wasClean: false });
    await settle();
    expect(told).toEqual([
      ['error', { code: 'upgrade_refused', message: '403 no', status: 403, body: 'no' }],
      ABRUPT,
    ]);
    expect(app.sends.at(-1)).toMatchObject({ acknowledged: 3 });
    app.emit('daemon://close', 4, { code: 1006, reason: '', wasClean: false });
    expect(told).toHaveLength(2);
  });
});

describe('sending', () => {
  it('keeps ten thousand messages in order, with one request at a time', async () => {
    const { transport } = await open();
    const messages = Array.from({ length: 10_000 }, (_, index) => `message ${index}`);
    messages.forEach((message) => transport.send(message));
    await vi.waitUntil(() => app.sentFrames().length === 10_000);
    expect(app.sentFrames()).toEqual(messages);
    expect(app.mostRequestsUnderWay).toBe(1);
    expect(app.sends.length).toBeLessThan(10);
  });

  it('sends text and bytes as a WebSocket does', async () => {
    const { transport } = await open();
    const bytes = new Uint8Array([1, 2, 3]);
    const long = 'ü'.repeat(100_000);
    for (const data of ['', 'a\0\u2028', 'lone \ud800', long, bytes]) transport.send(data);
    bytes.fill(9);
    await settle();
    expect(app.sentFrames()).toEqual(['', 'a\0\u2028', 'lone \ufffd', long, new Uint8Array([1, 2, 3])]);
  });

  it('sends nothing of an earlier request again, however long that was', async () => {
    const { transport } = await open();
    const sizes = [100_000, 1, 0, 5000, 3, 70_000];
    const messages = sizes.map((size, at) => String(at).repeat(size));
    for (const message of messages) {
      transport.send(message);
      await settle();
    }
    expect(app.sentFrames()).toEqual(messages);
    expect(app.sends.filter(({ frames }) => frames.length > 0)).toHaveLength(messages.length);
  });

  it('keeps what is sent before the connection is open', async () => {
    const { transport } = app.connect();
    transport.send('first');
    await settle();
    transport.send('second');
    await settle();
    expect(app.sentFrames()).toEqual(['first', 'second']);
  });

  it('makes a request again when no answer comes, with the same number', async () => {
    const { transport } = await open();
    app.sends.length = 0;
    let calls = 0;
    app.answerSend = () => (++calls === 1 ? new Promise(() => undefined) : Promise.resolve(0));
    transport.send('a');
    await settle();
    transport.send('b');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(app.sends.map(({ first, frames }) => [first, frames])).toEqual([
      [1, ['a']],
      [1, ['a']],
      [2, ['b']],
    ]);
  });

  it('ends when no answer comes at all', async () => {
    const { transport, told } = await open();
    app.answerSend = () => new Promise(() => undefined);
    transport.send('a');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(told).toEqual([['error', expect.objectContaining({ code: 'transport_failed' })], ABRUPT]);
  });

  it('says how much waits, here and in Rust, until the network has it', async () => {
    const { transport } = await open();
    let inRust = 5;
    app.answerSend = () => Promise.resolve(inRust);
    transport.send('12345');
    expect(transport.bufferedAmount).toBe(5);
    await settle();
    expect(transport.bufferedAmount).toBe(5);
    await vi.advanceTimersByTimeAsync(1000);
    expect(transport.bufferedAmount).toBe(5);
    inRust = 0;
    await vi.advanceTimersByTimeAsync(1000);
    expect(transport.bufferedAmount).toBe(0);
    const asked = app.sends.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(app.sends.length).toBe(asked);
  });

  it('fails past its byte limit: one error, then one close', async () => {
    const { transport, told } = app.connect();
    const half = new Uint8Array(SEND_QUEUE_BYTES / 2);
    transport.send(half);
    transport.send(half);
    expect(transport.bufferedAmount).toBe(SEND_QUEUE_BYTES);
    transport.send('x');
    transport.send('y');
    expect(told).toEqual([]);
    await settle();
    expect(told).toEqual([['error', expect.objectContaining({ code: 'send_queue_full' })], ABRUPT]);
  });

  it('closes after everything that was sent before, and sends nothing after it', async () => {
    const { transport, told } = await open();
    let answer: () => void = () => undefined;
    app.answerSend = () => new Promise((resolve) => (answer = () => resolve(0)));
    transport.send('last');
    transport.close(4001, 'bye');
    transport.close(4002);
    transport.send('too late');
    await settle();
    expect(app.disconnects).toEqual([]);
    answer();
    await settle();
    expect(app.disconnects).toMatchObject([{ code: 4001, reason: 'bye' }]);
    app.deliver(2, 'not told any more');
    app.emit('daemon://close', 3, { code: 4001, reason: 'bye', wasClean: true });
    expect(told).toEqual([['close', { code: 4001, reason: 'bye', wasClean: true }]]);
    expect(app.sentFrames()).toEqual(['last']);
  });

  it('ends although the answer to a close never comes', async () => {
    const { transport, told } = await open();
    transport.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([ABRUPT]);
  });

  it('ends when Rust does not know the connection any more', async () => {
    const { transport, told } = await open();
    const unknown = { code: 'unknown_connection', message: 'gone' };
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- Tauri rejects with what Rust serialised.
    app.answerSend = () => Promise.reject(unknown);
    transport.send('a');
    await settle();
    expect(told).toEqual([['error', unknown], ABRUPT]);
    expect(transport.bufferedAmount).toBe(0);
  });
});

describe('where Rust hears what a call gives', () => {
  it('takes frames of every form in order, and says up to which number, without a request', async () => {
    const { told } = await open();
    const requests = app.sends.length;
    expect(app.take(2, ['a', ['AQID']])).toBe(3);
    expect(app.take(4, [0, 'b', [1]], { 0: 'long', 1: 'BAUG' })).toBe(6);
    expect(app.take(2, ['again'])).toBe(6);
    await settle();
    expect(told).toEqual(['a', Uint8Array.of(1, 2, 3), 'long', 'b', Uint8Array.of(4, 5, 6)]);
    expect(app.sends).toHaveLength(requests);
  });

  it('sends by the line once Rust has opened it, one request at a time and in order', async () => {
    const { transport } = await open();
    const requests = app.sends.length;
    let next = app.line();
    const frames: unknown[] = [];
    for (const text of ['k', 'ü', '\u{1f600}']) transport.send(text);
    for (let round = 0; round < 2; round += 1) {
      const request = await next;
      frames.push(...(request?.frames ?? []));
      transport.send(`after ${String(round)}`);
      next = app.line(0);
    }
    frames.push(...((await next)?.frames ?? []));
    expect(frames).toEqual(['k', 'ü', '\u{1f600}', 'after 0', 'after 1']);
    expect(app.sends).toHaveLength(requests);
  });

  it('sends what a handler sends in what the hand-over gives, and goes on when that is answered', async () => {
    const { transport } = await open();
    transport.onMessage((data) => transport.send(`echo ${String(data)}`));
    const line = app.line();
    const given = app.take(2, ['a']);
    expect(given).toMatchObject({ acknowledged: 2, evaluated: app.serial, frames: ['echo a'] });
    expect(transport.bufferedAmount).toBe(6);
    // The next is held until that one is answered, whatever way it could take.
    expect(app.take(3, ['b'])).toBe(3);
    app.answerTaken(0);
    expect((await line)?.frames).toEqual(['echo b']);
  });

  it('answers at once when the hand-over brings the answer to the request before', async () => {
    const { transport } = await open();
    transport.onMessage((data) => transport.send(`echo ${String(data)}`));
    void app.line();
    for (let number = 1; number <= 5; number += 1) {
      const given = app.take(number + 1, [String(number)]);
      expect(given).toMatchObject({ first: number, frames: [`echo ${number}`] });
      app.answerTaken(0);
    }
    await settle();
    expect(app.sentFrames()).toEqual([]);
  });

  it('gives no request before Rust has opened the line: it could not be allowed to send', async () => {
    const { transport } = await open();
    transport.onMessage((data) => transport.send(data as string));
    expect(app.take(2, ['a'])).toBe(2);
    await settle();
    expect(app.sentFrames()).toEqual(['a']);
  });

  it('leaves what is long to the command, which takes it as it is', async () => {
    const { transport } = await open();
    void app.line();
    transport.send('x'.repeat(LINE_BYTES));
    await settle();
    expect(app.sentFrames()).toEqual(['x'.repeat(LINE_BYTES)]);
  });

  it('makes a request again by the command when the line stays silent', async () => {
    const { transport } = await open();
    const line = app.line();
    transport.send('once');
    const first = await line;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(app.sends.at(-1)).toEqual(first);
  });

  it('fails with the code that Rust answers with', async () => {
    const { transport, told } = await open();
    const line = app.line();
    transport.send('x');
    await line;
    void app.line({ code: 'send_queue_full', message: 'too much waits' });
    await settle();
    expect(told).toEqual([['error', { code: 'send_queue_full', message: 'too much waits' }], ABRUPT]);
  });

  it('lets go of the line when the connection has ended', async () => {
    await open();
    const line = app.line();
    app.emit('daemon://close', 2, { code: 1000, reason: '', wasClean: true });
    await settle();
    // The last acknowledgement goes by it; then nothing more.
    expect(await line).toMatchObject({ acknowledged: 2 });
    expect(await app.line(0)).toBeUndefined();
  });
});

describe('the network', () => {
  it('has every open connection checked when it comes back, and none that has ended', async () => {
    await open();
    for (const handler of app.online) handler();
    await settle();
    expect(app.checks).toEqual([{ connectionId: CONNECTION, page: app.receiver.pageId }]);
    // Rust may have forgotten the connection: its end is on the way.
    app.answerCheck = () => Promise.reject(new Error('unknown_connection'));
    for (const handler of app.online) handler();
    await settle();
    app.emit('daemon://close', 2, { code: 1006, reason: '', wasClean: false });
    expect(app.online.size).toBe(0);
    expect(reported).toEqual([]);
  });
});
