/**
 * Option A against what the official plugin gets wrong. The plugin is faked here, because these faults must be made on
 * purpose; the contract suite runs over the real one in a real window.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DaemonTransport, TransportErrorEvent } from '../src/transport.js';
import { causeOfString } from '../src/transports/tauri-websocket-causes.js';

type Call = {
  readonly command: string;
  readonly args: Record<string, unknown>;
  readonly resolve: (value?: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** Tauri's IPC as the page sees it: each command waits until the test answers it. */
class FakeTauri {
  readonly calls: Call[] = [];
  readonly callbacks = new Map<number, (data: unknown) => void>();
  #nextCallback = 1;

  readonly transformCallback = (callback: (data: unknown) => void): number => {
    const id = this.#nextCallback;
    this.#nextCallback += 1;
    this.callbacks.set(id, callback);
    return id;
  };
  readonly unregisterCallback = (id: number): void => {
    this.callbacks.delete(id);
  };
  readonly invoke = (command: string, args: Record<string, unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      this.calls.push({ command, args, resolve, reject });
    });

  async call(index: number): Promise<Call> {
    await vi.waitFor(() => {
      expect(this.calls.length).toBeGreaterThan(index);
    });
    const call = this.calls[index];
    if (call === undefined) throw new Error('no such call');
    return call;
  }
  /** The plugin speaks to the page over the channel of a `connect`. */
  deliver(connect: Call, data: unknown): void {
    const id = Number(String(connect.args['onMessage']).replace('__CHANNEL__:', ''));
    this.callbacks.get(id)?.(data);
  }
}

type Seen = { readonly events: string[]; error: TransportErrorEvent | undefined };

function record(transport: DaemonTransport): Seen {
  const seen: Seen = { events: [], error: undefined };
  transport.onOpen(() => seen.events.push('open'));
  transport.onMessage((data) => seen.events.push(`message ${String(data)}`));
  transport.onError((event) => {
    seen.error = event as TransportErrorEvent;
    seen.events.push(`error ${seen.error.code}`);
  });
  transport.onClose((event) => seen.events.push(`close ${String((event as { code: number }).code)}`));
  return seen;
}

let tauri: FakeTauri;
let storage: Map<string, string>;

async function factory(): Promise<(url?: string, headers?: Record<string, string>) => DaemonTransport> {
  const { createTauriWebSocketTransportFactory } = await import('../src/transports/tauri-websocket.js');
  const create = createTauriWebSocketTransportFactory();
  return (url = 'ws://127.0.0.1:1/ws', headers) => create(headers === undefined ? { url } : { url, headers });
}

