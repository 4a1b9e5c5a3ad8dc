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

/**
 * The token of a daemon: 32 random bytes in base64url (RFC 4648 section 5, no padding), new at each start. Whoever can
 * read the runtime file has it; it crosses as `Authorization: Bearer TOKEN` and stands in no URL, log, or answer.
 */
export const daemonToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/, '43 characters of base64url');

/** Whether a daemon asks for its token: `token` on everything but `GET /api/health`, `none` nowhere (a wrong one is refused all the same). */
export const authMode = z.enum(['none', 'token']);
export type AuthMode = z.infer<typeof authMode>;

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
  /** Absolute path of the Unix socket where the same daemon listens as well; absent where it has none. */
  socket: z
    .string()
    .regex(/^\/[^\0]*$/, 'an absolute path')
    .optional(),
  /** Windows: the name of the pipe where it listens as well. */
  pipe: z
    .string()
    .regex(/^\\\\\.\\pipe\\[A-Za-z0-9_-]+$/, 'the name of a pipe of this computer')
    .optional(),
  /** What a client sends as `Authorization: Bearer TOKEN`; absent where an older daemon wrote the file. */
  token: daemonToken.optional(),
  /** Absent where an older daemon wrote the file, which asked for no token. */
  auth: authMode.optional(),
  /** WebSocket connections that it takes at once; absent where an older daemon wrote the file, which took 100. */
  maxConnections: z.int().positive().optional(),
});
export type RuntimeFile = z.infer<typeof runtimeFile>;
