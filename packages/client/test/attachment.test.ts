/** Streams of output: every byte once and in order over any number of connections, or a gap that is named. */
import type { MethodResult } from '@holdfast/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttachOptions } from '../src/index.js';
import { bench, type Bench, type FakeTransport } from './fake-transport.js';

type Seen = string[];

/** Handlers that write down what they were called with. */
function recorder(seen: Seen): AttachOptions {
  return {
    onSnapshot: ({ offset, cols, rows, data }) =>
      seen.push(`snapshot ${String(offset)} ${String(cols)}x${String(rows)} ${data}`),
    onOutput: ({ offset, end, data }) => seen.push(`output ${String(offset)}-${String(end)} ${data}`),
    onGap: ({ from, to }) => seen.push(`gap ${String(from)}-${String(to)}`),
    onResized: ({ cols, rows }) => seen.push(`resized ${String(cols)}x${String(rows)}`),
    onExited: ({ exitCode, signal, offset }) =>
      seen.push(`exited ${String(exitCode)} ${String(signal)} ${String(offset)}`),
    onClosed: () => seen.push('closed'),
    onLost: ({ code }) => seen.push(`lost ${code}`),
  };
}

function connected(): Bench {
  const test = bench();
  test.client.ensureConnected();
  test.last().welcome();
  return test;
}

/** The daemon accepts the newest attach; returns the number of the stream. */
function accept(transport: FakeTransport, result: MethodResult<'terminal.attach'>): number {
  const request = transport.requests('terminal.attach').at(-1);
  if (request === undefined) throw new Error('nothing was attached');
  transport.message({ type: 'response', id: request.id, ok: true, result });
  return request.params['attachment'] as number;
}

const SNAPSHOT_START = { start: 'snapshot', offset: 10, cols: 80, rows: 24 } as const;

function snapshot(transport: FakeTransport, attachment: number, offset: number, data = 'screen'): void {
  transport.message({ type: 'snapshot', attachment, offset, cols: 80, rows: 24, part: 0, parts: 1, data });
}

function output(transport: FakeTransport, attachment: number, offset: number, data: string): void {
  transport.message({ type: 'output', attachment, offset, length: data.length, data });
}

function reconnect(test: Bench, epoch = 'epoch-1'): void {
  test.last().end();
  test.clock.advance(15_000);
  test.last().welcome(epoch);
}

const acks = (transport: FakeTransport): unknown[] =>
  transport.sent.filter(({ type }) => type === 'ack').map(({ offset }) => offset);