beforeEach(() => {
  // Each test is a page of its own: what a page holds open is remembered by its modules.
  vi.resetModules();
  tauri = new FakeTauri();
  storage = new Map();
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('__TAURI_INTERNALS__', tauri);
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => storage.set(key, value),
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the transport over the official plugin', () => {
  it('passes headers on, and delivers what came before the connection was known, after open', async () => {
    const seen = record((await factory())('ws://127.0.0.1:1/ws', { 'X-Test': '1' }));
    const connect = await tauri.call(0);
    expect(connect.args['config']).toMatchObject({ headers: [['X-Test', '1']] });
    tauri.deliver(connect, { index: 0, message: { type: 'Text', data: 'early' } });
    connect.resolve(7);
    await vi.waitFor(() => {
      expect(seen.events).toEqual(['open', 'message early']);
    });
  });

  it('sends one message at a time, in the order of the calls, those before open included', async () => {
    const transport = (await factory())();
    transport.send('one');
    const connect = await tauri.call(0);
    connect.resolve(7);
    const one = await tauri.call(1);
    transport.send('two');
    transport.send(new Uint8Array([3]));
    expect(tauri.calls.length).toBe(2);
    one.resolve();
    (await tauri.call(2)).resolve();
    (await tauri.call(3)).resolve();
    expect(tauri.calls.slice(1).map(({ args }) => args['message'])).toEqual([
      { type: 'Text', data: 'one' },
      { type: 'Text', data: 'two' },
      { type: 'Binary', data: [3] },
    ]);
  });

  it('asks again when the plugin does not know a connection that it has just made', async () => {
    const transport = (await factory())();
    const seen = record(transport);
    transport.send('first');
    (await tauri.call(0)).resolve(7);
    (await tauri.call(1)).reject('connection not found for the given id: 7');
    const again = await tauri.call(2);
    expect(again.args['message']).toEqual({ type: 'Text', data: 'first' });
    again.resolve();
    expect(seen.events).toEqual(['open']);
  });

  it('takes an error string for the end, and ends once although the stream ends, too', async () => {
    const seen = record((await factory())());
    const connect = await tauri.call(0);
    connect.resolve(7);
    await vi.waitFor(() => {
      expect(seen.events).toEqual(['open']);
    });
    tauri.deliver(connect, {
      index: 0,
      message: 'WebSocket protocol error: Connection reset without closing handshake',
    });
    tauri.deliver(connect, { index: 1, end: true });
    expect(seen.events).toEqual(['open', 'error connection_reset', 'close 1006']);
    expect(tauri.callbacks.size).toBe(0);
  });

  it('notices the end of the stream that nobody told it of', async () => {
    const seen = record((await factory())());
    const connect = await tauri.call(0);
    connect.resolve(7);
    await vi.waitFor(() => {
      expect(seen.events).toEqual(['open']);
    });
    tauri.deliver(connect, { index: 0, end: true });
    expect(seen.events).toEqual(['open', 'error connection_reset', 'close 1006']);
  });

  it('puts messages into their order, and fails in place of waiting for ever for one that was lost', async () => {
    const seen = record((await factory())());
    const connect = await tauri.call(0);
    connect.resolve(7);
    await vi.waitFor(() => {
      expect(seen.events).toEqual(['open']);
    });
    tauri.deliver(connect, { index: 1, message: { type: 'Text', data: 'second' } });
    tauri.deliver(connect, { index: 0, message: { type: 'Text', data: 'first' } });
    expect(seen.events).toEqual(['open', 'message first', 'message second']);
    vi.useFakeTimers();
    tauri.deliver(connect, { index: 3, message: { type: 'Text', data: 'fourth' } });
    vi.advanceTimersByTime(15_000);
    expect(seen.events.slice(3)).toEqual(['error transport_failed', 'close 1006']);
  });

  it('sends one close frame for close(), after what was sent before it', async () => {
    const transport = (await factory())();
    const seen = record(transport);
    const connect = await tauri.call(0);
    connect.resolve(7);
    await vi.waitFor(() => {
      expect(seen.events).toEqual(['open']);
    });
    transport.send('last words');
    transport.close(4000, 'bye');
    transport.close(4001, 'bye again');
    (await tauri.call(1)).resolve();
    const close = await tauri.call(2);
    expect(close.args['message']).toEqual({ type: 'Close', data: { code: 4000, reason: 'bye' } });
    close.resolve();
    tauri.deliver(connect, { index: 0, message: { type: 'Close', data: { code: 4000, reason: 'bye' } } });
    expect(seen.events).toEqual(['open', 'close 4000']);
    expect(tauri.calls.length).toBe(3);
  });

  it('closes a connection that is made after it was given up', async () => {
    const transport = (await factory())();
    const seen = record(transport);
    const connect = await tauri.call(0);
    transport.close();
    connect.resolve(7);
    const close = await tauri.call(1);
    expect(close.args).toMatchObject({ id: 7, message: { type: 'Close' } });
    expect(seen.events).toEqual(['close 1006']);
  });

  it('pings a silent peer and ends the connection when nothing comes back', async () => {
    const seen = record((await factory())());
    const connect = await tauri.call(0);
    vi.useFakeTimers();
    connect.resolve(7);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(tauri.calls[1]?.args['message']).toEqual({ type: 'Ping', data: [] });
    tauri.calls[1]?.resolve();
    tauri.deliver(connect, { index: 0, message: { type: 'Pong', data: [] } });
    await vi.advanceTimersByTimeAsync(25_000);
    tauri.calls[2]?.resolve();
    expect(seen.events).toEqual(['open']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen.events).toEqual(['open', 'error timed_out', 'close 1006']);
  });

  it('closes at its start what an earlier page of this window left open', async () => {
    storage.set('holdfast.tauri-websocket.connections', '[11,12]');
    await factory();
    expect(tauri.calls.map(({ args }) => args['id'])).toEqual([11, 12]);
    expect(storage.get('holdfast.tauri-websocket.connections')).toBe('[]');
  });

  it('is not disturbed by storage that holds something else', async () => {
    storage.set('holdfast.tauri-websocket.connections', '{"__proto__":');
    await factory();
    expect(tauri.calls).toEqual([]);
  });

  it('is available exactly where the plugin itself answers', async () => {
    const { isTauriWebSocketAvailable } = await import('../src/transports/tauri-websocket.js');
    const present = isTauriWebSocketAvailable();
    (await tauri.call(0)).reject('connection not found for the given id: 0');
    await expect(present).resolves.toBe(true);
    const absent = isTauriWebSocketAvailable();
    (await tauri.call(1)).reject('websocket.send not allowed. Plugin not found');
    await expect(absent).resolves.toBe(false);
    vi.unstubAllGlobals();
    await expect(isTauriWebSocketAvailable()).resolves.toBe(false);
  });

  it('fails with a sentence outside Tauri, after the factory has returned', async () => {
    vi.unstubAllGlobals();
    const { createTauriWebSocketTransportFactory } = await import('../src/transports/tauri-websocket.js');
    const seen = record(createTauriWebSocketTransportFactory()({ url: 'ws://127.0.0.1:1/ws' }));
    expect(seen.events).toEqual([]);
    await vi.waitFor(() => {
      expect(seen.events).toEqual(['error transport_failed', 'close 1006']);
    });
  });

  it.each([
    ['IO error: Connection refused (os error 111)', 'connection_refused'],
    [
      'IO error: No connection could be made because the target machine actively refused it. (os error 10061)',
      'connection_refused',
    ],
    ['HTTP error: 403 Forbidden', 'upgrade_refused'],
    ['HTTP error: 200 OK', 'upgrade_refused'],
    ['WebSocket protocol error: Key mismatch in "Sec-WebSocket-Accept" header', 'handshake_failed'],
    ['WebSocket protocol error: Handshake not finished', 'handshake_failed'],
    ['WebSocket protocol error: Connection reset without closing handshake', 'connection_reset'],
    ['IO error: Connection reset by peer (os error 104)', 'connection_reset'],
    ['IO error: failed to lookup address information: Name or service not known', 'name_not_resolved'],
    ['IO error: No route to host (os error 113)', 'unreachable'],
    ['URL error: URL scheme not supported', 'invalid_url'],
    ['failed to parse header value', 'invalid_header'],
    ['TLS error: native-tls error: certificate verify failed', 'tls'],
    ['Space limit exceeded: Message too long: 1 > 0', 'protocol_error'],
    [
      'websocket.connect not allowed. Permissions associated with this command: websocket:allow-connect',
      'policy_refused',
    ],
    ['something new', 'transport_failed'],
  ])('knows "%s" as %s', (text, code) => {
    expect(causeOfString('ws://127.0.0.1:1/ws', text)).toMatchObject({ code });
  });
});
