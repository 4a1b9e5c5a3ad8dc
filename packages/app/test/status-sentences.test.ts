import { describe, expect, test } from 'vitest';
import type { ConnectionNames, ConnectionView, Reason } from '../src/connection/connection-view.js';
import { ACTION_LABELS, statusOf, type StatusState } from '../src/connection/status-sentences.js';
import { GALLERY_NOW_MS, GALLERY_STATES } from '../src/gallery/states.js';

const NOW = 1_000_000;
const names: ConnectionNames = {
  daemon: 'studio',
  address: '127.0.0.1:6767',
  pageOrigin: 'https://example.test',
  canStart: false,
  protocol: 1,
  appVersion: '0.1.0',
};
const desktop: ConnectionNames = { ...names, canStart: true };

function reason(code: string, more: Partial<Reason> = {}): Reason {
  return { code, message: 'technical', ...more };
}
const refused = (code: string, more: Partial<Reason> = {}): ConnectionView => ({
  kind: 'refused',
  reason: reason(code, more),
});
const retrying = (
  code: string,
  nextInMs: number | null,
  { hadConnection = true, terminalsGoOn = false } = {},
): ConnectionView => ({
  kind: 'retrying',
  reason: reason(code),
  nextRetryAtMs: nextInMs === null ? null : NOW + nextInMs,
  hadConnection,
  terminalsGoOn,
});
const connected = { kind: 'connected', latencyMs: 2, stalledSinceMs: null, behindBytes: 0 } as const;

const ROWS: readonly [string, ConnectionView, ConnectionNames, StatusState, string, readonly string[]][] = [
  ['connecting, first 400 ms', { kind: 'connecting', sinceMs: NOW - 399 }, names, 'connecting-quiet', '', []],
  [
    'connecting',
    { kind: 'connecting', sinceMs: NOW - 400 },
    names,
    'connecting',
    'Connecting to studio…',
    ['Cancel'],
  ],
  [
    'starting the daemon',
    { kind: 'starting', step: 'waiting for it to listen', elapsedMs: 3900 },
    desktop,
    'starting',
    'Starting the Holdfast daemon… (waiting for it to listen, 3 s)',
    ['Show log'],
  ],
  ['connected', connected, names, 'connected', '', []],
  [
    'stalled',
    { ...connected, stalledSinceMs: NOW - 7100 },
    names,
    'stalled',
    'studio has not answered for 7 s. Your terminals go on running.',
    ['Reconnect now'],
  ],
  [
    'lost, retrying',
    retrying('connection_reset', 4000),
    names,
    'retrying',
    'Connection lost: the connection was cut. Trying again in 4 s.',
    ['Reconnect now', 'Stop trying', 'Details'],
  ],
  [
    'lost, while the next try is under way',
    retrying('connection_reset', null),
    names,
    'retrying',
    'Connection lost: the connection was cut. Trying again now.',
    ['Reconnect now', 'Stop trying', 'Details'],
  ],
  [
    'lost, while the daemon is believed to go on',
    retrying('unresponsive', 4000, { terminalsGoOn: true }),
    names,
    'retrying',
    'Connection lost: the daemon did not answer in time. Trying again in 4 s. Your terminals go on running.',
    ['Reconnect now', 'Stop trying', 'Details'],
  ],
  [
    'never connected, retrying',
    retrying('timed_out', 12_000, { hadConnection: false }),
    names,
    'retrying',
    'No connection to studio: no answer in time. Trying again in 12 s.',
    ['Reconnect now', 'Stop trying', 'Details'],
  ],
  [
    'daemon gone, in a page that cannot start it',
    retrying('connection_refused', 4000),
    names,
    'retrying',
    'Connection lost: connection refused, the daemon is not running. Trying again in 4 s.',
    ['Reconnect now', 'Stop trying', 'Details'],
  ],
  [
    'daemon gone, in the desktop',
    retrying('connection_refused', 4000),
    desktop,
    'retrying',
    'The daemon is not running (connection refused). Trying again in 4 s.',
    ['Start it', 'Stop trying', 'Details'],
  ],
  ['stopped by the person', { kind: 'stopped' }, names, 'stopped', 'Not connected.', ['Connect']],
  [
    'daemon not running',
    refused('daemon_not_running'),
    desktop,
    'daemon-not-running',
    'The daemon is not running.',
    ['Start it', 'Details'],
  ],
  [
    'daemon failed to start',
    { kind: 'start-failed', message: 'ended', exitCode: 1, log: ['first', 'port 6767 is in use'] },
    desktop,
    'daemon-failed',
    'The daemon ended with code 1: port 6767 is in use.',
    ['Try again', 'Show log'],
  ],
  [
    'refused: origin (403)',
    refused('upgrade_refused', { status: 403 }),
    names,
    'refused-origin',
    'The daemon does not accept connections from this page (origin https://example.test).',
    ['How to allow it', 'Details'],
  ],
  [
    'refused: credential',
    refused('unauthorized', { status: 401 }),
    names,
    'refused-credential',
    'The daemon asks for a key that this window does not have.',
    ['How to get in', 'Details'],
  ],
  [
    'refused by policy',
    refused('policy_refused'),
    desktop,
    'refused-policy',
    'This app may not connect to 127.0.0.1:6767.',
    ['How to allow it', 'Details'],
  ],
  [
    'version too old or new',
    refused('protocol_unsupported', { protocol: { client: { min: 1, max: 1 }, daemon: { min: 2, max: 2 } } }),
    names,
    'version',
    'This window speaks version 1, the daemon version 2.',
    ['How to update', 'Details'],
  ],
  [
    'TLS, expired',
    refused('tls', { message: 'certificate has expired' }),
    names,
    'tls',
    'The daemon’s certificate is expired.',
    ['Details'],
  ],
  [
    'TLS, another name',
    refused('tls', { message: 'certificate is not valid for the host name' }),
    names,
    'tls',
    'The daemon’s certificate is for another name.',
    ['Details'],
  ],
  [
    'TLS, another key',
    refused('tls_pin_mismatch', { message: 'the certificate has the pin sha256/x, for the host name' }),
    names,
    'tls',
    'The daemon’s certificate is not the one you paired with.',
    ['Details'],
  ],
  [
    'TLS, none at all',
    refused('tls_failed', { message: 'did not answer with TLS' }),
    names,
    'tls',
    'No secure connection with the daemon could be made.',
    ['Details'],
  ],
  [
    'not a daemon',
    refused('upgrade_refused', { status: 200 }),
    names,
    'not-a-daemon',
    'Something else answers at 127.0.0.1:6767 (HTTP 200).',
    ['Reconnect', 'Details'],
  ],
  [
    'not a daemon, wrong accept key',
    refused('handshake_failed'),
    names,
    'not-a-daemon',
    'Something else answers at 127.0.0.1:6767 (not a WebSocket).',
    ['Reconnect', 'Details'],
  ],
  [
    'replaced',
    refused('replaced', { closeCode: 4409 }),
    names,
    'closed-by-daemon',
    'The daemon closed this connection: another window took over this connection.',
    ['Reconnect', 'Details'],
  ],
  [
    'closed by the daemon',
    refused('closed_by_daemon', { closeCode: 4413 }),
    names,
    'closed-by-daemon',
    'The daemon closed this connection: a message was over the limit of the daemon.',
    ['Reconnect', 'Details'],
  ],
  [
    'behind',
    { ...connected, behindBytes: 3_200_000 },
    names,
    'behind',
    'This view is 3.2 MB behind and catches up by a snapshot.',
    [],
  ],
];

