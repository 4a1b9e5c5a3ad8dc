/** A viewer that changes its mind at once: a detach ends the stream, also where its attach is still being answered. */
import { type DaemonMessage, encodeMessage, MAX_ATTACHMENTS } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { runningDaemon } from './daemon-fixture.js';
import { RawClient } from './raw-client.js';

const answersOf = (client: RawClient): readonly Extract<DaemonMessage, { id: number }>[] =>
  client.heard.filter((message) => message.type === 'response' || message.type === 'failure');

test('attach and detach sent back to back leave no viewer, send nothing of the stream, and free every place', async () => {
  const daemon = await runningDaemon();
  const client = await RawClient.connect(daemon.wsUrl);
  const { terminalId } = await client.create();
  const rounds = 200;
  const firstId = 10_000;
  for (let round = 0; round < rounds; round += 1) {
    // Numbers come again, as after a repair: the later attach must not be taken for the earlier one.
    const attachment = round % 7;
    for (const [id, method, params] of [
      [firstId + 2 * round, 'terminal.attach', { terminalId, attachment }],
      [firstId + 2 * round + 1, 'terminal.detach', { attachment }],
    ] as const) {
      client.socket.send(encodeMessage({ type: 'request', id, method, params }));
    }
  }
  await client.until(() => answersOf(client).filter(({ id }) => id >= firstId).length === 2 * rounds);
  // An attach that was answered before its detach arrived began its stream; every other one failed.
  const begun = new Set<number>();
  let failures = 0;
  for (const message of client.heard) {
    if ('attachment' in message) expect(begun).toContain(message.attachment);
    if (message.type !== 'response' && message.type !== 'failure') continue;
    if (message.id < firstId) continue;
    const attachment = Math.floor((message.id - firstId) / 2) % 7;
    if (message.id % 2 === 1) {
      expect(message).toMatchObject({ type: 'response', result: {} });
      begun.delete(attachment);
    } else if (message.type === 'response') begun.add(attachment);
    else {
      expect(message.error).toMatchObject({ code: 'attachment_not_found' });
      expect(message.error.message).toContain('detached');
      failures += 1;
    }
  }
  expect(failures).toBeGreaterThan(0);
  const { terminals } = await client.request('terminal.list', {});
  expect(terminals).toMatchObject([{ terminalId, viewers: 0 }]);

  await Promise.all(
    Array.from({ length: MAX_ATTACHMENTS }, (_, attachment) =>
      client.request('terminal.attach', { terminalId, attachment }),
    ),
  );
  expect((await client.request('terminal.list', {})).terminals).toMatchObject([{ viewers: MAX_ATTACHMENTS }]);
}, 30_000);
