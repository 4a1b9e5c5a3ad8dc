/**
 * Servers that answer a WebSocket upgrade wrongly, each in one way, on purpose: what a window must name and survive.
 * Each counts the requests it got, so that a test knows that its fault was met.
 */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';

export type FaultyDaemon = {
  /** The address a window is given. */
  readonly url: string;
  /** Upgrade requests that were met by the fault. */
  requests: () => number;
  end: () => Promise<void>;
};

export type Fault =
  'answers 403' | 'answers 200' | 'has a wrong accept key' | 'is silent' | 'speaks another version';

const http = (status: string, type: string, body: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\nConnection: close\r\n\r\n${body}`;

const ANSWERS: Record<Exclude<Fault, 'speaks another version'>, (request: string) => string | undefined> = {
  'answers 403': () =>
    http(
      '403 Forbidden',
      'application/json',
      JSON.stringify({ code: 'origin_not_allowed', message: 'Origin not allowed: (none)' }),
    ),
  'answers 200': () => http('200 OK', 'text/html', '<h1>Some other program</h1>'),
  'has a wrong accept key': (request) => {
    const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1] ?? '';
    const wrong = createHash('sha1').update(`${key}not the GUID of RFC 6455`).digest('base64');
    return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${wrong}\r\n\r\n`;
  },
  'is silent': () => undefined,
};

export async function faultyDaemon(fault: Fault): Promise<FaultyDaemon> {
  if (fault === 'speaks another version') return otherVersion();
  const answer = ANSWERS[fault];
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A window that gives up resets the connection, which is what is wanted.
    socket.on('error', () => socket.destroy());
    let head = '';
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      requests += 1;
      const bytes = answer(head);
      head = '';
      if (bytes === undefined) return;
      socket.write(bytes);
      if (!bytes.startsWith('HTTP/1.1 101')) socket.end();
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve(address.port);
    });
  });
  return {
    url: `ws://127.0.0.1:${String(port)}/ws`,
    requests: () => requests,
    end: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A daemon of the future: it upgrades, reads the hello, and speaks version 2 only. */
async function otherVersion(): Promise<FaultyDaemon> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/ws' });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  let requests = 0;
  server.on('connection', (socket) => {
    // A window that gives up may reset the connection.
    socket.on('error', () => socket.terminate());
    socket.once('message', () => {
      requests += 1;
      socket.send(
        JSON.stringify({
          type: 'refused',
          code: 'protocol_unsupported',
          message: 'This daemon speaks version 2 of the protocol.',
          protocol: { min: 2, max: 2 },
          version: '2.0.0',
        }),
      );
      socket.close(4406, 'version 2 only');
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `ws://127.0.0.1:${String(address.port)}/ws`,
    requests: () => requests,
    end: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
