/**
 * Which transport carries the connection, by asking what is there: our own plugin (Option B), the official plugin
 * (Option A), else the platform's WebSocket. Nothing else in the app knows which one it is.
 */
import type { DaemonTransportFactory } from '@holdfast/client';
import {
  createTauriWebSocketTransportFactory,
  isTauriWebSocketAvailable,
} from '@holdfast/client/tauri-websocket';
import { createWebSocketTransportFactory } from '@holdfast/client/websocket';
import { isTauri } from '@tauri-apps/api/core';
import { createPluginTransportFactory, isAvailable } from 'tauri-plugin-daemon-transport-api';

/** Names of the three transports, as the diagnostics report them. */
export type TransportKind = 'plugin' | 'tauri-websocket' | 'websocket';

export type ChosenTransport = { readonly kind: TransportKind; readonly factory: DaemonTransportFactory };

let chosen: Promise<ChosenTransport> | null = null;
let chosenKind: TransportKind | null = null;

/** Asked once for each page: what is there does not change while it lives. Never rejects. */
export function chooseTransport(): Promise<ChosenTransport> {
  chosen ??= choose().then((transport) => {
    chosenKind = transport.kind;
    return transport;
  });
  return chosen;
}

/** The transport in use; null until it has been chosen. */
export function transportKind(): TransportKind | null {
  return chosenKind;
}

async function choose(): Promise<ChosenTransport> {
  if (isTauri()) {
    if (isAvailable()) return { kind: 'plugin', factory: createPluginTransportFactory() };
    if (await isTauriWebSocketAvailable()) {
      return { kind: 'tauri-websocket', factory: createTauriWebSocketTransportFactory() };
    }
  }
  return { kind: 'websocket', factory: createWebSocketTransportFactory() };
}