describe('each row of the table says its sentence and offers its buttons', () => {
  test.each(ROWS)('%s', (_row, view, who, state, sentence, actions) => {
    const status = statusOf(view, who, NOW);
    expect(status.state).toBe(state);
    expect(status.sentence).toBe(sentence);
    expect(status.actions.map((action) => ACTION_LABELS[action])).toEqual(actions);
  });
});

test('the countdown never reads 0 before the time has come', () => {
  const view = retrying('connection_reset', 1);
  expect(statusOf(view, names, NOW).sentence).toContain('in 1 s');
});

test('a countdown that runs does not change what is announced', () => {
  const view = retrying('connection_reset', 9000);
  const announcements = [0, 1000, 5000].map((later) => statusOf(view, names, NOW + later).announcement);
  expect(new Set(announcements).size).toBe(1);
});

test('latency is always shown above 150 ms and only on hover below', () => {
  expect(statusOf({ ...connected, latencyMs: 151 }, names, NOW).latency).toEqual({ ms: 151, always: true });
  expect(statusOf({ ...connected, latencyMs: 150 }, names, NOW).latency).toEqual({ ms: 150, always: false });
});

test('a failed start names the trouble in a JSON log, not its last line of routine', () => {
  const log = [
    '{"level":50,"time":"2026-01-05T09:12:01.204Z","msg":"the port is in use"}',
    '{"level":30,"time":"2026-01-05T09:12:01.300Z","event":"daemon.stopping"}',
  ];
  const status = statusOf({ kind: 'start-failed', message: 'ended', exitCode: 3, log }, desktop, NOW);
  expect(status.sentence).toBe('The daemon ended with code 3: the port is in use.');
});

test('the gallery shows every state that the table can say', () => {
  const shown = new Set(
    GALLERY_STATES.map(
      (state) => statusOf(state.view, state.desktop === true ? desktop : names, GALLERY_NOW_MS).state,
    ),
  );
  expect([...new Set(ROWS.map(([, , , state]) => state))].filter((state) => !shown.has(state))).toEqual([]);
});
