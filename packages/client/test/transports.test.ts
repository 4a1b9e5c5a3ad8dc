/** What the transports say of a failure, against real sockets. The contract suite holds the rest. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RecordedConnection } from '../src/contract/recorded-connection.js';
import { startContractPeer, type ContractPeer } from '../src/contract/peer.js';
import { DaemonClientV2 } from '../src/index.js';
import { createNodeTransportFactory } from '../src/transports/node.js';
import { refusedUpgrade } from '../src/transports/refused-upgrade.js';
import { createWebSocketTransportFactory } from '../src/transports/websocket.js';

let peer: ContractPeer;
const factory = createNodeTransportFactory();

beforeAll(async () => {
  peer = await startContractPeer();
});
afterAll(async () => {
  await peer.close();
});

async function failure(url: string, headers?: Record<string, string>): Promise<RecordedConnection> {
  const connection = new RecordedConnection(factory, url, headers);
  await connection.closed();
  expect(connection.violations).toEqual([]);
  return connection;
}

describe('the transport for Node', () => {
  it('names a host without an address, a TLS failure, and a header that cannot be sent', async () => {
    expect((await failure('ws://no-such-host.invalid/ws')).error?.code).toBe('name_not_resolved');
    expect((await failure(`wss://127.0.0.1:${String(peer.port)}/echo/tls`)).error?.code).toBe('tls');
    expect((await failure(`${peer.serverUrl}/echo/header`, { 'X-Test': 'a\nb' })).error?.code).toBe(
      'invalid_header',
    );
    expect((await failure('ftp://127.0.0.1/ws')).error?.code).toBe('invalid_url');
  });

  it('dials a socket in place of the host, names it where nobody listens, and speaks no TLS on it', async () => {
    const socketPath = '/nonexistent/daemon.sock';
    const overSocket = createNodeTransportFactory({ socketPath });
    const nobody = new RecordedConnection(overSocket, `${peer.serverUrl}/echo/socket`);
    await nobody.closed();
    expect(nobody.error?.code).toBe('connection_refused');
    expect(nobody.error?.message).toContain(socketPath);
    const tls = new RecordedConnection(overSocket, 'wss://localhost/ws');
    await tls.closed();
    expect(tls.error?.code).toBe('invalid_url');
    expect([...nobody.violations, ...tls.violations]).toEqual([]);
  });

  it('carries the client: a wrong end at the address is told in its own words, and not tried for ever', async () => {
    const states: [mode: string, code: string, retryable: boolean][] = [
      ['refuse/a/403', 'upgrade_refused', false],
      ['refuse/b/401', 'unauthorized', false],
      ['refuse/c/503', 'upgrade_refused', true],
      ['wrong-accept/d', 'handshake_failed', false],
      ['close/e/4401', 'unauthorized', false],
    ];
    for (const [mode, code, retryable] of states) {
      const client = new DaemonClientV2({
        url: `${peer.serverUrl}/${mode}`,
        transportFactory: factory,
        reconnect: { enabled: false },
      });
      await expect(client.connect(), mode).rejects.toMatchObject({ code, retryable });
      await client.close();
    }
  });
});

describe('the sentence of a refused upgrade', () => {
  it.each([
    ['{"code":"origin_not_allowed","message":"Origin not allowed: x."}', '403 Origin not allowed: x.'],
    ['{"error":{"code":"origin_not_allowed","message":"Origin not allowed."}}', '403 Origin not allowed.'],
    ['{"error":"Origin not allowed"}', '403 Origin not allowed'],
    ['Origin not allowed', '403 Origin not allowed'],
    ['<html>nginx</html>', '403 Forbidden'],
    ['{"message":', '403 {"message":'],
    ['[1]', '403 Forbidden'],
    ['', '403 Forbidden'],
  ])('of the body %s is %s', (body, message) => {
    expect(refusedUpgrade(403, 'Forbidden', body)).toMatchObject({
      code: 'upgrade_refused',
      status: 403,
      message,
    });
  });
});

describe('the transport of the platform', () => {
  it('says which factory to use where there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(() => createWebSocketTransportFactory()).toThrow(/createNodeTransportFactory/);
    expect(() => new DaemonClientV2({ url: 'ws://127.0.0.1:1/ws' })).toThrow(
      expect.objectContaining({ code: 'websocket_missing' }) as Error,
    );
    vi.unstubAllGlobals();
  });
});
