/**
 * Whether a person may be told that their terminals go on running, over a whole downtime: true from the connection on,
 * until one failure speaks of the daemon's end or tells too little. No later failure restores it, only a connection.
 */
import type { ClientSnapshot, DaemonClientV2 } from '@holdfast/client';
import { useMemo, useSyncExternalStore } from 'react';
import { terminalsGoOn } from './reason-words.js';

/** What is believed after a change of the client. The same snapshot twice changes nothing. */
function believedAfter(before: boolean, { state }: ClientSnapshot): boolean {
  switch (state.kind) {
    case 'connected':
      return true;
    case 'disconnected':
      return before && terminalsGoOn(state.reason);
    case 'idle':
    case 'connecting':
      return before;
  }
}

export type TerminalsGoOn = {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => boolean;
};

/** Follows a client while somebody is subscribed. What happened before that is not known, and so not believed. */
export function terminalsGoOnOf(client: Pick<DaemonClientV2, 'subscribe' | 'getSnapshot'>): TerminalsGoOn {
  let believed = false;
  const fold = (): void => {
    believed = believedAfter(believed, client.getSnapshot());
  };
  return {
    subscribe: (listener) => {
      fold();
      return client.subscribe(() => {
        fold();
        listener();
      });
    },
    getSnapshot: () => believed,
  };
}

const UNKNOWN: TerminalsGoOn = { subscribe: () => () => undefined, getSnapshot: () => false };

/** A store and not a state, so that it is drawn together with the client's snapshot that it follows from. */
export function useTerminalsGoOn(client: DaemonClientV2 | null): boolean {
  const store = useMemo(() => (client === null ? UNKNOWN : terminalsGoOnOf(client)), [client]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot);
}
