/**
 * The other end of the tests of delivery: a WebSocket server that floods, asks and answers, reads or does not read,
 * as the path says: `/<mode>/<name>?<options>`. Its messages are numbered and checked on both sides
 * (`e2e/contract-app/page/traffic.ts`), and it counts what the system has taken from it.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';

/** One name: all connections that were made to it, the newest of which counts. */
export type Line = {
  /** The address a page connects to. */
  readonly url: string;
  /** Connections made, and those that are open now. */
  connections: number;
  open: number;
  /** The newest connection began and ended at this time of `performance.now()`. */
  openedAt: number;
  endedAt: number | undefined;
  closeCode: number | undefined;
  /** Messages sent by `flood`, and bytes that the system has taken for it. */
  sent: number;
  accepted: () => number;
  /** Ends a flood: after what is on its way, the page is told the number. */
  stop: () => void;
  /** Reads from now on. For `unread`. */
  read: () => void;
  /** Messages that came in the order of their numbers, and the first that did not. */
  received: number;
  wrong: string | undefined;
  /** Times between a question and its answer in ms, and when the last answer came. For `ask`. */
  roundTrips: number[];
  answeredAt: number;
  /** Sends one message. */
  send: (text: string) => void;
  /** The last message that came. */
  last: string | undefined;
};

export type TrafficPeer = {
  readonly url: string;
  /** The line of a name and mode. Options are numbers: see the modes. */
  line: (mode: Mode, name: string, options?: Readonly<Record<string, number | string>>) => Line;
  /** Sockets that are open now, of all lines. */
  openSockets: () => number;
  end: () => Promise<void>;
};

/**
 * `flood`: numbered messages of `size` bytes (`kind=binary` for bytes), without end or `count` of them, as fast as the
 * page takes them; with `block` it first has the page block its main thread for so many ms. `ask`: one question after another, `every` ms or at once. `echo`. `count`: reads numbered messages.
 * `unread`: the same, but only once it is told to.
 */
export type Mode = 'flood' | 'ask' | 'echo' | 'count' | 'unread';

/** Bytes of frames that are written at once: few enough system calls, and little beside the system's own buffers. */
const BLOCK_BYTES = 64 * 1024;

type Connection = {
  readonly line: Line;
  readonly webSocket: WebSocket;
  readonly socket: Duplex;
  readonly options: URLSearchParams;
};

