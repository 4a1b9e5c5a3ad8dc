/**
 * The page of the contract app: offers the contract suite over each transport that this page has, to whoever drives it.
 * The same page runs in the Tauri window and in Chromium.
 */
import { runContract, type ContractReport, type Platform } from '@holdfast/client/contract';
import type { DaemonTransport, DaemonTransportFactory } from '@holdfast/client/transport';
import { createTauriWebSocketTransportFactory } from '@holdfast/client/tauri-websocket';
import { createWebSocketTransportFactory } from '@holdfast/client/websocket';
import { invoke } from '@tauri-apps/api/core';
import { getCurrentWebview } from '@tauri-apps/api/webview';
import { createPluginTransportFactory } from 'tauri-plugin-daemon-transport-api';
import { config } from 'zod';
import { asking } from './asking.js';
import { playRole } from './roles.js';
import { Traffic } from './traffic.js';

// The page's content security policy forbids making code from strings.
config({ jitless: true });

/** A transport by the name a test gives it. */
export type TransportName = 'websocket' | 'tauri-websocket' | 'plugin-batch' | 'plugin-event';

const factories: Readonly<Record<TransportName, () => DaemonTransportFactory>> = {
  websocket: () => createWebSocketTransportFactory(),
  'tauri-websocket': () => createTauriWebSocketTransportFactory(),
  'plugin-batch': () => createPluginTransportFactory(),
  'plugin-event': () => createPluginTransportFactory({ lane: 'event' }),
};

/** One factory for each transport and page, as an app has it. */
const made = new Map<string, DaemonTransportFactory>();

function factoryOf(name: string): DaemonTransportFactory {
  const known = made.get(name);
  if (known) return known;
  const make = new Map<string, () => DaemonTransportFactory>(Object.entries(factories)).get(name);
  if (!make) throw new Error(`there is no transport ${name}`);
  const factory = make();
  made.set(name, factory);
  return factory;
}

const platforms: Readonly<Record<TransportName, Platform>> = {
  websocket: 'browser',
  'tauri-websocket': 'tauri-websocket',
  'plugin-batch': 'tauri-plugin',
  'plugin-event': 'tauri-plugin',
};

export type ContractPage = {
  /** Starts the suite; its reports can be read while it runs. */
  start: (transport: TransportName, serverUrl: string, livenessDeadlineMs?: number, only?: string) => void;
  reports: () => readonly ContractReport[];
  finished: () => boolean;
  /** Opens connections and keeps them, for what can only be seen from outside; resolves when all are open. */
  hold: (transport: TransportName, url: string, count: number) => Promise<void>;
  /** Opens one connection and gives the code and message of its failure. */
  refusal: (transport: TransportName, url: string) => Promise<unknown>;
};

let reports: ContractReport[] = [];
let finished = false;
/** Held so that nothing collects them while a test looks from outside. */
const held: DaemonTransport[] = [];

const page: ContractPage = {
  start: (transport, serverUrl, livenessDeadlineMs, only) => {
    reports = [];
    finished = false;
    void runContract({
      factory: factories[transport](),
      serverUrl,
      platform: platforms[transport],
      ...(livenessDeadlineMs === undefined ? {} : { livenessDeadlineMs }),
      ...(only === undefined ? {} : { only }),
      onReport: (report) => reports.push(report),
    }).then(() => {
      finished = true;
    });
  },
  reports: () => reports,
  finished: () => finished,
  hold: async (transport, url, count) => {
    const factory = factories[transport]();
    await Promise.all(
      Array.from(
        { length: count },
        () =>
          new Promise<void>((resolve, reject) => {
            const connection = factory({ url });
            held.push(connection);
            connection.onOpen(resolve);
            connection.onError((event) => reject(new Error(JSON.stringify(event))));
          }),
      ),
    );
  },
  refusal: (transport, url) =>
    new Promise((resolve) => {
      const connection = factories[transport]()({ url });
      let failure: unknown = null;
      connection.onOpen(() => resolve('opened'));
      connection.onError((event) => {
        failure = event ?? null;
      });
      connection.onClose((event) => resolve({ failure, close: event ?? null }));
    }),
};

const traffic = new Traffic(factoryOf);

/** What a page can do without any library of ours. */
const raw = {
  invoke,
  listen: (event: string, handler: (payload: unknown) => void) =>
    getCurrentWebview().listen(event, (received) => handler(received.payload)),
};

Object.assign(window, { __contract: page, __traffic: traffic, __raw: raw, __asking: asking });
playRole(traffic);
