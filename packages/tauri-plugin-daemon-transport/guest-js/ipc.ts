/** The plugin's commands and events as this library uses them: a border of its own, so that tests script it. */
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import { getCurrentWebview } from '@tauri-apps/api/webview';

import type { EventName } from './happening.js';
import { isRecord } from './happening.js';
import { findReceiver } from './receiver.js';
import type { Receiver } from './receiver.js';

/** How frames cross into the page. */
export type Lane = 'batch' | 'event';

export type Ipc = {
  receiver: () => Receiver | undefined;
  /** Settles once events reach the handler. */
  listen: (event: EventName, handler: (payload: unknown) => void) => Promise<void>;
  /** Gives the connection's id. */
  connect: (request: {
    url: string;
    headers?: Record<string, string>;
    lane: Lane;
    page: string;
  }) => Promise<string>;
  /** Gives the bytes that wait in Rust for the network. */
  send: (body: Uint8Array) => Promise<number>;
  disconnect: (request: {
    connectionId: string;
    page: string;
    code?: number;
    reason?: string;
  }) => Promise<void>;
  /** Has Rust ask the peer at once whether it is still there. */
  check: (request: { connectionId: string; page: string }) => Promise<unknown>;
  /** Calls the handler when the system says that it is connected to a network again. Returns its own unsubscriber. */
  onOnline: (handler: () => void) => () => void;
};

/** The commands for endpoints that the person allows. What they answer is checked where it is used. */
export type EndpointIpc = {
  receiver: () => Receiver | undefined;
  requestEndpoint: (request: { url: string; page: string }) => Promise<unknown>;
  listEndpoints: () => Promise<unknown>;
  revokeEndpoint: (request: { url: string }) => Promise<unknown>;
};

const COMMAND = 'plugin:daemon-transport|';

/** The real thing. */
export const tauriIpc: Ipc = {
  receiver: () => (isRecord(Reflect.get(globalThis, '__TAURI_INTERNALS__')) ? findReceiver() : undefined),
  listen: async (event, handler) => {
    await listenWhileShown(event, handler);
    // A page that the engine kept and shows again has none of its listeners any more.
    addEventListener('pageshow', (shown) => {
      if (shown.persisted) void listenWhileShown(event, handler);
    });
  },
  connect: (request) => invoke<string>(`${COMMAND}daemon_connect`, request),
  send: (body) => invoke<number>(`${COMMAND}daemon_send`, body),
  disconnect: (request) => invoke<undefined>(`${COMMAND}daemon_disconnect`, request),
  check: (request) => invoke<unknown>(`${COMMAND}daemon_send`, { ...request, check: true }),
  onOnline: (handler) => {
    window.addEventListener('online', handler);
    return () => window.removeEventListener('online', handler);
  },
};

/** The real thing. */
export const tauriEndpointIpc: EndpointIpc = {
  receiver: tauriIpc.receiver,
  requestEndpoint: (request) => invoke<unknown>(`${COMMAND}daemon_request_endpoint`, request),
  listEndpoints: () => invoke<unknown>(`${COMMAND}daemon_list_endpoints`),
  revokeEndpoint: (request) => invoke<unknown>(`${COMMAND}daemon_revoke_endpoint`, request),
};

/**
 * Listens to an event of this webview for as long as the page is shown. Tauri does not notice that a page is gone: it
 * would keep its listeners and name them in every event, one more for each reload, until the webview is closed.
 */
async function listenWhileShown(event: EventName, handler: (payload: unknown) => void): Promise<void> {
  const stop = await listen(event, (received: { payload: unknown }) => handler(received.payload), {
    target: { kind: 'Webview', label: getCurrentWebview().label },
  });
  addEventListener('pagehide', () => stop(), { once: true });
}
