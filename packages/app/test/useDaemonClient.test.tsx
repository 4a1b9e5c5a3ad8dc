// @vitest-environment happy-dom
import type { DaemonTransport, DaemonTransportFactory } from '@holdfast/client';
import { act, StrictMode, type ReactElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RELEASE_DELAY_MS } from '../src/limits.js';
import { useDaemonClient } from '../src/connection/useDaemonClient.js';

/** A daemon in this process, made to count what a real one cannot show: how many sockets a page opens. */
class Sockets {
  opened = 0;
  open = 0;
  most = 0;

  readonly factory: DaemonTransportFactory = () => {
    this.opened += 1;
    this.open += 1;
    this.most = Math.max(this.most, this.open);
    const handlers = {
      message: new Set<(data: unknown) => void>(),
      open: new Set<() => void>(),
      close: new Set<(event?: unknown) => void>(),
    };
    const on =
      <H,>(set: Set<H>) =>
      (handler: H): (() => void) => {
        set.add(handler);
        return () => set.delete(handler);
      };
    let closed = false;
    const say = (message: object): void => {
      queueMicrotask(() => {
        if (!closed) for (const handler of handlers.message) handler(JSON.stringify(message));
      });
    };
    const transport: DaemonTransport = {
      send: (data) => {
        const message: unknown = JSON.parse(String(data));
        if (typeof message !== 'object' || message === null || !('type' in message)) return;
        if (message.type === 'hello') {
          say({
            type: 'welcome',
            protocol: 1,
            daemonId: 'd',
            epoch: 'e',
            version: '0.1.0',
            hostName: 'studio',
            home: '/home/ada',
            limits: { maxMessageBytes: 1 << 20, maxInputBytes: 1 << 16, outputWindowBytes: 1 << 20 },
          });
        } else if (message.type === 'request' && 'id' in message) {
          say({ type: 'response', id: message.id, ok: true, result: { revision: 0, terminals: [] } });
        } else if (message.type === 'ping' && 'id' in message) say({ type: 'pong', id: message.id });
      },
      close: (code = 1000, reason = '') => {
        if (closed) return;
        closed = true;
        this.open -= 1;
        queueMicrotask(() => {
          for (const handler of handlers.close) handler({ code, reason, wasClean: true });
        });
      },
      onMessage: on(handlers.message),
      onOpen: on(handlers.open),
      onClose: on(handlers.close),
      onError: () => () => undefined,
    };
    queueMicrotask(() => {
      if (!closed) for (const handler of handlers.open) handler();
    });
    return transport;
  };
}

function State({ url, sockets }: { readonly url: string | null; readonly sockets: Sockets }): ReactElement {
  const handle = useDaemonClient(url, sockets.factory);
  return <p>{handle === null ? 'none' : `${handle.client.url} ${handle.snapshot.state.kind}`}</p>;
}

let root: Root;
let place: HTMLElement;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  vi.stubGlobal('__APP_VERSION__', '0.1.0');
  place = document.createElement('div');
  document.body.append(place);
  root = createRoot(place);
});
afterEach(async () => {
  await act(async () => {
    root.unmount();
    await vi.advanceTimersByTimeAsync(10 * RELEASE_DELAY_MS);
  });
  place.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function render(element: ReactElement | null, ms = 10): Promise<void> {
  act(() => {
    root.render(<StrictMode>{element}</StrictMode>);
  });
  await act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
}

test('strict mode opens one socket and connects', async () => {
  const sockets = new Sockets();
  await render(<State url="ws://a/ws" sockets={sockets} />);
  expect(place.textContent).toBe('ws://a/ws connected');
  expect(sockets.opened).toBe(1);
});

test('two components for one address share one socket, which outlives either of them', async () => {
  const sockets = new Sockets();
  const one = <State key="1" url="ws://b/ws" sockets={sockets} />;
  const two = <State key="2" url="ws://b/ws" sockets={sockets} />;
  await render(<>{[one, two]}</>);
  await render(<>{[two]}</>, 5 * RELEASE_DELAY_MS);
  expect(place.textContent).toBe('ws://b/ws connected');
  expect(sockets.opened).toBe(1);
  expect(sockets.open).toBe(1);
});

test('a component that goes and comes back within the delay keeps its socket', async () => {
  const sockets = new Sockets();
  await render(<State url="ws://c/ws" sockets={sockets} />);
  await render(null, RELEASE_DELAY_MS / 2);
  await render(<State url="ws://c/ws" sockets={sockets} />, 5 * RELEASE_DELAY_MS);
  expect(place.textContent).toBe('ws://c/ws connected');
  expect(sockets.opened).toBe(1);
});

test('the last component to go closes the socket', async () => {
  const sockets = new Sockets();
  await render(<State url="ws://d/ws" sockets={sockets} />);
  await render(null, 5 * RELEASE_DELAY_MS);
  expect(sockets.open).toBe(0);
});

test('another address has another client, and the former one is closed', async () => {
  const sockets = new Sockets();
  await render(<State url="ws://e/ws" sockets={sockets} />);
  await render(<State url="ws://f/ws" sockets={sockets} />, 5 * RELEASE_DELAY_MS);
  expect(place.textContent).toBe('ws://f/ws connected');
  expect(sockets.opened).toBe(2);
  expect(sockets.open).toBe(1);
});

test('without an address there is no client and no socket', async () => {
  const sockets = new Sockets();
  await render(<State url={null} sockets={sockets} />);
  expect(place.textContent).toBe('none');
  expect(sockets.opened).toBe(0);
});
