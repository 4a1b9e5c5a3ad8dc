// With Tauri's isolation pattern every request of the page goes through a sandboxed frame that encrypts it, raw bodies
// included: slower for what the page sends (16 MiB in one message take seconds), and otherwise the same.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { openContractWindow, type ContractWindow } from '../src/contract-window.js';
import { isolationApp } from '../src/places.js';
import { startTrafficPeer, type TrafficPeer } from '../src/traffic-peer.js';
import { until } from '../src/until.js';

describe.each(['plugin-batch', 'plugin-event'])('with the isolation pattern, over %s', (lane) => {
  const cleanUp = new CleanUp();
  let peer: TrafficPeer;
  let app: ContractWindow;
  beforeAll(async () => {
    peer = cleanUp.add(await startTrafficPeer(), (it) => it.end());
    app = await openContractWindow(cleanUp, { binary: isolationApp() });
  });
  afterAll(() => cleanUp.run());

  test('a flood arrives once and in order', async () => {
    const line = peer.line('flood', 'flood', { count: 20_000, size: 500 });
    await app.traffic('receive', lane, line.url, 500);
    expect(await app.everything(line.url)).toMatchObject({
      count: 20_000,
      sent: 20_000,
      wrong: [],
      closes: [],
    });
    await app.traffic('close', line.url);
    await until('the close arrives with its code', () => line.closeCode === 1000);
  });

  test('what is sent without waiting arrives in order, a message of 1 MiB too', async () => {
    const line = peer.line('count', 'sends');
    await app.traffic('receive', lane, line.url, 0);
    await app.traffic('send', line.url, 1, 5000, 100);
    await app.traffic('send', line.url, 5001, 1, 1024 * 1024);
    await until('all have arrived', () => line.received === 5001 || line.wrong, { lastSeen: () => line });
    expect(line.wrong).toBeUndefined();
    await app.traffic('close', line.url);
  });

  test('questions are answered, and a reload ends the connection and begins another', async () => {
    for (const round of [1, 2]) {
      const line = peer.line('ask', `ask-${String(round)}`);
      await app.traffic('answer', lane, line.url);
      await until('questions are answered', () => line.received >= 100 || line.wrong, {
        lastSeen: () => line,
      });
      expect(line.wrong).toBeUndefined();
      await app.window.reload();
      await until('the connection has ended', () => line.open === 0);
    }
  });
});
