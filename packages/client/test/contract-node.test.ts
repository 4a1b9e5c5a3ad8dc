/** The transport contract over Node's `ws`, against a real server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTRACT_CASES, runContract, type ContractReport } from '../src/contract/index.js';
import { startContractPeer, type ContractPeer } from '../src/contract/peer.js';
import { createNodeTransportFactory } from '../src/transports/node.js';

let peer: ContractPeer;
let reports: ContractReport[];

beforeAll(async () => {
  peer = await startContractPeer();
  reports = await runContract({
    // Shorter than for people, and far above what one message of 16 MiB takes on a machine that is busy with other tests.
    factory: createNodeTransportFactory({
      connectTimeoutMs: 2_000,
      pingIntervalMs: 2_000,
      pongTimeoutMs: 3_000,
    }),
    serverUrl: peer.serverUrl,
    platform: 'node',
    livenessDeadlineMs: 8_000,
  });
}, 240_000);

afterAll(async () => {
  await peer.close();
});

describe('the transport over ws', () => {
  it.each(CONTRACT_CASES.map(({ name, promise }) => ({ name, promise })))(
    'promise $promise: $name',
    ({ name }) => {
      const report = reports.find((candidate) => candidate.name === name);
      expect(report?.detail).toBe('');
      expect(report?.outcome).toBe('passed');
    },
  );

  it('reports nothing after close, and leaves no socket open', () => {
    expect(reports.at(-1)).toMatchObject({ outcome: 'passed', detail: '' });
  });
});
