// No frame from outside may throw, whatever it holds.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeMessage,
  isMethod,
  isRetryableClose,
  MAX_INPUT_BYTES,
  METHODS,
  parseClientMessage,
  parseDaemonMessage,
} from '../src/index.js';

describe('a frame from outside', () => {
  test('never throws, whatever text it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        expect(['message', 'unknown', 'invalid']).toContain(parseClientMessage(text).kind);
        expect(['message', 'unknown', 'invalid']).toContain(parseDaemonMessage(text).kind);
      }),
      { numRuns: 2000 },
    );
  });

  test('never throws, whatever the fields of a known type hold', () => {
    const types = [
      'hello',
      'request',
      'ack',
      'ping',
      'welcome',
      'output',
      'snapshot',
      'event',
      'failure',
      'exited',
    ];
    const fields = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(fc.constantFrom(...types), fields, (type, rest) => {
        const text = JSON.stringify({ ...rest, type });
        for (const result of [parseClientMessage(text), parseDaemonMessage(text)]) {
          if (result.kind === 'invalid') expect(result.message.length).toBeLessThanOrEqual(500);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('that is nested 100,000 deep is refused and not a crash', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(
      parseClientMessage(`{"type":"request","id":1,"method":"terminal.list","params":${deep}}`).kind,
    ).toBe('message');
    expect(parseClientMessage(deep).kind).toBe('invalid');
    expect(METHODS['terminal.list'].params.safeParse(JSON.parse(deep)).success).toBe(false);
  });

  test('that names a field of Object.prototype is no method', () => {
    expect(isMethod('toString')).toBe(false);
    expect(isMethod('__proto__')).toBe(false);
    expect(isMethod('terminal.list')).toBe(true);
  });

  test('comes back from its text as it went in', () => {
    const message = { type: 'ack', attachment: 1, offset: Number.MAX_SAFE_INTEGER } as const;
    expect(parseClientMessage(encodeMessage(message))).toEqual({ kind: 'message', message });
  });
});

describe('parameters', () => {
  const { params: input } = METHODS['terminal.input'];
  const { params: create } = METHODS['terminal.create'];

  test('an input is measured in bytes of UTF-8, not in characters', () => {
    expect(input.safeParse({ terminalId: 't', data: 'x'.repeat(MAX_INPUT_BYTES) }).success).toBe(true);
    expect(input.safeParse({ terminalId: 't', data: '€'.repeat(MAX_INPUT_BYTES / 2) }).success).toBe(false);
  });

  test.each([
    ['a size of zero', { cols: 0, rows: 24 }],
    ['a size over the limit', { cols: 80, rows: 100_000 }],
    ['a NUL in the command', { cols: 80, rows: 24, command: '/bin/sh\0' }],
    ['an = in the name of a variable', { cols: 80, rows: 24, env: { 'A=B': 'c' } }],
    ['a control character in the title', { cols: 80, rows: 24, title: 'a\u001b]0;x' }],
    ['a path as the id', { cols: 80, rows: 24, terminalId: '../etc' }],
  ])('a terminal is not made with %s', (_what, params) => {
    expect(create.safeParse(params).success).toBe(false);
  });

  test('a null removes a variable and defaults are filled in', () => {
    expect(create.parse({ cols: 80, rows: 24, env: { LANG: null } }).env).toEqual({ LANG: null });
    expect(METHODS['terminal.kill'].params.parse({ terminalId: 't' }).signal).toBe('SIGHUP');
  });
});

test('a close code that nobody knows is no reason to give up', () => {
  expect(isRetryableClose(4999)).toBe(true);
  expect(isRetryableClose(4401)).toBe(false);
});
