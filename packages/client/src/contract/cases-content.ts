/** Promise 7: text and binary arrive unaltered; and what the upgrade request carries. */
import { expectThat, type ContractCase } from './case.js';
import { digestOf } from './digest.js';

const SIXTEEN_MIB = 16 * 1024 * 1024;

/** Texts that something on the way might take for something else. */
const TEXTS = [
  '',
  'plain',
  '\0',
  'a\0b',
  '\u2028 and \u2029',
  '\u{1F600} \u{10FFFF} \uFFFF \uFEFF',
  '{"__proto__":{"polluted":true},"constructor":1}',
  '"quotes" \\ back\\slashes \' `${ticks}`',
  '</script><script>',
  '\r\n\t\b\f\u001b[31m',
  'e\u0301 is not é',
] as const;

const LONE_SURROGATES = [
  ['\ud800', '\ufffd'],
  ['a\udc00b', 'a\ufffdb'],
  ['\udc00\ud800', '\ufffd\ufffd'],
  ['\ud83d\ude00\ud83d', '\u{1F600}\ufffd'],
] as const;

/** 16 MiB with some variety; for text every byte is ASCII, so that bytes and characters are the same number. */
function largeText(): string {
  const block = Array.from({ length: 4096 }, (_, index) => String.fromCharCode(32 + (index % 95))).join('');
  return block.repeat(SIXTEEN_MIB / block.length);
}

function largeBytes(): Uint8Array {
  const bytes = new Uint8Array(SIXTEEN_MIB);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  return bytes;
}

async function echoes(
  context: Parameters<ContractCase['run']>[0],
  sent: readonly (string | Uint8Array)[],
  expected: readonly (string | Uint8Array)[] = sent,
): Promise<void> {
  const connection = context.connect('echo');
  await connection.open();
  for (const message of sent) connection.transport.send(message);
  await connection.receivedCount(sent.length);
  expected.forEach((message, index) => {
    const received = connection.messages[index];
    expectThat(
      received !== undefined &&
        typeof received === typeof message &&
        digestOf(received) === digestOf(message),
      `message ${String(index)} comes back unaltered`,
      { sent: describe(message), received: received === undefined ? 'nothing' : describe(received) },
    );
  });
}

function describe(message: string | Uint8Array): string {
  return typeof message === 'string'
    ? `text of ${String(message.length)}: ${JSON.stringify(message.slice(0, 60))}`
    : `bytes of ${String(message.length)}: ${message.slice(0, 20).join(' ')}`;
}

export const CONTENT_CASES: readonly ContractCase[] = [
  {
    name: 'text arrives unaltered: empty, NUL, U+2028, keys named __proto__, quotes, control characters',
    promise: 7,
    run: async (context) => {
      await echoes(context, TEXTS);
      expectThat(!('polluted' in {}), 'no prototype was changed', Object.keys(Object.prototype));
    },
  },
  {
    name: 'lone surrogates become U+FFFD, and pairs stay',
    promise: 7,
    run: (context) =>
      echoes(
        context,
        LONE_SURROGATES.map(([sent]) => sent),
        LONE_SURROGATES.map(([, expected]) => expected),
      ),
  },
  {
    name: 'bytes arrive unaltered: none, every value, a view into a larger buffer',
    promise: 7,
    run: (context) => {
      const every = Uint8Array.from({ length: 256 }, (_, value) => value);
      return echoes(context, [new Uint8Array(0), every, every.subarray(100, 110), new Uint8Array([0])]);
    },
  },
  {
    name: 'text and bytes keep their kind and their order among each other',
    promise: 7,
    run: (context) => echoes(context, ['1', new Uint8Array([50]), '3', new Uint8Array(0), '', '6']),
  },
  {
    name: 'one text message of 16 MiB goes there and comes back',
    promise: 7,
    timeoutMs: 120_000,
    run: (context) => echoes(context, [largeText(), 'after it']),
  },
  {
    name: 'one binary message of 16 MiB goes there and comes back',
    promise: 7,
    timeoutMs: 120_000,
    run: (context) => echoes(context, [largeBytes(), 'after it']),
  },
  {
    name: 'headers reach the server',
    promise: 7,
    run: async (context) => {
      const name = context.newName();
      const connection = context.connect('sink', name, undefined, { 'X-Holdfast-Test': 'value 1' });
      await connection.open();
      const { headers } = await context.observe(name, 'now');
      const expected = context.has('no_headers') ? undefined : 'value 1';
      expectThat(headers['x-holdfast-test'] === expected, `the header is ${String(expected)}`, headers);
    },
  },
  {
    name: 'the upgrade request has no Origin',
    promise: 7,
    run: async (context) => {
      const name = context.newName();
      const connection = context.connect('sink', name);
      await connection.open();
      const { headers } = await context.observe(name, 'now');
      const sent = headers['origin'] !== undefined;
      expectThat(
        sent === context.has('origin_sent'),
        'Origin is there exactly where the platform adds it',
        headers,
      );
    },
  },
];
