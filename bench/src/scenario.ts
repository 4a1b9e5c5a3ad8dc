/**
 * The other end of the load generator: does one case over any `DaemonTransport`. The page runs it over every way that the
 * window has, and Node over its own; there is no other code between a transport and a figure.
 */
import type { DaemonTransport, DaemonTransportFactory } from '@holdfast/client/transport';

/** What one connection is to do; the generator learns its part from the URL. */
export type Scenario =
  | { readonly case: 'to-page'; readonly count: number }
  | { readonly case: 'to-rust'; readonly count: number }
  /** `flood`: this side floods as well. `draw`: what the other side floods with is drawn. */
  | { readonly case: 'round-trip'; readonly flood: boolean; readonly draw: boolean }
  | { readonly case: 'stall'; readonly blockMs: number };

/** What this side saw: messages, and their length in UTF-16 units or bytes. */
export type Seen = { readonly messages: number; readonly units: number };

/** What a place has besides a transport. */
export type Place = {
  /** Draws terminal output; settles when it is drawn. */
  readonly draw: (text: string) => void;
  /** A turn of the event loop, sooner than a timer would give one. */
  readonly turn: () => Promise<void>;
};

/** Sends wait while more than this is buffered, in bytes: far below every transport's own limit. */
const BUFFERED_BYTES = 4 * 1024 * 1024;
/** ... and while flooding beside round trips, as a program would that looks at what it has buffered. */
const FLOOD_BUFFERED_BYTES = 256 * 1024;
/** Bytes sent in one turn: a page that sends for longer hangs. */
const TURN_BYTES = 256 * 1024;
/** Content of the flood that this side sends beside round trips. */
const FLOOD = 'f'.repeat(1024);

/** Runs one case to its end, the close included. */
export async function runScenario(
  factory: DaemonTransportFactory,
  url: string,
  scenario: Scenario,
  place: Place,
): Promise<Seen> {
  const transport = factory({ url });
  return new Promise<Seen>((resolve, reject) => {
    let seen: Seen | undefined;
    let failure: unknown;
    const finished = (result: Seen): void => {
      seen = result;
      transport.close();
    };
    transport.onOpen(() => {
      begin(transport, scenario, place, finished);
      transport.send('ready');
    });
    transport.onError((event) => (failure = event));
    transport.onClose((event) => {
      if (seen) resolve(seen);
      else reject(new Error(`ended before its time: ${JSON.stringify(failure ?? event)}`));
    });
  });
}

type Finished = (seen: Seen) => void;

function begin(transport: DaemonTransport, scenario: Scenario, place: Place, finished: Finished): void {
  switch (scenario.case) {
    case 'to-page':
      take(transport, scenario.count, finished);
      return;
    case 'to-rust':
      give(transport, scenario.count, place, finished);
      return;
    case 'round-trip':
      answer(transport, scenario, place, finished);
      return;
    case 'stall':
      stall(transport, scenario.blockMs, finished);
      return;
  }
}

/** Every message is looked at: its length and its last unit. */
function take(transport: DaemonTransport, count: number, finished: Finished): void {
  let messages = 0;
  let units = 0;
  let last = 0;
  transport.onMessage((message) => {
    const data = dataOf(message);
    messages += 1;
    units += data.length;
    last ^= typeof data === 'string' ? data.charCodeAt(data.length - 1) : (data[data.length - 1] ?? 0);
    if (messages !== count) return;
    transport.send('done');
    // `last` is used, so that no engine may leave the look out.
    finished({ messages, units: units + (last & 0) });
  });
}

/** The first message says what to send; the next one that it has all been read. */
function give(transport: DaemonTransport, count: number, place: Place, finished: Finished): void {
  let begun = false;
  transport.onMessage((message) => {
    const data = dataOf(message);
    if (begun) {
      finished({ messages: count, units: count * data.length });
      return;
    }
    begun = true;
    void sendMany(transport, data, count, place);
  });
}

async function sendMany(
  transport: DaemonTransport,
  data: string | Uint8Array,
  count: number,
  place: Place,
): Promise<void> {
  const each = Math.max(1, Math.floor(TURN_BYTES / data.length));
  for (let sent = 0; sent < count;) {
    if (buffered(transport) > BUFFERED_BYTES) {
      await place.turn();
      continue;
    }
    for (let turn = Math.min(each, count - sent); turn > 0; turn -= 1, sent += 1) transport.send(data);
    await place.turn();
  }
}

/** Answers pings (`p...`) at once; `end` ends it. */
function answer(
  transport: DaemonTransport,
  scenario: { readonly flood: boolean; readonly draw: boolean },
  place: Place,
  finished: Finished,
): void {
  let messages = 0;
  let ended = false;
  transport.onMessage((message) => {
    const data = dataOf(message);
    messages += 1;
    if (typeof data !== 'string') return;
    if (data.length === 32 && data.startsWith('p')) transport.send(data);
    else if (data === 'end') {
      ended = true;
      transport.send('done');
      finished({ messages, units: 0 });
    } else if (scenario.draw) place.draw(data);
  });
  const flood = async (): Promise<void> => {
    while (!ended) {
      for (let count = 32; count > 0 && buffered(transport) < FLOOD_BUFFERED_BYTES; count -= 1)
        transport.send(FLOOD);
      await place.turn();
    }
  };
  if (scenario.flood) void flood();
}

/** Blocks this thread soon after the flood has begun, then lets it go on. */
function stall(transport: DaemonTransport, blockMs: number, finished: Finished): void {
  let messages = 0;
  let units = 0;
  transport.onMessage((message) => {
    const data = dataOf(message);
    if (data === 'end') {
      transport.send('done');
      finished({ messages, units });
      return;
    }
    messages += 1;
    units += data.length;
    if (messages !== 1) return;
    setTimeout(() => {
      const until = Date.now() + blockMs;
      while (Date.now() < until);
      transport.send('stop');
    }, STALL_AFTER_MS);
  });
}

/** How long a flood runs before the page blocks, in ms: what blocks is then a page that was keeping up. */
export const STALL_AFTER_MS = 500;

function buffered(transport: DaemonTransport): number {
  return (transport as { readonly bufferedAmount?: number }).bufferedAmount ?? 0;
}

function dataOf(message: unknown): string | Uint8Array {
  if (typeof message === 'string' || message instanceof Uint8Array) return message;
  return dataOf((message as { readonly data: unknown }).data);
}
