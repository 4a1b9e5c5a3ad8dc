/** What the peer does with an upgrade request, by the first part of its path. The faults are made on the raw socket. */
import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import * as z from 'zod';
import { burstMessage } from './cases-order.js';
import { answerQuestion, type PeerConnection } from './peer.js';

export type PeerMode = (connection: PeerConnection) => void;

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const question = z.enum(['now', 'arrived', 'ended', 'release']);

/** Answers with 101 and records what comes. */
function upgrade(connection: PeerConnection, talk: (socket: WebSocket) => void): void {
  const { server, request, socket, head, record } = connection;
  server.handleUpgrade(request, socket, head, (webSocket) => {
    connection.endsWithWebSocket();
    record.upgrade();
    webSocket.on('message', (data: RawData, isBinary) => {
      record.message(bytesOf(data), isBinary);
    });
    webSocket.on('close', (code, reason) => {
      record.close(code, reason.toString('utf8'));
      record.end();
    });
    // A malformed frame ends the connection, which the record tells.
    webSocket.on('error', () => undefined);
    talk(webSocket);
  });
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** The same on the raw socket, for what `ws` would not do. */
function rawUpgrade({ request, socket, record }: PeerConnection, accept?: string): void {
  const key = request.headers['sec-websocket-key'] ?? '';
  const answer = accept ?? createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\n\r\n`,
  );
  if (accept === undefined) record.upgrade();
}

/** An unmasked text frame of at most 125 bytes. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, payload.length]), payload]);
}

function respond(
  { socket }: PeerConnection,
  status: string,
  headers: Record<string, string>,
  body: string,
): void {
  const lines = Object.entries({
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
}

const REFUSAL = JSON.stringify({
  code: 'origin_not_allowed',
  message: 'Origin not allowed: the contract peer refuses every origin here.',
});

const STATUS_TEXTS: ReadonlyMap<string, string> = new Map([
  ['200', 'OK'],
  ['401', 'Unauthorized'],
  ['403', 'Forbidden'],
  ['503', 'Service Unavailable'],
]);

export const PEER_MODES: ReadonlyMap<string, PeerMode> = new Map<string, PeerMode>([
  [
    'echo',
    (connection) => {
      upgrade(connection, (socket) => {
        socket.on('message', (data, isBinary) => {
          socket.send(data, { binary: isBinary });
        });
      });
    },
  ],
  // Takes everything and answers nothing but the close.
  [
    'sink',
    (connection) => {
      upgrade(connection, () => undefined);
    },
  ],
  [
    'observe',
    (connection) => {
      upgrade(connection, (socket) => {
        const { recordOf, name, closedPort } = connection;
        socket.on('message', (data) => {
          const asked = question.safeParse(bytesOf(data).toString('utf8'));
          if (!asked.success) return;
          void answerQuestion(recordOf(name), asked.data).then((seen) => {
            const headers = { ...seen.headers, 'x-closed-port': String(closedPort) };
            socket.send(JSON.stringify({ ...seen, headers }));
          });
        });
      });
    },
  ],
  // The handshake and the first message leave in one write.
  [
    'greet',
    (connection) => {
      connection.socket.cork();
      upgrade(connection, (socket) => {
        socket.send('greeting');
      });
      connection.socket.uncork();
    },
  ],
  [
    'burst',
    (connection) => {
      upgrade(connection, (socket) => {
        const count = Number(connection.argument);
        for (let index = 0; index < count; index += 1) socket.send(burstMessage(index));
        socket.close(1000, 'done');
      });
    },
  ],
  [
    'close',
    (connection) => {
      upgrade(connection, (socket) => {
        socket.close(Number(connection.argument), 'the peer’s reason');
      });
    },
  ],
  // The first byte from the other side brings the fault.
  [
    'reset',
    (connection) => {
      const { socket } = connection;
      rawUpgrade(connection);
      socket.once('data', () => {
        if (socket instanceof Socket) socket.resetAndDestroy();
        else socket.destroy();
      });
    },
  ],
  [
    'end',
    (connection) => {
      const { socket } = connection;
      rawUpgrade(connection);
      socket.once('data', () => socket.end());
    },
  ],
  [
    'greet-and-end',
    (connection) => {
      rawUpgrade(connection);
      connection.socket.end(Buffer.concat(['one', 'two', 'three'].map(textFrame)));
      connection.socket.resume();
    },
  ],
  // Upgrades, and from then on neither reads nor writes: no pong, no close.
  [
    'freeze',
    (connection) => {
      rawUpgrade(connection);
      connection.socket.pause();
    },
  ],
  // Takes the request and never answers it.
  [
    'silence',
    ({ socket }) => {
      socket.resume();
    },
  ],
  // Answers once it is released over `/observe`.
  [
    'slow',
    (connection) => {
      const { record, socket } = connection;
      // Until it reads, it would not learn that the other side has gone.
      socket.resume();
      void record.whenReleased().then(() => {
        if (!socket.destroyed && !socket.readableEnded) upgrade(connection, () => undefined);
        else socket.destroy();
      });
    },
  ],
  [
    'refuse',
    (connection) => {
      const { argument } = connection;
      const status = `${argument} ${STATUS_TEXTS.get(argument) ?? 'Refused'}`;
      respond(connection, status, { 'Content-Type': 'application/json' }, REFUSAL);
    },
  ],
  [
    'refuse-large',
    (connection) => {
      respond(connection, '403 Forbidden', { 'Content-Type': 'text/plain' }, 'no '.repeat(100_000));
    },
  ],
  [
    'redirect',
    (connection) => {
      const { request, name } = connection;
      const Location = `ws://${request.headers.host ?? ''}/echo/${name}-target`;
      respond(connection, '302 Found', { Location }, '');
    },
  ],
  [
    'wrong-accept',
    (connection) => {
      rawUpgrade(connection, 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=');
      connection.socket.resume();
    },
  ],
  [
    'not-http',
    ({ socket }) => {
      socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    },
  ],
]);
