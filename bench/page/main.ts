/** The page of the benchmark's window: offers the scenarios over each way that this window has. */
import { createTauriWebSocketTransportFactory } from '@holdfast/client/tauri-websocket';
import type { DaemonTransportFactory } from '@holdfast/client/transport';
import { createWebSocketTransportFactory } from '@holdfast/client/websocket';
import { createPluginTransportFactory } from 'tauri-plugin-daemon-transport-api';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';

import { runScenario, type Place, type Scenario, type Seen } from '../src/scenario.js';

type Way = 'page-websocket' | 'official-plugin' | 'plugin-event' | 'plugin-batch';

const factories: Readonly<Record<Way, DaemonTransportFactory>> = {
  'page-websocket': createWebSocketTransportFactory(),
  'official-plugin': createTauriWebSocketTransportFactory(),
  'plugin-event': createPluginTransportFactory({ lane: 'event' }),
  'plugin-batch': createPluginTransportFactory(),
};

let terminal: Terminal | undefined;

function draw(text: string): void {
  if (terminal === undefined) {
    const element = document.getElementById('terminal');
    if (element === null) throw new Error('the page has no place for a terminal');
    terminal = new Terminal({ cols: 100, rows: 30, scrollback: 1000 });
    terminal.open(element);
  }
  terminal.write(text);
}

const channel = new MessageChannel();
const turns: (() => void)[] = [];
channel.port1.onmessage = () => turns.shift()?.();

const place: Place = {
  draw,
  turn: () =>
    new Promise((resolve) => {
      turns.push(resolve);
      channel.port2.postMessage(null);
    }),
};

/** The outcome of a scenario that was begun, for a driver that cannot wait for a blocked page. */
const outcomes: Record<string, { seen: Seen } | { failure: string }> = {};

const page = {
  run: (way: Way, url: string, scenario: Scenario): Promise<Seen> =>
    runScenario(factories[way], url, scenario, place),
  begin: (id: string, way: Way, url: string, scenario: Scenario): void => {
    runScenario(factories[way], url, scenario, place).then(
      (seen) => (outcomes[id] = { seen }),
      (error: unknown) => (outcomes[id] = { failure: String(error) }),
    );
  },
  outcome: (id: string) => outcomes[id] ?? null,
};

Object.assign(window, { __bench: page });
