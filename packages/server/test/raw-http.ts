/** Requests byte by byte over a raw socket, to either of the places where a daemon listens. */
import { readFile } from 'node:fs/promises';
import { connect, type NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { runtimeFile } from '@holdfast/protocol';
import type { TestDaemon } from './daemon-fixture.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

export type Way = 'tcp' | 'unix';
/** The two ways to a daemon; every rule of admission is tried on both. */
export const WAYS: readonly Way[] = ['tcp', 'unix'];

const placeOf = (daemon: TestDaemon, way: Way): NetConnectOpts =>
  way === 'unix' ? { path: daemon.socket ?? '' } : { host: '127.0.0.1', port: daemon.port };

/** What `Host` says where it is right. */
export const hostOf = (daemon: TestDaemon, way: Way): string =>
  way === 'unix' ? 'localhost' : `127.0.0.1:${String(daemon.port)}`;

export type RawAnswer = { readonly status: number; readonly head: string; readonly body: string };

/** Sends bytes and reads until the daemon closes, or until the head of a 101. Status 0: closed without an answer. */
export function exchange(
  daemon: TestDaemon,
  bytes: string | Buffer,
  { way = 'tcp', halfClose = false }: { way?: Way; halfClose?: boolean } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(placeOf(daemon, way));
    const done = (): void => {
      socket.destroy();
      const [head = '', body = ''] = text.split('\r\n\r\n', 2);
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body });
    };
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') done();
      else reject(error);
    });
    socket.on('close', done);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.startsWith('HTTP/1.1 101') && text.includes('\r\n\r\n')) done();
    });
    if (halfClose) socket.end(bytes);
    else socket.write(bytes);
  });
}

export type Head = {
  readonly line?: string;
  readonly host?: string | null;
  readonly headers?: readonly string[];
  readonly upgrade?: readonly string[];
  readonly after?: string;
};

/** A handshake that is right but for what is given. */
export function handshake(daemon: TestDaemon, head: Head = {}, way: Way = 'tcp'): string {
  const host = head.host === undefined ? hostOf(daemon, way) : head.host;
  const upgrade = head.upgrade ?? [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
  ];
  const lines = [head.line ?? 'GET /ws HTTP/1.1', ...(host === null ? [] : [`Host: ${host}`]), ...upgrade];
  return `${[...lines, ...(head.headers ?? [])].join('\r\n')}\r\n\r\n${head.after ?? ''}`;
}

/** A plain request that is right but for the headers given. */
export function plainRequest(
  daemon: TestDaemon,
  target: string,
  headers: readonly string[],
  way: Way,
): string {
  const lines = [`GET ${target} HTTP/1.1`, `Host: ${hostOf(daemon, way)}`, 'Connection: close', ...headers];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The code of a refusal's body; undefined where it was none. */
export function codeOf({ body }: RawAnswer): string | undefined {
  return body.startsWith('{') ? (JSON.parse(body) as { code?: string }).code : undefined;
}

/** The token that a daemon has written into its runtime file. */
export async function tokenOf(home: string): Promise<string> {
  const { token } = runtimeFile.parse(JSON.parse(await readFile(join(home, 'daemon.json'), 'utf8')));
  if (token === undefined) throw new Error('the runtime file has no token');
  return token;
}
