/**
 * A faulty peer on raw TCP: each path is one fault that a hostile or broken program could make, from the first byte of
 * its answer to the last of its frames. It counts the faults it made, so that a test knows that each was met.
 */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MIB = 1024 * 1024;

export type PeerFault = {
  /** What the peer does, as a sentence that goes on from "a peer that". */
  readonly name: string;
  /** What the page must be told: the code of the one error (none for a close by the book), and the code of the close. */
  readonly error: string | null;
  readonly close: number;
  /** Whether the page is told of an open connection first. */
  readonly opened: boolean;
};

type Meeting = {
  readonly socket: Socket;
  readonly accept: string;
  /** Writes a fault; does nothing once the other side has hung up. */
  readonly fault: (bytes: Buffer | string) => void;
  /** Goes on writing for as long as the other side takes it. */
  readonly flood: (bytes: Buffer) => void;
  /** A fault that consists of writing nothing. */
  readonly silence: () => void;
};

type Make = (meeting: Meeting) => void;

/** One unmasked frame (RFC 6455 section 5.2); `first` holds FIN, the reserved bits and the opcode. */
function frame(first: number, payload: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(payload);
  const length = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 255];
  if (bytes.length > 65_535) throw new Error('a frame of this size is written by hand');
  return Buffer.concat([Buffer.from([first, ...length]), bytes]);
}

/** The head of a frame that announces so many bytes. */
function announced(first: number, bytes: bigint): Buffer {
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(bytes, 2);
  return head;
}

