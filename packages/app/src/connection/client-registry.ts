/**
 * One client for each address in this page, shared by all who ask for it and closed a moment after the last one has
 * gone. The moment is what makes React's strict mode, which mounts, unmounts and mounts again, keep one socket.
 */
import { DaemonClientV2, type DaemonTransportFactory } from '@holdfast/client';
import { RELEASE_DELAY_MS } from '../limits.js';

type Entry = {
  readonly client: DaemonClientV2;
  users: number;
  release: ReturnType<typeof setTimeout> | null;
};

const entries = new Map<string, Entry>();

/** Takes part in the client of this address; it is made and begins to connect with the first user. */
export function acquireClient(url: string, transportFactory: DaemonTransportFactory): DaemonClientV2 {
  let entry = entries.get(url);
  if (entry === undefined) {
    const client = new DaemonClientV2({
      url,
      transportFactory,
      clientName: 'Holdfast app',
      version: __APP_VERSION__,
    });
    entry = { client, users: 0, release: null };
    entries.set(url, entry);
    client.connect().catch(() => {
      // The reason is in the client's state, where the status line reads it.
    });
  }
  entry.users += 1;
  if (entry.release !== null) clearTimeout(entry.release);
  entry.release = null;
  return entry.client;
}

/** Gives the client up. It is closed unless somebody asks for it again within {@link RELEASE_DELAY_MS}. */
export function releaseClient(url: string): void {
  const entry = entries.get(url);
  if (entry === undefined) return;
  entry.users -= 1;
  if (entry.users > 0) return;
  entry.release = setTimeout(() => {
    entries.delete(url);
    // It settles by itself, and nobody is left to be told.
    void entry.client.close();
  }, RELEASE_DELAY_MS);
}
