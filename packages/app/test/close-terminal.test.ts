import { DaemonClientV2 } from '@holdfast/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { closeTerminal } from '../src/state/close-terminal.js';
import { Wire } from './wire.js';

let wires: Wire[];
let client: DaemonClientV2;
beforeEach(() => {
  vi.useFakeTimers();
  wires = [];
  client = new DaemonClientV2({
    url: 'ws://127.0.0.1:6767/ws',
    transportFactory: () => {
      const wire = new Wire();
      wires.push(wire);
      return wire;
    },
  });
  client.ensureConnected();
});
afterEach(() => {
  void client.close();
  vi.useRealTimers();
});

function connect(): Wire {
  const wire = wires.at(-1);
  if (wire === undefined) throw new Error('nothing was dialled');
  wire.welcome();
  return wire;
}

/** The daemon refuses the only `terminal.close` that it was sent. */
function refuse(wire: Wire, code: string): void {
  const asked = wire.sent.filter((message) => message['method'] === 'terminal.close');
  expect(asked).toHaveLength(1);
  wire.say({ type: 'failure', id: asked[0]?.['id'], error: { code, message: 'technical' } });
}

test('a close whose repetition after a lost connection finds no terminal is done', async () => {
  const first = connect();
  const closing = closeTerminal(client, 't');
  first.end({ error: 'connection_reset' });
  vi.advanceTimersToNextTimer();
  expect(wires).toHaveLength(2);
  refuse(connect(), 'terminal_not_found');
  await expect(closing).resolves.toBeUndefined();
});

test('any other refusal of a close is told', async () => {
  const wire = connect();
  const closing = closeTerminal(client, 't');
  refuse(wire, 'internal');
  await expect(closing).rejects.toMatchObject({ code: 'internal' });
});
