/** The codes of refusals: the specification lists those that are really sent, with their statuses, and no others. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { admitRequest, admitUpgrade, type Admission, type AdmissionRules } from '../src/http/admission.js';
import { Credentials } from '../src/http/credentials.js';
import { REFUSAL_STATUSES } from '../src/http/refusal.js';
import type { RequestHead } from '../src/http/request-head.js';
import { MAX_GUESSES } from '../src/limits.js';
import { DaemonToken } from '../src/token.js';

const specification = readFileSync(new URL('../../protocol/PROTOCOL.md', import.meta.url), 'utf8');
const section = /^## 2\.[\s\S]*?(?=^## 3\.)/m.exec(specification)?.[0] ?? '';

const token = new DaemonToken();
const rulesOf = (isRequired: boolean): AdmissionRules => ({
  allowedHosts: new Set(['localhost:1']),
  allowedOrigins: new Set(['http://localhost:1']),
  credentials: new Credentials(token, isRequired),
});
const rules = rulesOf(false);
const handshake = [
  ['Host', 'localhost:1'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
] as const;

/** A good handshake without one header, with others, or with another line. */
function head(without = '', more: readonly string[] = [], line: Partial<RequestHead> = {}): RequestHead {
  const rawHeaders = [...handshake.filter(([name]) => name !== without).flat(), ...more];
  return { method: 'GET', target: '/ws', httpVersion: '1.1', rawHeaders, ...line };
}

const upgrade = (request: RequestHead, bytesAfterHead = 0, isStopping = false): Admission =>
  admitUpgrade(request, rules, bytesAfterHead, isStopping);

test('section 2 of the specification lists every code of a refusal with its statuses, and no other', () => {
  const listed = [...section.matchAll(/^\| (\d{3}) +\| `(\w+)` +\|/gm)].map(
    (row) => `${row[2] ?? ''} ${row[1] ?? ''}`,
  );
  const sent = Object.entries(REFUSAL_STATUSES).flatMap(([code, statuses]) =>
    statuses.map((status) => `${code} ${String(status)}`),
  );
  expect(listed.sort()).toEqual(sent.sort());
});

test('admission answers each of its codes, with a status that is listed for it', () => {
  expect(upgrade(head())).toMatchObject({ kind: 'accepted' });
  const refusals = [
    upgrade(head('', [], { method: 'POST' })),
    upgrade(head('', [], { target: '/' })),
    upgrade(head('', [], { httpVersion: '1.0' })),
    upgrade(head('Upgrade')),
    upgrade(head('Sec-WebSocket-Version')),
    upgrade(head('Sec-WebSocket-Key')),
    upgrade(head('', ['Content-Length', '1'])),
    upgrade(head('Host')),
    upgrade(head('', ['Host', 'localhost:1'])),
    upgrade(head('Host', ['Host', 'evil.test'])),
    upgrade(head('', ['Origin', 'tauri://localhost'])),
    upgrade(head('', ['Origin', 'http://localhost:1', 'Origin', 'http://localhost:1'])),
    upgrade(head(), 1),
    upgrade(head(), 0, true),
    admitRequest(head('', [], { target: '//evil.test' }), rules),
    admitUpgrade(head(), rulesOf(true), 0, false),
    upgrade(head('', [], { target: '/ws?token=x' })),
    upgrade(head('', ['Authorization', 'Bearer x'])),
    upgrade(head('', ['Authorization', 'Basic eDp5'])),
    upgrade(head('', ['Authorization', 'Bearer x', 'Authorization', `Bearer ${token.reveal()}`])),
    ...Array.from({ length: MAX_GUESSES }, () => upgrade(head('', ['Authorization', 'Bearer x']))),
  ];
  const codes = new Set<string>();
  for (const refusal of refusals) {
    if (refusal.kind !== 'refused') throw new Error('a request that must be refused was not');
    expect(REFUSAL_STATUSES[refusal.code]).toContain(refusal.status);
    codes.add(refusal.code);
  }
  const accepted = upgrade(head('', ['Authorization', `Bearer ${token.reveal()}`]));
  expect(accepted).toEqual({ kind: 'accepted', origin: null, credential: 'token' });
  // These come from the server around it: bytes that are no request, and its own defects.
  const elsewhere = ['malformed_request', 'websocket_handshake', 'internal'];
  expect([...codes, ...elsewhere].sort()).toEqual(Object.keys(REFUSAL_STATUSES).sort());
});

test('the order of the rules is that of the specification: target, path, version, Host, Origin, credential', () => {
  // Everything is wrong; each step takes away what the one before was refused for.
  const wrong = {
    line: { method: 'POST', target: '/other?token=x', httpVersion: '1.0' },
    headers: ['Host', 'evil.test', 'Origin', 'null', 'Authorization', 'Bearer x'],
  };
  const steps: readonly (readonly [string, Partial<RequestHead>, number])[] = [
    ['credential_in_url', wrong.line, 0],
    ['method_not_allowed', { ...wrong.line, target: '/other' }, 0],
    ['path_not_found', { target: '/other', httpVersion: '1.0' }, 0],
    ['http_version', { httpVersion: '1.0' }, 0],
    ['host_not_allowed', {}, 0],
    ['origin_not_allowed', {}, 2],
    ['credential_invalid', {}, 4],
    ['body_not_allowed', {}, 6],
  ];
  const codes = steps.map(([, line, without]) => {
    const host = without === 0 ? [] : ['Host', 'localhost:1'];
    const request = head('Host', [...host, ...wrong.headers.slice(without)], line);
    const verdict = admitUpgrade(request, rulesOf(false), 1, false);
    return verdict.kind === 'refused' ? verdict.code : 'accepted';
  });
  expect(codes).toEqual(steps.map(([code]) => code));
});
