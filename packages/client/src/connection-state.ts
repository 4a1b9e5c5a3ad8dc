/** What a person and a program can know about the connection: the states, the reasons of an end, and the snapshot. */
import type { DaemonMessage } from '@holdfast/protocol';

/** What the daemon said about itself in its `welcome`. */
export type DaemonInfo = Omit<Extract<DaemonMessage, { type: 'welcome' }>, 'type'>;

/**
 * Why there is no connection. Codes of the transport contract (`connection_refused`, `connection_reset`,
 * `name_not_resolved`, `unreachable`, `timed_out`, `upgrade_refused`, `handshake_failed`, `tls`, `protocol_error`,
 * `policy_refused`, `invalid_url`, `invalid_header`, `send_queue_full`, `too_many_connections`, `transport_failed`; a
 * foreign transport may bring its own), and:
 *
 * - `unauthorized`: the daemon asks for a key (upgrade status 401, or close code 4401).
 * - `protocol_unsupported`: no common version; `protocol` holds both ranges.
 * - `not_a_daemon`: a WebSocket server answered, in another language.
 * - `hello_timeout`: the upgrade was answered, `hello` was not.
 * - `replaced`: another connection took over this client id.
 * - `closed_by_daemon`: the daemon closed; `closeCode` and `closeReason` say why.
 * - `unresponsive`: the link looked up, and nothing was heard within the deadline.
 * - `stopped_by_user`: `close()` or `stopRetrying()`.
 * - `aborted`: the signal of the only `connect()` was aborted.
 */
export type DisconnectReason = {
  readonly code: string;
  /** A sentence for people: what happened, to what. */
  readonly message: string;
  /** Whether the client tries again by itself (where `reconnect.enabled`). */
  readonly retryable: boolean;
  /** HTTP status and start of the body of a refused upgrade. */
  readonly status?: number;
  readonly body?: string;
  /** The close frame, where there was one. */
  readonly closeCode?: number;
  readonly closeReason?: string;
  /** Versions of the protocol that each side speaks. */
  readonly protocol?: { readonly client: VersionRange; readonly daemon?: VersionRange };
  readonly daemonVersion?: string;
};

export type VersionRange = { readonly min: number; readonly max: number };

/** The machine that is drawn at `DaemonClientV2`. Times are milliseconds since 1970. */
export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly attempt: number; readonly startedAt: number }
  | { readonly kind: 'connected'; readonly connectedAt: number; readonly daemon: DaemonInfo }
  | {
      readonly kind: 'disconnected';
      readonly reason: DisconnectReason;
      readonly at: number;
      /** When the next try starts by itself; absent where none will. */
      readonly nextRetryAt?: number;
    };

/** One immutable value for each change: the same object until something in it changes. */
export type ClientSnapshot = {
  readonly url: string;
  readonly state: ConnectionState;
  /** Round trip of the last answered ping of this connection, in ms. */
  readonly latencyMs: number | undefined;
  /** The link is up and has owed an answer for 5 s. */
  readonly stalled: boolean;
  /** Since when it owes that answer; set exactly while `stalled`. */
  readonly unansweredSince: number | undefined;
  /** The last failure, kept after the connection is back so that it can still be read. */
  readonly lastError: (DisconnectReason & { readonly at: number }) | undefined;
  /** Failures in a row since the last connection that lasted. */
  readonly attempts: number;
  /** What the last `welcome` said; kept while disconnected. */
  readonly daemon: DaemonInfo | undefined;
  /** How many times this client was connected: 0 means never yet. */
  readonly connections: number;
};
