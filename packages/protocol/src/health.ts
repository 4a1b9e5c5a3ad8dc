/** What `GET /api/health` answers and what the runtime file holds: how others find a daemon and know it is the one. */
import * as z from 'zod';
import { identifier } from './terminal.js';

/** Answer of `GET /api/health`. `instanceId` is new at each start: it tells a stale runtime file from a live daemon. */
export const health = z.object({
  name: z.literal('holdfast'),
  instanceId: identifier,
  daemonId: identifier,
  version: z.string(),
  protocol: z.object({ min: z.int().positive(), max: z.int().positive() }),
});
export type Health = z.infer<typeof health>;

/** The runtime file `daemon.json`: written (mode 0600) once the daemon listens, removed when it ends. */
export const runtimeFile = z.object({
  /** Version of this file's own form. */
  format: z.literal(1),
  pid: z.int().positive(),
  /** Where the daemon listens: an IP literal and a port. */
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  /** The address for a browser, e.g. `http://127.0.0.1:6767/`. */
  webUrl: z.string(),
  /** The address for a client, e.g. `ws://127.0.0.1:6767/ws`. */
  wsUrl: z.string(),
  version: z.string(),
  instanceId: identifier,
  /** ISO 8601, UTC. */
  startedAt: z.string(),
});
export type RuntimeFile = z.infer<typeof runtimeFile>;