describe('an attachment', () => {
  it('gets the snapshot put together from its parts, then output, in order', () => {
    const test = connected();
    const seen: Seen = [];
    const attachment = test.client.attach('t', recorder(seen));
    const number = accept(test.last(), SNAPSHOT_START);
    for (const [part, data] of ['one ', 'two ', 'three'].entries()) {
      test.last().message({
        type: 'snapshot',
        attachment: number,
        offset: 10,
        cols: 80,
        rows: 24,
        part,
        parts: 3,
        data,
      });
    }
    output(test.last(), number, 10, 'hello');
    test.last().message({ type: 'resized', attachment: number, cols: 100, rows: 30 });
    output(test.last(), number, 15, '!');
    expect(seen).toEqual([
      'snapshot 10 80x24 one two three',
      'output 10-15 hello',
      'resized 100x30',
      'output 15-16 !',
    ]);
    expect(attachment.offset).toBe(16);
  });

  it('made before there is a connection starts with the first one', () => {
    const test = bench();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    test.client.ensureConnected();
    test.last().welcome();
    snapshot(test.last(), accept(test.last(), SNAPSHOT_START), 10);
    expect(seen).toEqual(['snapshot 10 80x24 screen']);
  });

  it('goes on after a reconnection from the last byte it delivered: nothing twice, nothing lost', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    const number = accept(test.last(), SNAPSHOT_START);
    snapshot(test.last(), number, 10);
    output(test.last(), number, 10, 'abc');
    const old = test.last();
    reconnect(test);
    expect(test.last().request('terminal.attach').params).toMatchObject({ terminalId: 't', from: 13 });
    const next = accept(test.last(), { start: 'resume', offset: 13, cols: 80, rows: 24 });
    expect(next).not.toBe(number);
    // What the old connection still delivers belongs to nobody.
    output(old, number, 13, 'old');
    output(test.last(), next, 13, 'def');
    expect(seen).toEqual(['snapshot 10 80x24 screen', 'output 10-13 abc', 'output 13-16 def']);
  });

  it('learns of a resize that happened while it was away', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    snapshot(test.last(), accept(test.last(), SNAPSHOT_START), 10);
    reconnect(test);
    accept(test.last(), { start: 'resume', offset: 10, cols: 120, rows: 40 });
    expect(seen).toEqual(['snapshot 10 80x24 screen', 'resized 120x40']);
  });

  it('drops half a snapshot when the connection ends, and asks for a whole one', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    const number = accept(test.last(), SNAPSHOT_START);
    test.last().message({
      type: 'snapshot',
      attachment: number,
      offset: 10,
      cols: 80,
      rows: 24,
      part: 0,
      parts: 2,
      data: 'half',
    });
    reconnect(test);
    expect(test.last().request('terminal.attach').params['from']).toBeUndefined();
    snapshot(test.last(), accept(test.last(), SNAPSHOT_START), 10, 'whole');
    expect(seen).toEqual(['snapshot 10 80x24 whole']);
  });

  it('names a gap once, even if the connection ends before the snapshot that follows it', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    const number = accept(test.last(), SNAPSHOT_START);
    snapshot(test.last(), number, 10);
    test.last().message({ type: 'gap', attachment: number, from: 10, to: 500 });
    reconnect(test);
    expect(test.last().request('terminal.attach').params['from']).toBeUndefined();
    snapshot(test.last(), accept(test.last(), { ...SNAPSHOT_START, offset: 600 }), 600);
    expect(seen).toEqual(['snapshot 10 80x24 screen', 'gap 10-500', 'snapshot 600 80x24 screen']);
  });

  it('is lost, and says so, when the terminals were started anew', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    snapshot(test.last(), accept(test.last(), SNAPSHOT_START), 10);
    reconnect(test, 'epoch-2');
    expect(seen.at(-1)).toBe('lost epoch_changed');
    expect(test.last().requests('terminal.attach')).toEqual([]);
    reconnect(test, 'epoch-2');
    expect(seen.length).toBe(2);
  });

  it('is lost when the daemon has no such terminal', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    const { id } = test.last().request('terminal.attach');
    test.last().message({ type: 'failure', id, error: { code: 'terminal_not_found', message: 'no t' } });
    expect(seen).toEqual(['lost terminal_not_found']);
  });

  it('shows nothing of a stream with a hole, and asks for it again from where the viewer is', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    const number = accept(test.last(), SNAPSHOT_START);
    snapshot(test.last(), number, 10);
    output(test.last(), number, 12, 'later');
    expect(test.last().request('terminal.detach').params).toEqual({ attachment: number });
    const next = accept(test.last(), { start: 'resume', offset: 10, cols: 80, rows: 24 });
    output(test.last(), number, 17, 'old stream');
    output(test.last(), next, 10, 'xylater');
    expect(seen).toEqual(['snapshot 10 80x24 screen', 'output 10-17 xylater']);
  });

  it('gives up on a stream that stays broken instead of asking for ever', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    for (let attempt = 0; attempt < 4; attempt += 1) {
      output(test.last(), accept(test.last(), SNAPSHOT_START), 99, 'no snapshot first');
    }
    expect(seen).toEqual(['lost stream_broken']);
    expect(test.last().requests('terminal.attach').length).toBe(4);
  });

  it('tells the exit once, and the close as the last thing', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', recorder(seen));
    const number = accept(test.last(), SNAPSHOT_START);
    snapshot(test.last(), number, 10);
    test.last().message({ type: 'exited', attachment: number, offset: 10, exitCode: 3, signal: null });
    reconnect(test);
    const next = accept(test.last(), { start: 'resume', offset: 10, cols: 80, rows: 24 });
    test.last().message({ type: 'exited', attachment: next, offset: 10, exitCode: 3, signal: null });
    test.last().message({ type: 'closed', attachment: next });
    output(test.last(), next, 10, 'ghost');
    expect(seen).toEqual(['snapshot 10 80x24 screen', 'exited 3 null 10', 'closed']);
  });

  it('calls no handler after detach(), which ends the stream at the daemon', () => {
    const test = connected();
    const seen: Seen = [];
    const controller = new AbortController();
    const attachment = test.client.attach('t', { ...recorder(seen), signal: controller.signal });
    const number = accept(test.last(), SNAPSHOT_START);
    controller.abort();
    attachment.detach();
    snapshot(test.last(), number, 10);
    expect(seen).toEqual([]);
    expect(test.last().requests('terminal.detach').length).toBe(1);
    reconnect(test);
    expect(test.last().requests('terminal.attach')).toEqual([]);
  });

  it('acknowledges what the viewer has taken: at once when it is much, together when it is little', () => {
    const test = connected();
    const attachment = test.client.attach('t', {});
    const number = accept(test.last(), SNAPSHOT_START);
    snapshot(test.last(), number, 10);
    output(test.last(), number, 10, 'a'.repeat(1000));
    output(test.last(), number, 1010, 'b'.repeat(1000));
    expect(acks(test.last())).toEqual([]);
    attachment.ack(10);
    attachment.ack(1010);
    attachment.ack(99_999);
    attachment.ack(500);
    test.clock.advance(50);
    // Never more than was delivered, and never back.
    expect(acks(test.last())).toEqual([2010]);
    output(test.last(), number, 2010, 'c'.repeat(65_536));
    attachment.ack(2010 + 65_536);
    expect(acks(test.last())).toEqual([2010, 67_546]);
  });

  it('acknowledges by itself with autoAck, after the handler has returned', () => {
    const test = connected();
    const order: string[] = [];
    test.client.attach('t', {
      autoAck: true,
      onOutput: () => order.push(`handler, ${String(acks(test.last()).length)} acks so far`),
    });
    const number = accept(test.last(), SNAPSHOT_START);
    snapshot(test.last(), number, 10);
    output(test.last(), number, 10, 'a'.repeat(65_536));
    expect(order).toEqual(['handler, 0 acks so far']);
    expect(acks(test.last())).toEqual([65_546]);
  });

  it('keeps its place when a handler throws', () => {
    const test = connected();
    const seen: Seen = [];
    test.client.attach('t', {
      ...recorder(seen),
      onSnapshot: () => {
        throw new Error('a viewer’s own defect');
      },
    });
    const number = accept(test.last(), SNAPSHOT_START);
    snapshot(test.last(), number, 10);
    output(test.last(), number, 10, 'still here');
    expect(seen).toEqual(['output 10-20 still here']);
    expect(test.listenerErrors.length).toBe(1);
  });

  it('delivers the daemon’s bytes exactly, whatever is cut, repeated or lost on the way', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            kind: fc.constantFrom('write', 'reconnect', 'hole', 'repeat', 'fallBehind'),
            length: fc.integer({ min: 1, max: 50 }),
          }),
          { maxLength: 60 },
        ),
        (steps) => {
          const test = connected();
          let screen = '';
          test.client.attach('t', {
            onSnapshot: ({ offset, data }) => {
              expect(data.length).toBe(offset);
              screen = data;
            },
            onOutput: ({ offset, data }) => {
              expect(offset).toBe(screen.length);
              screen += data;
            },
            onLost: ({ code }) => {
              throw new Error(`lost: ${code}`);
            },
          });
          let text = '';
          let number = 0;
          let sent = 0;
          /** What the daemon does with an attach: resumes, or sends the whole text as the screen. */
          const serve = (): void => {
            const params = test.last().requests('terminal.attach').at(-1)?.params ?? {};
            const from = params['from'] as number | undefined;
            if (from === undefined) {
              number = accept(test.last(), { start: 'snapshot', offset: text.length, cols: 80, rows: 24 });
              snapshot(test.last(), number, text.length, text);
            } else {
              number = accept(test.last(), { start: 'resume', offset: from, cols: 80, rows: 24 });
              output(test.last(), number, from, text.slice(from));
            }
            sent = text.length;
          };
          serve();
          for (const { kind, length } of steps) {
            const from = sent;
            const attached = test.last().requests('terminal.attach').length;
            text += String.fromCharCode(97 + (text.length % 26)).repeat(length);
            switch (kind) {
              case 'write':
                output(test.last(), number, from, text.slice(from));
                break;
              case 'reconnect':
                reconnect(test);
                break;
              case 'hole':
                output(test.last(), number, from + 1, text.slice(from + 1) + 'x');
                break;
              case 'repeat':
                output(test.last(), number, Math.max(0, from - 1), text.slice(Math.max(0, from - 1)));
                break;
              case 'fallBehind':
                test.last().message({ type: 'gap', attachment: number, from, to: text.length });
                snapshot(test.last(), number, text.length, text);
            }
            sent = text.length;
            if (kind === 'reconnect' || test.last().requests('terminal.attach').length > attached) serve();
            expect(screen).toBe(text);
          }
          expect(test.listenerErrors).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
