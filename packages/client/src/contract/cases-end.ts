/** Promises 3, 4 and 6: how a connection fails and how it ends. */
import { expectThat, type CaseContext, type ContractCase } from './case.js';
import type { RecordedConnection } from './recorded-connection.js';

/** A connection that never opened: one error with this code, then one close with code 1006. */
async function failsWith(context: CaseContext, connection: RecordedConnection, code: string): Promise<void> {
  const close = await connection.closed();
  const expected = context.has('no_cause') ? 'transport_failed' : code;
  expectThat(connection.error?.code === expected, `the error is ${expected}`, connection.describe());
  expectThat(connection.error.message !== '', 'the error has a sentence', connection.describe());
  expectThat(
    close.code === 1006 && !connection.opened,
    'it never opened, and ends in 1006',
    connection.describe(),
  );
}

export const END_CASES: readonly ContractCase[] = [
  {
    name: 'a reset is a close with code 1006',
    promise: 3,
    run: async (context) => {
      const connection = context.connect('reset');
      await connection.open();
      connection.transport.send('now');
      const close = await connection.closed();
      expectThat(close.code === 1006, 'the code is 1006', connection.describe());
      expectThat(connection.error?.code === 'connection_reset', 'the error names it', connection.describe());
    },
  },
  {
    name: 'an end of stream without a close frame is a close with code 1006',
    promise: 3,
    run: async (context) => {
      const connection = context.connect('end');
      await connection.open();
      connection.transport.send('now');
      const close = await connection.closed();
      expectThat(close.code === 1006, 'the code is 1006', connection.describe());
      expectThat(connection.error?.code === 'connection_reset', 'the error names it', connection.describe());
    },
  },
  {
    name: 'what arrived before an abrupt end is delivered before it',
    promise: 3,
    run: async (context) => {
      const connection = context.connect('greet-and-end');
      await connection.closed();
      expectThat(
        connection.messages.join() === 'one,two,three',
        'all three messages come',
        connection.messages,
      );
    },
  },
  {
    name: 'a peer that no longer answers is a close with code 1006 within the liveness deadline',
    promise: 3,
    timeoutMs: 60_000,
    run: async (context) => {
      const connection = context.connect('freeze');
      await connection.open();
      if (context.has('no_liveness')) {
        // As it is: nothing is reported, and the end comes when somebody asks for it.
        await context.barrier();
        expectThat(connection.closeEvent === undefined, 'the silence is not noticed', connection.describe());
        connection.transport.close(1000);
        expectThat((await connection.closed()).code === 1006, 'close() still ends', connection.describe());
        return;
      }
      const started = Date.now();
      const close = await connection.closed();
      const took = Date.now() - started;
      expectThat(close.code === 1006, 'the code is 1006', connection.describe());
      expectThat(connection.error?.code === 'timed_out', 'the error names it', connection.describe());
      expectThat(took <= context.livenessDeadlineMs, `within ${String(context.livenessDeadlineMs)} ms`, took);
    },
  },
  {
    name: 'an address where nothing listens is connection_refused',
    promise: 4,
    run: async (context) => {
      const { headers } = await context.observe(context.newName(), 'now');
      const port = headers['x-closed-port'];
      const address = new URL(context.serverUrl);
      await failsWith(
        context,
        context.connectTo(`ws://${address.hostname}:${port ?? ''}/ws`),
        'connection_refused',
      );
    },
  },
  {
    name: 'a refused upgrade keeps the status, the body and the server’s sentence',
    promise: 4,
    run: async (context) => {
      const connection = context.connect('refuse', undefined, 403);
      await failsWith(context, connection, 'upgrade_refused');
      if (context.has('no_cause')) {
        expectThat(connection.error?.status === undefined, 'the platform tells no status', connection.error);
        return;
      }
      expectThat(connection.error?.status === 403, 'the status is 403', connection.error);
      const message = connection.error.message;
      if (context.has('no_refusal_body')) {
        expectThat(connection.error.body === undefined, 'the platform tells no body', connection.error);
        expectThat(message.startsWith('403 '), 'the message says the status', message);
        return;
      }
      const { body } = connection.error;
      expectThat(body?.includes('origin_not_allowed') === true, 'the body is there', connection.error);
      expectThat(
        message.includes('403') && message.includes('Origin not allowed'),
        'and its sentence',
        message,
      );
    },
  },
  {
    name: 'an answer of 200 is a refused upgrade with its status',
    promise: 4,
    run: async (context) => {
      const connection = context.connect('refuse', undefined, 200);
      await failsWith(context, connection, 'upgrade_refused');
      const status = context.has('no_cause') ? undefined : 200;
      expectThat(connection.error?.status === status, `the status is ${String(status)}`, connection.error);
    },
  },
  {
    name: 'a redirect is a refused upgrade and is not followed',
    promise: 4,
    run: async (context) => {
      const name = context.newName();
      const connection = context.connect('redirect', name);
      await failsWith(context, connection, 'upgrade_refused');
      const target = await context.observe(`${name}-target`, 'now');
      expectThat(!target.arrived, 'nothing arrives at the other address', target);
    },
  },
  {
    name: 'a large body of a refused upgrade is kept to 4 KiB',
    promise: 4,
    run: async (context) => {
      const connection = context.connect('refuse-large');
      await failsWith(context, connection, 'upgrade_refused');
      const length = connection.error?.body?.length ?? 0;
      expectThat(length <= 4096, 'at most 4 KiB', length);
    },
  },
  {
    name: 'a wrong accept key is handshake_failed',
    promise: 4,
    run: (context) => failsWith(context, context.connect('wrong-accept'), 'handshake_failed'),
  },
  {
    name: 'an answer that is not HTTP is handshake_failed',
    promise: 4,
    run: (context) => failsWith(context, context.connect('not-http'), 'handshake_failed'),
  },
  {
    name: 'an upgrade that is never answered is timed_out',
    promise: 4,
    run: async (context) => {
      const connection = context.connect('silence');
      const close = await connection.closed();
      expectThat(connection.error?.code === 'timed_out', 'the error names it', connection.describe());
      expectThat(close.code === 1006 && !connection.opened, 'it never opened', connection.describe());
    },
  },
  {
    name: 'close() in the same turn as the factory ends in one close and never opens',
    promise: 6,
    run: async (context) => {
      const connection = context.connect('echo');
      connection.transport.close(1000, 'changed my mind');
      await connection.closed();
      await context.barrier();
      expectThat(
        !connection.opened && connection.error === undefined,
        'no open, no error',
        connection.describe(),
      );
    },
  },
  {
    name: 'close() while the upgrade is under way cancels it and ends in one close',
    promise: 6,
    run: async (context) => {
      const name = context.newName();
      const observer = await context.observer(name);
      const connection = context.connect('slow', name);
      await observer.ask('arrived');
      connection.transport.close(4000, 'no longer');
      await connection.closed();
      const seen = await observer.ask('release');
      const ended = await observer.ask('ended');
      expectThat(
        !connection.opened && connection.error === undefined,
        'no open, no error',
        connection.describe(),
      );
      expectThat(!seen.upgraded, 'it was closed before the answer', seen);
      if (context.has('dial_not_cancelled')) {
        expectThat(ended.upgraded && ended.closeCode === 1000, 'the peer sees a close frame at once', ended);
      } else expectThat(!ended.upgraded, 'the peer sees the attempt end', ended);
    },
  },
  {
    name: 'codes 1000 and 3000 to 4999 reach the peer with their reason',
    promise: 6,
    run: async (context) => {
      for (const [code, reason] of [
        [1000, 'normal'],
        [3000, ''],
        [4321, 'ünïcode ✓'],
        [4999, 'last'],
      ] as const) {
        const name = context.newName();
        const connection = context.connect('sink', name);
        await connection.open();
        connection.transport.close(code, reason);
        const close = await connection.closed();
        const seen = await context.observe(name, 'ended');
        expectThat(
          seen.closeCode === code && seen.closeReason === reason,
          `${String(code)} "${reason}"`,
          seen,
        );
        expectThat(close.code === code, 'the close event has the code, too', close);
      }
    },
  },
  {
    name: 'any other code becomes 1000',
    promise: 6,
    run: async (context) => {
      for (const code of [undefined, 0, 999, 1001, 1005, 1006, 1011, 2999, 5000, 4000.5, Number.NaN]) {
        const name = context.newName();
        const connection = context.connect('sink', name);
        await connection.open();
        connection.transport.close(code, 'why');
        await connection.closed();
        const seen = await context.observe(name, 'ended');
        expectThat(seen.closeCode === 1000, `${String(code)} becomes 1000`, seen);
      }
    },
  },
  {
    name: 'a reason over 123 bytes is cut between characters',
    promise: 6,
    run: async (context) => {
      const name = context.newName();
      const connection = context.connect('sink', name);
      await connection.open();
      connection.transport.close(4000, 'ü'.repeat(100));
      await connection.closed();
      const seen = await context.observe(name, 'ended');
      expectThat(
        seen.closeCode === 4000 && seen.closeReason === 'ü'.repeat(61),
        '61 characters of two bytes',
        seen,
      );
    },
  },
  {
    name: 'a second close() does nothing',
    promise: 6,
    run: async (context) => {
      const name = context.newName();
      const connection = context.connect('sink', name);
      await connection.open();
      connection.transport.close(4001, 'first');
      connection.transport.close(4002, 'second');
      await connection.closed();
      connection.transport.close(4003, 'third');
      const seen = await context.observe(name, 'ended');
      expectThat(seen.closeCode === 4001 && seen.closeReason === 'first', 'the first counts', seen);
    },
  },
  {
    name: 'the close event has the code and the reason of the peer, and no error',
    promise: 6,
    run: async (context) => {
      const connection = context.connect('close', undefined, 4321);
      const close = await connection.closed();
      expectThat(close.code === 4321 && close.reason === 'the peer’s reason', 'code and reason', close);
      expectThat(close.wasClean && connection.error === undefined, 'it is clean', connection.describe());
    },
  },
  {
    name: 'close() to a peer that never answers it still ends',
    promise: 6,
    run: async (context) => {
      const connection = context.connect('freeze');
      await connection.open();
      connection.transport.close(1000);
      await connection.closed();
      expectThat(
        connection.error === undefined,
        'a close that was asked for is no error',
        connection.describe(),
      );
    },
  },
];
