/**
 * The other end of the contract suite (Node only): a real HTTP and WebSocket server on a free loopback port. The path
 * chooses what it does, `/<mode>/<name>/<argument>`; what it saw of a connection is told on `/observe/<name>`.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Observation, ObserveQuestion } from './observation.js';
import { PEER_MODES } from './peer-modes.js';
import { PeerRecord } from './peer-record.js';

export type ContractPeer = {
  /** `ws://127.0.0.1:<port>`, for `runContract`. */
  readonly serverUrl: string;
  readonly port: number;
  /** What was seen of the connection with this name, now. */
  observation(name: string): Observation;
  /** Settles when a connection with this name was answered with 101. */
  upgraded(name: string): Promise<Observation>;
  /** Settles when the socket of this name has ended: for promise 8, which is seen from outside. */
  ended(name: string): Promise<Observation>;
  /** Sockets that are open now. */
  readonly openSockets: number;
  /** Ends every connection and the server. */
  close(): Promise<void>;
};

/** One connection as a mode sees it. */
export type PeerConnection = {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly record: PeerRecord;
  readonly name: string;
  readonly argument: string;
  readonly server: WebSocketServer;
  readonly recordOf: (name: string) => PeerRecord;
  /** A port of this computer where nothing listens. */
  readonly closedPort: number;
  /** The end is what `ws` reports: it knows the close frame, which the end of the socket does not tell. */
  readonly endsWithWebSocket: () => void;
};

/** Largest message the peer takes, in bytes: 16 MiB by promise 7, and room above it. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

export async function startContractPeer(): Promise<ContractPeer> {
  const records = new Map<string, PeerRecord>();
  const recordOf = (name: string): PeerRecord => {
    let record = records.get(name);
    if (record === undefined) {
      record = new PeerRecord(name);
      records.set(name, record);
    }
    return record;
  };
  const sockets = new Set<Duplex>();
  const webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  const closedPort = await freePort();
  const server = createServer((_request, response) => {
    response
      .writeHead(426, { 'content-type': 'text/plain' })
      .end('The contract peer speaks WebSocket only.\n');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    // A fault made on purpose ends in an error here, which is nothing to be told.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    const [, mode = '', name = '', argument = ''] = (request.url ?? '').split('/').map(decodeURIComponent);
    const record = mode === 'observe' ? new PeerRecord(name) : recordOf(name);
    record.arrive(request);
    let keptByWebSocket = false;
    socket.on('close', () => {
      if (!keptByWebSocket) record.end();
    });
    const answer = PEER_MODES.get(mode);
    if (answer === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    answer({
      request,
      socket,
      head,
      record,
      name,
      argument,
      server: webSockets,
      recordOf,
      closedPort,
      endsWithWebSocket: () => {
        keptByWebSocket = true;
      },
    });
  });
  const port = await listen(server);
  return {
    serverUrl: `ws://127.0.0.1:${String(port)}`,
    port,
    observation: (name) => recordOf(name).observation(),
    upgraded: (name) => recordOf(name).whenUpgraded(),
    ended: (name) => recordOf(name).whenEnded(),
    get openSockets() {
      return sockets.size;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      for (const socket of sockets) socket.destroy();
      webSockets.close();
      await closed;
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** The system does not give a port again at once after it was closed. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The answer to a question on `/observe/<name>`. */
export async function answerQuestion(record: PeerRecord, question: ObserveQuestion): Promise<Observation> {
  switch (question) {
    case 'now':
      return record.observation();
    case 'arrived':
      return record.whenArrived();
    case 'ended':
      return record.whenEnded();
    case 'release': {
      const before = record.observation();
      record.release();
      return before;
    }
  }
}
