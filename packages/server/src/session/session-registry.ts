/**
 * All sessions of the daemon: takes new connections, tells every greeted client what changes, and lets a newer
 * connection of a client replace its older one. It promises that there are never more connections than allowed.
 */
import { CLOSE_TOO_MANY_CONNECTIONS, type DaemonEvent } from '@holdfast/protocol';
import type { WebSocket } from 'ws';
import { Directory } from '../directory.js';
import type { Log } from '../log.js';
import type { TerminalHost } from '../terminals/terminal-host.js';
import { Connection } from './connection.js';
import { Session } from './session.js';

export type RegistryOptions = {
  readonly host: TerminalHost;
  readonly log: Log;
  readonly daemonId: string;
  readonly version: string;
  readonly hostName: string;
  /** The person's home directory. */
  readonly home: string;
  /** WebSocket connections at once. */
  readonly maxConnections: number;
};

export class SessionRegistry {
  readonly host: TerminalHost;
  readonly log: Log;
  readonly daemonId: string;
  readonly version: string;
  readonly hostName: string;
  readonly home: string;
  readonly maxConnections: number;
  readonly directory: Directory;
  readonly #sessions = new Set<Session>();
  readonly #byClientId = new Map<string, Session>();
  #whenEmpty: (() => void) | undefined;

  constructor(options: RegistryOptions) {
    this.host = options.host;
    this.log = options.log;
    this.daemonId = options.daemonId;
    this.version = options.version;
    this.hostName = options.hostName;
    this.home = options.home;
    this.maxConnections = options.maxConnections;
    this.directory = new Directory(options.host, (event) => {
      this.#broadcast(event);
    });
    options.host.subscribe((event) => {
      if (event.type === 'advanced') {
        for (const session of this.#sessions) session.attachments.advanced(event.terminalId, event.end);
      } else if (event.type === 'removed') {
        for (const session of this.#sessions) session.attachments.removed(event.terminalId);
      }
    });
  }

  /** Takes a WebSocket whose upgrade was allowed. */
  accept(socket: WebSocket, connectionId: number): void {
    if (this.#sessions.size >= this.maxConnections) {
      socket.on('error', (error) => {
        this.log.warn({ event: 'connection.error', connectionId, reason: error.message });
      });
      const connection = new Connection(socket, () => undefined);
      // Short enough for the reason of a close, which may have 123 bytes.
      const message =
        `The daemon's limit of connections (${String(this.maxConnections)}) is reached. ` +
        'Close a window, or start it with a higher --max-connections.';
      connection.send({ type: 'refused', code: 'too_many_connections', message, version: this.version });
      connection.close(CLOSE_TOO_MANY_CONNECTIONS, message);
      this.log.warn({
        event: 'connection.closed',
        connectionId,
        code: CLOSE_TOO_MANY_CONNECTIONS,
        reason: message,
      });
      return;
    }
    this.#sessions.add(new Session(socket, connectionId, this));
  }

  /** The session has said hello and can be told events. */
  greeted(session: Session): void {
    const { clientId } = session;
    if (clientId === undefined) return;
    this.#byClientId.get(clientId)?.replaced();
    this.#byClientId.set(clientId, session);
  }

  remove(session: Session): void {
    this.#sessions.delete(session);
    const { clientId } = session;
    if (clientId !== undefined && this.#byClientId.get(clientId) === session)
      this.#byClientId.delete(clientId);
    if (this.#sessions.size === 0) this.#whenEmpty?.();
  }

  /** Closes every connection and settles when all have ended. */
  async closeAll(code: number, reason: string): Promise<void> {
    if (this.#sessions.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    for (const session of this.#sessions) session.connection.close(code, reason);
    await empty;
  }

  #broadcast(event: DaemonEvent): void {
    for (const session of this.#sessions) {
      if (session.clientId !== undefined) session.connection.send(event);
    }
  }
}
