import type { ClientSnapshot, ConnectionState, DisconnectReason } from '@holdfast/client';
import { expect, test } from 'vitest';
import { connectionView } from '../src/connection/connection-view.js';

const RESET: DisconnectReason = { code: 'connection_reset', message: 'cut', retryable: true };

function snapshot(state: ConnectionState, more: Partial<ClientSnapshot> = {}): ClientSnapshot {
  return {
    url: 'ws://127.0.0.1:1/ws',
    state,
    latencyMs: undefined,
    stalled: false,
    unansweredSince: undefined,
    lastError: undefined,
    attempts: 0,
    daemon: undefined,
    connections: 0,
    ...more,
  };
}

test('a first attempt is connecting, and an attempt after a failure goes on saying why', () => {
  const connecting: ConnectionState = { kind: 'connecting', attempt: 1, startedAt: 5 };
  expect(connectionView(null, snapshot(connecting), 1, 0, true)).toEqual({ kind: 'connecting', sinceMs: 5 });
  const again = snapshot(connecting, { attempts: 2, lastError: { ...RESET, at: 1 }, connections: 1 });
  expect(connectionView(null, again, 1, 0, true)).toMatchObject({
    kind: 'retrying',
    nextRetryAtMs: null,
    hadConnection: true,
    terminalsGoOn: true,
  });
});

test('a disconnect is retrying exactly while a next try is planned', () => {
  const at = { kind: 'disconnected', reason: RESET, at: 1 } as const;
  expect(connectionView(null, snapshot({ ...at, nextRetryAt: 9 }), 1, 0, true)).toMatchObject({
    kind: 'retrying',
    nextRetryAtMs: 9,
  });
  expect(connectionView(null, snapshot(at), 1, 0, true)).toMatchObject({ kind: 'refused' });
});

test('a stop by the person is not a failure', () => {
  const reason: DisconnectReason = { code: 'stopped_by_user', message: '', retryable: false };
  expect(connectionView(null, snapshot({ kind: 'disconnected', reason, at: 1 }), 1, 0, true)).toEqual({
    kind: 'stopped',
  });
});

test('what the desktop does about its daemon comes before the state of a client', () => {
  const state: ConnectionState = { kind: 'disconnected', reason: RESET, at: 1, nextRetryAt: 9 };
  const starting = { kind: 'starting', step: 'looking', elapsedMs: 10 } as const;
  expect(connectionView(starting, snapshot(state), 1, 0, true)).toEqual(starting);
});