export async function startTrafficPeer(): Promise<TrafficPeer> {
  const lines = new Map<string, Line>();
  const sockets = new Set<Duplex>();
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 << 20 });
  const server = createServer();
  server.on('connection', (socket) => {
    sockets.add(socket);
    // A page that goes may reset its connections.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const line = lines.get(url.pathname);
    const mode = url.pathname.split('/')[1];
    if (line === undefined || mode === undefined || !isMode(mode)) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      begin(line, webSocket, socket);
      MODES[mode]({ line, webSocket, socket, options: url.searchParams });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const base = `ws://127.0.0.1:${String(address.port)}`;
  return {
    url: base,
    line: (mode, name, options = {}) => {
      const query = new URLSearchParams(
        Object.entries(options).map(([key, value]): [string, string] => [key, String(value)]),
      );
      const path = `/${mode}/${name}`;
      const line = newLine(`${base}${path}${query.size === 0 ? '' : `?${query.toString()}`}`);
      lines.set(path, line);
      return line;
    },
    openSockets: () => sockets.size,
    end: async () => {
      for (const socket of sockets) socket.destroy();
      webSockets.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function newLine(url: string): Line {
  return {
    url,
    connections: 0,
    open: 0,
    openedAt: 0,
    endedAt: undefined,
    closeCode: undefined,
    sent: 0,
    accepted: () => 0,
    stop: () => undefined,
    read: () => undefined,
    received: 0,
    wrong: undefined,
    roundTrips: [],
    answeredAt: 0,
    send: () => undefined,
    last: undefined,
  };
}

function begin(line: Line, webSocket: WebSocket, socket: Duplex): void {
  line.connections += 1;
  line.open += 1;
  line.openedAt = performance.now();
  line.endedAt = undefined;
  line.closeCode = undefined;
  line.accepted = () => (socket instanceof Socket ? socket.bytesWritten - socket.writableLength : 0);
  line.send = (text) => webSocket.send(text);
  webSocket.on('message', (data: RawData) => {
    line.last = textOf(data);
  });
  // What a page sends wrongly ends the connection, which its line tells.
  webSocket.on('error', () => webSocket.terminate());
  webSocket.on('close', (code) => {
    line.open -= 1;
    line.endedAt = performance.now();
    line.closeCode = code;
  });
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8');
}

/** The same text as in the page. */
function numbered(number: number, size: number): string {
  const head = `${String(number)}:`;
  return head + String.fromCharCode(97 + (number % 26)).repeat(Math.max(0, size - head.length));
}

/** One unmasked frame (RFC 6455 section 5.2). */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** Checks that messages come in the order of their numbers. */
function check({ line, webSocket }: Connection): void {
  webSocket.on('message', (data) => {
    const text = textOf(data);
    const number = Number(text.slice(0, text.indexOf(':')));
    if (number === line.received + 1 && text === numbered(number, text.length)) line.received += 1;
    else line.wrong ??= `${String(line.received + 1)} was expected, and ${text.slice(0, 40)} came`;
  });
}

const MODES: Readonly<Record<Mode, (connection: Connection) => void>> = {
  flood: (connection) => void flood(connection),
  ask: ({ line, webSocket, options }) => {
    const every = Number(options.get('every') ?? '0');
    let asked = 0;
    let askedAt = 0;
    const ask = (): void => {
      if (webSocket.readyState !== webSocket.OPEN) return;
      asked += 1;
      askedAt = performance.now();
      webSocket.send(String(asked));
    };
    webSocket.on('message', (data) => {
      line.answeredAt = performance.now();
      if (textOf(data) === String(asked)) {
        line.roundTrips.push(line.answeredAt - askedAt);
        line.received += 1;
      } else line.wrong ??= `${String(asked)} was asked, and ${textOf(data).slice(0, 40)} was answered`;
      if (every > 0) setTimeout(ask, every);
      else setImmediate(ask);
    });
    ask();
  },
  echo: ({ webSocket }) => {
    webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
  },
  count: check,
  unread: (connection) => {
    connection.webSocket.pause();
    connection.line.read = () => connection.webSocket.resume();
    check(connection);
  },
};

function isMode(mode: string): mode is Mode {
  return Object.hasOwn(MODES, mode);
}

async function flood({ line, webSocket, socket, options }: Connection): Promise<void> {
  const size = Number(options.get('size') ?? '1000');
  const count = Number(options.get('count') ?? 'Infinity');
  const opcode = options.get('kind') === 'binary' ? 2 : 1;
  const stopped = new AbortController();
  line.stop = () => stopped.abort();
  line.sent = 0;
  const block = options.get('block');
  if (block !== null) webSocket.send(`block:${block}`);
  while (!stopped.signal.aborted && line.sent < count && webSocket.readyState === webSocket.OPEN) {
    const frames: Buffer[] = [];
    let bytes = 0;
    while (bytes < BLOCK_BYTES && line.sent < count) {
      line.sent += 1;
      const next = frame(opcode, Buffer.from(numbered(line.sent, size)));
      bytes += next.length;
      frames.push(next);
    }
    if (!socket.write(Buffer.concat(frames))) await drained(socket);
  }
  if (webSocket.readyState === webSocket.OPEN) webSocket.send(`sent:${String(line.sent)}`);
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle);
      socket.off('close', settle);
      resolve();
    };
    socket.once('drain', settle);
    socket.once('close', settle);
  });
}
