/** The codes of refusals: the specification lists those that are really sent, with their statuses, and no others. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  admitRequest,
  admitUpgrade,
  type Admission,
  REFUSAL_STATUSES,
  type RequestHead,
} from '../src/http/admission.js';

const specification = readFileSync(new URL('../../protocol/PROTOCOL.md', import.meta.url), 'utf8');
const section = /^## 2\.[\s\S]*?(?=^## 3\.)/m.exec(specification)?.[0] ?? '';

const rules = { allowedHosts: new Set(['localhost:1']), allowedOrigins: new Set(['http://localhost:1']) };
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
  ];
  const codes = new Set<string>();
  for (const refusal of refusals) {
    if (refusal.kind !== 'refused') throw new Error('a request that must be refused was not');
    expect(REFUSAL_STATUSES[refusal.code]).toContain(refusal.status);
    codes.add(refusal.code);
  }
  // These come from the server around it: bytes that are no request, and its own defects.
  const elsewhere = ['malformed_request', 'websocket_handshake', 'internal'];
  expect([...codes, ...elsewhere].sort()).toEqual(Object.keys(REFUSAL_STATUSES).sort());
});
