/** Promises 1, 2 and 5: nothing before the factory has returned, the order of events, and what may be sent when. */
import { expectThat, type ContractCase } from './case.js';
import { MessageDigest } from './digest.js';

/** One more than the largest send queue that a transport may have, in MiB. */
const OVER_ANY_QUEUE_MIB = 160;

const BURST = 100_000;
const SLOW_BURST = 2_000;

/** The messages of a burst, as the peer makes them. */
export function burstMessage(index: number): string {
  return `${String(index)} `.padEnd(100, 'x');
}

function burstDigest(count: number): string {
  const digest = new MessageDigest();
  for (let index = 0; index < count; index += 1) digest.add(burstMessage(index));
  return digest.value;
}

export const ORDER_CASES: readonly ContractCase[] = [
  {
    name: 'the factory returns before any handler is called',
    promise: 1,
    run: async (context) => {
      const connection = context.connect('greet');
      expectThat(!connection.opened, 'nothing is reported in the same turn', connection.describe());
      await connection.receivedCount(1);
    },
  },
  {
    name: 'an address that cannot be dialled is an error after the factory has returned, not an exception',
    promise: 1,
    run: async (context) => {
      for (const url of ['not an address', 'http://[', '']) {
        const connection = context.connectTo(url);
        const early = connection.error;
        expectThat(early === undefined, 'nothing is reported in the same turn', connection.describe());
        await connection.closed();
        expectThat(connection.error !== undefined, `"${url}" is an error with a code`, connection.describe());
        expectThat(!connection.opened, `"${url}" does not open`, connection.describe());
      }
    },
  },
  {
    name: 'handlers attached in the same turn get what the server sends together with its handshake',
    promise: 1,
    run: async (context) => {
      const connection = context.connect('greet');
      await connection.receivedCount(1);
      expectThat(connection.messages[0] === 'greeting', 'the greeting arrives', connection.messages[0]);
    },
  },
  {
    name: 'an unsubscribed handler is not called, and only that one',
    promise: 1,
    run: async (context) => {
      const connection = context.connect('echo');
      let removed = 0;
      let kept = 0;
      const unsubscribe = connection.transport.onMessage(() => {
        removed += 1;
      });
      connection.transport.onMessage(() => {
        kept += 1;
      });
      unsubscribe();
      await connection.open();
      connection.transport.send('one');
      await connection.receivedCount(1);
      expectThat(removed === 0 && kept === 1, 'only the handler that stayed is called', { removed, kept });
    },
  },
  {
    name: 'open comes once, then the messages in the order sent, then close once and last',
    promise: 2,
    run: async (context) => {
      const connection = context.connect('burst', undefined, 1000);
      const close = await connection.closed();
      expectThat(
        connection.received.count === 1000,
        'all 1,000 messages come before the close',
        connection.describe(),
      );
      expectThat(
        connection.received.value === burstDigest(1000),
        'in the order sent',
        connection.messages.slice(0, 5),
      );
      expectThat(close.code === 1000 && close.reason === 'done', 'the close is the peer’s', close);
    },
  },
  {
    name: '100,000 messages received in a burst are complete and in order',
    promise: 7,
    timeoutMs: 120_000,
    run: async (context) => {
      const connection = context.connect('burst', undefined, BURST);
      await connection.closed();
      expectThat(connection.received.count === BURST, 'all messages come', connection.describe());
      expectThat(
        connection.received.value === burstDigest(BURST),
        'in the order sent',
        connection.messages.slice(0, 5),
      );
    },
  },
  {
    name: '100,000 messages sent in a burst arrive complete and in order',
    promise: 7,
    timeoutMs: 120_000,
    run: async (context) => {
      const count = context.has('slow_sends') ? SLOW_BURST : BURST;
      const name = context.newName();
      const connection = context.connect('sink', name);
      await connection.open();
      for (let index = 0; index < count; index += 1) connection.transport.send(burstMessage(index));
      connection.transport.close(1000, 'all sent');
      await connection.closed();
      const { messages, closeReason } = await context.observe(name, 'ended');
      expectThat(messages.count === count, `${String(count)} messages arrive before the close`, messages);
      expectThat(messages.digest === burstDigest(count), 'in the order sent', messages.first);
      expectThat(closeReason === 'all sent', 'then the close', closeReason);
    },
  },
  {
    name: 'what is sent before open arrives after it, in order',
    promise: 5,
    run: async (context) => {
      const name = context.newName();
      const connection = context.connect('sink', name);
      const sent = new MessageDigest();
      for (const message of ['first', new Uint8Array([2, 2]), 'third']) {
        sent.add(message);
        connection.transport.send(message);
      }
      await connection.open();
      sent.add('after open');
      connection.transport.send('after open');
      connection.transport.close(1000);
      await connection.closed();
      const { messages } = await context.observe(name, 'ended');
      expectThat(messages.count === 4 && messages.digest === sent.value, 'four messages in order', messages);
    },
  },
  {
    name: 'bytes sent before open are those that were given, even if the caller reuses its array',
    promise: 5,
    run: async (context) => {
      const connection = context.connect('echo');
      const bytes = new Uint8Array([1, 2, 3]);
      connection.transport.send(bytes);
      bytes.fill(9);
      await connection.receivedCount(1);
      const [echo] = connection.messages;
      expectThat(
        echo instanceof Uint8Array && echo.join() === '1,2,3',
        'the bytes at the time of send',
        echo,
      );
    },
  },
  {
    name: 'more than the queue holds before open fails the connection with send_queue_full',
    promise: 5,
    timeoutMs: 60_000,
    run: async (context) => {
      const connection = context.connect('silence');
      const mebibyte = 'x'.repeat(1024 * 1024);
      for (let sent = 0; sent < OVER_ANY_QUEUE_MIB && connection.error === undefined; sent += 1) {
        connection.transport.send(mebibyte);
      }
      await connection.closed();
      expectThat(connection.error?.code === 'send_queue_full', 'the error is named', connection.describe());
    },
  },
  {
    name: 'send after close does nothing and does not throw',
    promise: 5,
    run: async (context) => {
      const name = context.newName();
      const connection = context.connect('sink', name);
      await connection.open();
      connection.transport.send('before');
      connection.transport.close(1000);
      connection.transport.send('while closing');
      await connection.closed();
      connection.transport.send('after');
      connection.transport.send(new Uint8Array(1));
      const { messages } = await context.observe(name, 'ended');
      expectThat(messages.count === 1 && messages.first[0] === 'before', 'only what came before', messages);
    },
  },
];