const agreed = (accept: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;

const answers = (answer: (accept: string) => string | Buffer): Make => {
  return ({ accept, fault }) => fault(answer(accept));
};

/** An honest upgrade, and then this. */
const upgraded = (then: Make): Make => {
  return (meeting) => {
    meeting.socket.write(`${agreed(meeting.accept)}\r\n`);
    then(meeting);
  };
};

const frames = (...sent: readonly Buffer[]): Make => upgraded(({ fault }) => fault(Buffer.concat(sent)));

/** Resets after so many bytes of these. */
const breaksOff = (bytes: (accept: string) => Buffer, at: number): Make => {
  return ({ socket, accept, fault }) => {
    fault(bytes(accept).subarray(0, at));
    // The bytes before the end, or the reset overtakes them.
    socket.write('', () => socket.resetAndDestroy());
  };
};

const closeCode = (code: number): Buffer => {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(0x88, payload);
};

const HANDSHAKE = { error: 'handshake_failed', close: 1006, opened: false };
const REFUSED = { error: 'upgrade_refused', close: 1006, opened: false };
const PROTOCOL = { error: 'protocol_error', close: 1006, opened: true };
const RESET = { error: 'connection_reset', close: 1006 };
const TIMED_OUT = { error: 'timed_out', close: 1006 };

const FAULTS: readonly (PeerFault & { readonly make: Make })[] = [
  {
    name: 'answers the upgrade with one byte a second',
    ...TIMED_OUT,
    opened: false,
    make: ({ socket, accept, fault }) => {
      const bytes = Buffer.from(`${agreed(accept)}\r\n`);
      let at = 0;
      const timer = setInterval(() => {
        fault(bytes.subarray(at, at + 1));
        at += 1;
      }, 1000);
      socket.once('close', () => clearInterval(timer));
    },
  },
  { name: 'never answers the upgrade', ...TIMED_OUT, opened: false, make: ({ silence }) => silence() },
  { name: 'answers 200', ...REFUSED, make: answers(() => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi') },
  { name: 'answers 403', ...REFUSED, make: answers(() => 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno') },
  {
    name: 'answers 302',
    ...REFUSED,
    make: answers(() => 'HTTP/1.1 302 F\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
  },
  {
    name: 'refuses with an endless body',
    ...REFUSED,
    make: ({ fault, flood }) => {
      fault('HTTP/1.1 500 Error\r\n\r\n');
      flood(Buffer.alloc(64 * 1024, 'x'));
    },
  },
  {
    name: 'agrees with a wrong accept key',
    ...HANDSHAKE,
    make: answers(() => `${agreed('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')}\r\n`),
  },
  {
    name: 'agrees to another protocol',
    ...HANDSHAKE,
    make: answers((accept) => `${agreed(accept).replace('Upgrade: websocket', 'Upgrade: h2c')}\r\n`),
  },
  {
    name: 'agrees without Connection',
    ...HANDSHAKE,
    make: answers((accept) => `${agreed(accept).replace('Connection: Upgrade\r\n', '')}\r\n`),
  },
  {
    name: 'agrees with a subprotocol',
    ...HANDSHAKE,
    make: answers((accept) => `${agreed(accept)}Sec-WebSocket-Protocol: x\r\n\r\n`),
  },
  {
    name: 'agrees with an extension',
    ...HANDSHAKE,
    make: answers((accept) => `${agreed(accept)}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n`),
  },
  { name: 'is a mail server', ...HANDSHAKE, make: answers(() => '220 mail.test ESMTP\r\n') },
  {
    name: 'answers with a header of 1 MB',
    ...HANDSHAKE,
    make: answers(() => `HTTP/1.1 101 S\r\nX: ${'x'.repeat(MIB)}\r\n\r\n`),
  },
  {
    name: 'answers with headers without end',
    ...HANDSHAKE,
    make: ({ fault, flood }) => {
      fault('HTTP/1.1 101 S\r\n');
      flood(Buffer.from('X: y\r\n'.repeat(8192)));
    },
  },
  ...[0, 1, 20, 100].map((at) => ({
    name: `resets at byte ${String(at)} of its answer`,
    ...RESET,
    opened: false,
    make: breaksOff((accept) => Buffer.from(`${agreed(accept)}\r\n`), at),
  })),
  ...[0, 1, 9, 50_000].map((at) => ({
    name: `resets at byte ${String(at)} of a frame`,
    ...RESET,
    opened: true,
    make: upgraded(breaksOff(() => Buffer.concat([announced(0x82, 60_000n), Buffer.alloc(60_000)]), at)),
  })),
  {
    name: 'ends without a close frame',
    ...RESET,
    opened: true,
    make: upgraded(({ socket, silence }) => {
      silence();
      socket.end();
    }),
  },
  { name: 'announces a frame of 2^63-1 bytes', ...PROTOCOL, make: frames(announced(0x82, 2n ** 63n - 1n)) },
  {
    name: 'announces a frame of 16 MiB and a byte',
    ...PROTOCOL,
    make: frames(announced(0x82, BigInt(16 * MIB + 1))),
  },
  {
    name: 'sends a message of more than 16 MiB in fragments',
    ...PROTOCOL,
    make: upgraded(({ fault, flood }) => {
      fault(frame(0x02, Buffer.alloc(60_000)));
      flood(frame(0x00, Buffer.alloc(60_000)));
    }),
  },
  {
    name: 'sends empty fragments without end',
    ...PROTOCOL,
    make: upgraded(({ fault, flood }) => {
      fault(frame(0x01));
      flood(Buffer.concat(Array.from({ length: 32_768 }, () => frame(0x00))));
    }),
  },
  { name: 'sets a reserved bit', ...PROTOCOL, make: frames(frame(0xc1, 'x')) },
  { name: 'uses a reserved opcode', ...PROTOCOL, make: frames(frame(0x83)) },
  { name: 'masks its frames', ...PROTOCOL, make: frames(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78])) },
  { name: 'sends a ping of 126 bytes', ...PROTOCOL, make: frames(frame(0x89, Buffer.alloc(126))) },
  {
    name: 'sends text that is not UTF-8, cut in two',
    ...PROTOCOL,
    make: frames(frame(0x01, Buffer.from([0xe2, 0x82])), frame(0x80, 'x')),
  },
  ...[0, 999, 1005, 5000].map((code) => ({
    name: `closes with the code ${String(code)}`,
    ...PROTOCOL,
    make: frames(closeCode(code)),
  })),
  { name: 'closes with one byte', ...PROTOCOL, make: frames(frame(0x88, Buffer.from([3]))) },
  {
    name: 'goes on after its close',
    error: null,
    close: 4001,
    opened: true,
    make: frames(closeCode(4001), frame(0x81, 'after'), closeCode(4002)),
  },
  {
    name: 'sends control frames between fragments, and then closes',
    error: null,
    close: 4001,
    opened: true,
    make: frames(
      frame(0x01, '1'),
      frame(0x89, 'ping'),
      frame(0x8a, 'pong'),
      frame(0x80, ':'),
      closeCode(4001),
    ),
  },
  { name: 'answers no ping', ...TIMED_OUT, opened: true, make: upgraded(({ silence }) => silence()) },
  {
    name: 'pings without end and reads no answer',
    ...TIMED_OUT,
    opened: true,
    make: upgraded(({ flood, socket }) => {
      socket.pause();
      flood(Buffer.concat(Array.from({ length: 512 }, () => frame(0x89, Buffer.alloc(125)))));
    }),
  },
];

/** The faults, in the order of their paths. */
export const PEER_FAULTS: readonly PeerFault[] = FAULTS;

export type FaultyPeer = {
  /** The address of a fault. */
  readonly urlOf: (fault: PeerFault) => string;
  /** How often a fault was made. */
  readonly made: (fault: PeerFault) => number;
  readonly openSockets: () => number;
  readonly end: () => Promise<void>;
};

export async function startFaultyPeer(): Promise<FaultyPeer> {
  const made = new Map<string, number>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    let head = '';
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      socket.resume();
      const fault = FAULTS[Number(/^GET \/(\d+)/.exec(head)?.[1])];
      if (fault === undefined) {
        socket.destroy();
        return;
      }
      const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? '';
      const count = (): void => void made.set(fault.name, (made.get(fault.name) ?? 0) + 1);
      fault.make({
        socket,
        accept: createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64'),
        fault: (bytes) => {
          count();
          if (socket.writable) socket.write(bytes);
        },
        flood: (bytes) => {
          count();
          const more = (): void => {
            while (socket.writable && socket.write(bytes));
            if (socket.writable) socket.once('drain', more);
          };
          more();
        },
        silence: count,
      });
    };
    socket.on('data', read);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    urlOf: (fault) =>
      `ws://127.0.0.1:${String(address.port)}/${String(FAULTS.findIndex(({ name }) => name === fault.name))}`,
    made: (fault) => made.get(fault.name) ?? 0,
    openSockets: () => sockets.size,
    end: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
