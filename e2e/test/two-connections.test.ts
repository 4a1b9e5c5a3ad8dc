// Of two connections of one page, one is stalled: the other goes on as if it were alone.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { openContractWindow, type ContractWindow } from '../src/contract-window.js';
import { results } from '../src/places.js';
import { startTrafficPeer, type TrafficPeer } from '../src/traffic-peer.js';
import { until } from '../src/until.js';

/** Rounds of each kind, alternating, so that what else the machine does meets both. */
const ROUNDS = 7;
const QUESTIONS = 300;

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

describe.each(['plugin-batch', 'plugin-event'])(
  'a connection over %s beside one whose page takes nothing',
  (transport) => {
    const cleanUp = new CleanUp();
    let peer: TrafficPeer;
    let app: ContractWindow;
    beforeAll(async () => {
      peer = cleanUp.add(await startTrafficPeer(), (it) => it.end());
      app = await openContractWindow(cleanUp);
    });
    afterAll(() => cleanUp.run());

    /** Round trips of a new connection, in ms. */
    async function ask(name: string): Promise<number[]> {
      const line = peer.line('ask', `${transport}-${name}`);
      await app.traffic('answer', transport, line.url);
      await until('all questions are answered', () => line.received >= QUESTIONS || line.wrong, {
        lastSeen: () => line,
      });
      await app.traffic('close', line.url);
      await until('it is closed', () => line.open === 0);
      expect(line.wrong).toBeUndefined();
      return line.roundTrips.slice(0, QUESTIONS);
    }

    test('goes on answering, and its round trip is told beside that of a connection alone', async () => {
      const alone: number[] = [];
      const beside: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        alone.push(median(await ask(`alone-${String(round)}`)));
        const stalled = peer.line('flood', `${transport}-stalled-${String(round)}`, { size: 1000 });
        // Never acknowledged: its credit is used up, its outbox full, and its socket left unread.
        const connectionId = await app.window.run<string>(
          `return window.__raw.invoke('plugin:daemon-transport|daemon_connect', { url: args[0], lane: 'event' })`,
          stalled.url,
        );
        let accepted = -1;
        let since = 0;
        await until('its peer is held back', () => {
          if (stalled.accepted() !== accepted) since = performance.now();
          accepted = stalled.accepted();
          return accepted > 0 && performance.now() - since > 500;
        });
        beside.push(median(await ask(`beside-${String(round)}`)));
        expect(stalled.accepted(), 'the other one is still stalled').toBe(accepted);
        expect(stalled.open).toBe(1);
        await app.window.run(
          `await window.__raw.invoke('plugin:daemon-transport|daemon_disconnect', { connectionId: args[0] })`,
          connectionId,
        );
        await until('the stalled one has ended', () => stalled.open === 0);
      }
      const ratios = beside.map((value, round) => value / (alone[round] ?? Number.NaN));
      const figures = {
        transport,
        rounds: ROUNDS,
        questions: QUESTIONS,
        aloneMs: Number(median(alone).toFixed(3)),
        besideMs: Number(median(beside).toFixed(3)),
        ratio: Number((median(beside) / median(alone)).toFixed(3)),
        ratios: ratios.map((ratio) => Number(ratio.toFixed(2))),
      };
      console.log(JSON.stringify(figures));
      await mkdir(results, { recursive: true });
      await writeFile(join(results, `two-connections-${transport}.json`), JSON.stringify(figures, null, 2));
    });
  },
);
