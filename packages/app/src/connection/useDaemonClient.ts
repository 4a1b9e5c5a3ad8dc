/**
 * `useDaemonClient(url)`: the client of the daemon at `url` with its state, as React sees it. Safe in strict mode and
 * for several components at once: there is one client, and so never more than one socket, for each address.
 */
import type { ClientSnapshot, DaemonClientV2, DaemonTransportFactory } from '@holdfast/client';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { chooseTransport } from './choose-transport.js';
import { acquireClient, releaseClient } from './client-registry.js';

export type DaemonClientHandle = {
  readonly client: DaemonClientV2;
  readonly snapshot: ClientSnapshot;
};

/**
 * Null while `url` is null, and for the first frame. The transport is chosen by asking what is there; `transportFactory`
 * overrides it and must stay the same for an address.
 */
export function useDaemonClient(
  url: string | null,
  transportFactory?: DaemonTransportFactory,
): DaemonClientHandle | null {
  const [client, setClient] = useState<DaemonClientV2 | null>(null);

  useEffect(() => {
    if (url === null) return undefined;
    let acquired: DaemonClientV2 | null = null;
    let left = false;
    const acquire = (factory: DaemonTransportFactory): void => {
      if (left) return;
      acquired = acquireClient(url, factory);
      setClient(acquired);
    };
    if (transportFactory === undefined) {
      void chooseTransport().then(({ factory }) => {
        acquire(factory);
      });
    } else acquire(transportFactory);

    // A page that comes back from sleep, or a network that comes back, is a reason to try at once.
    const retry = (): void => {
      if (document.visibilityState === 'visible') acquired?.ensureConnected();
    };
    window.addEventListener('online', retry);
    document.addEventListener('visibilitychange', retry);
    return () => {
      left = true;
      window.removeEventListener('online', retry);
      document.removeEventListener('visibilitychange', retry);
      if (acquired === null) return;
      setClient(null);
      releaseClient(url);
    };
  }, [url, transportFactory]);

  const subscribe = useCallback(
    (listener: () => void) => client?.subscribe(listener) ?? (() => undefined),
    [client],
  );
  const snapshot = useSyncExternalStore(subscribe, () => client?.getSnapshot() ?? null);
  return client === null || snapshot === null ? null : { client, snapshot };
}
