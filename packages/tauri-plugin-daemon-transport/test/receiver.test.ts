import { describe, expect, it } from 'vitest';

import { loadPage } from './scripted-app.js';
import type { ReceiverHandler } from '../guest-js/receiver.js';
import type { FakeWindow } from './scripted-app.js';

const ID = 'c0'.repeat(16);
const SILENT: ReceiverHandler = {
  deliver: () => undefined,
  take: () => 0,
  answer: () => undefined,
  next: () => Promise.resolve(undefined),
  probe: () => undefined,
};

function page() {
  const invoked: unknown[] = [];
  const window: FakeWindow = {
    __TAURI_INTERNALS__: {
      invoke: (command, args) => {
        invoked.push([command, args]);
        return Promise.reject(new Error('refused'));
      },
    },
  };
  const receiver = loadPage(window);
  if (!receiver) throw new Error('no receiver');
  return { window, receiver, invoked };
}

describe('the receiver of the init script', () => {
  it('cannot be replaced or changed by the page', () => {
    'use strict';
    const { window, receiver } = page();
    expect(() => ((window as { __DAEMON_TRANSPORT__: unknown }).__DAEMON_TRANSPORT__ = {})).toThrow(
      TypeError,
    );
    expect(() => (receiver.deliver = () => undefined)).toThrow(TypeError);
    expect(Reflect.defineProperty(window, '__DAEMON_TRANSPORT__', { value: 1 })).toBe(false);
    expect(Reflect.deleteProperty(window, '__DAEMON_TRANSPORT__')).toBe(false);
  });

  it('gives every page another id', () => {
    const ids = new Set(Array.from({ length: 10 }, () => page().receiver.pageId));
    expect(ids.size).toBe(10);
    ids.forEach((id) => expect(id).toMatch(/^[0-9a-f]{32}$/));
  });

  it('gives nothing to other frames', () => {
    const window: FakeWindow = { __TAURI_INTERNALS__: { invoke: () => Promise.resolve() } };
    expect(loadPage(window, {})).toBeUndefined();
  });

  it('drops what was meant for another page, and answers its probe in its own name', () => {
    const { receiver, invoked } = page();
    const told: unknown[] = [];
    receiver.register(ID, {
      ...SILENT,
      deliver: (...all) => told.push(all),
      probe: (serial) => told.push(serial),
      answer: (answer) => told.push(answer),
    });
    const other = '00'.repeat(16);
    receiver.deliver(other, ID, 1, 1, ['x']);
    expect(receiver.take(other, ID, 1, 1, ['x'])).toBeUndefined();
    expect(receiver.next(other, ID, 'null')).toBeUndefined();
    receiver.answer(other, ID, 7);
    receiver.probe('00'.repeat(16), ID, 1);
    expect(told).toEqual([]);
    expect(invoked).toEqual([
      ['plugin:daemon-transport|daemon_send', { connectionId: ID, page: receiver.pageId }],
    ]);
  });

  it('keeps a bounded number of calls for a connection that is not known yet', () => {
    const { receiver } = page();
    for (let seq = 1; seq <= 100; seq += 1) receiver.deliver(receiver.pageId, ID, seq, seq, ['x']);
    const told: number[] = [];
    receiver.register(ID, { ...SILENT, deliver: (first) => told.push(first) });
    expect(told).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
    receiver.deliver(receiver.pageId, ID, 101, 101, ['x']);
    expect(told.at(-1)).toBe(101);
  });

  it('has a call that came too early acknowledged by a request, as nobody hears what it gives', () => {
    const { receiver } = page();
    expect(receiver.take(receiver.pageId, ID, 5, 1, ['x'])).toBeUndefined();
    const told: unknown[] = [];
    receiver.register(ID, {
      ...SILENT,
      take: (serial, firstSeq, frames) => told.push([serial, firstSeq, frames]),
      probe: (serial) => told.push(serial),
    });
    expect(told).toEqual([[5, 1, ['x']], 5]);
  });
});
