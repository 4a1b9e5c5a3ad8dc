/**
 * What a person is told about the connection, as one discriminated union, and how it follows from the state of the
 * client and of the desktop's start of the daemon. Pure: `status-sentences.ts` turns it into words.
 */
import type { ClientSnapshot, DisconnectReason } from '@holdfast/client';
import type { DesktopState } from '../tauri/desktop-daemon.js';

/** Why a connection failed or ended. */
export type Reason = Omit<DisconnectReason, 'retryable'>;

/** One state of the connection as it is shown. Times are epoch ms. */
export type ConnectionView =
  | { readonly kind: 'starting'; readonly step: string; readonly elapsedMs: number }
  | {
      readonly kind: 'start-failed';
      readonly message: string;
      readonly exitCode: number | null;
      readonly log: readonly string[];
    }
  | { readonly kind: 'connecting'; readonly sinceMs: number }
  | {
      readonly kind: 'connected';
      readonly latencyMs: number | null;
      /** When the daemon was last heard, while it does not answer; else null. */
      readonly stalledSinceMs: number | null;
      readonly behindBytes: number;
    }
  | {
      readonly kind: 'retrying';
      readonly reason: Reason;
      /** When the next attempt starts; null while one is under way. */
      readonly nextRetryAtMs: number | null;
      /** Whether there was a connection before, or this one never came about. */
      readonly hadConnection: boolean;
      /** Whether the terminals may be said to go on running: nothing since the connection speaks against it. */
      readonly terminalsGoOn: boolean;
    }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly reason: Reason };

/** What the table's words need besides the state. */
export type ConnectionNames = {
  /** What a person calls the daemon: its machine's name once known. */
  readonly daemon: string;
  /** Where the client dials, without credentials. */
  readonly address: string;
  /** Origin of this page. */
  readonly pageOrigin: string;
  /** Whether this window can start the daemon. */
  readonly canStart: boolean;
  /** Version of the protocol that this window speaks. */
  readonly protocol: number;
  /** Version of this program, for Details. */
  readonly appVersion: string;
};

/**
 * Folds all that is known into the one state that is shown. `openedAtMs`: when this window began to look;
 * `terminalsGoOn`: whether the terminals are believed to go on running while there is no connection.
 */
export function connectionView(
  desktop: DesktopState | null,
  snapshot: ClientSnapshot | null,
  openedAtMs: number,
  behindBytes: number,
  terminalsGoOn: boolean,
): ConnectionView {
  // A connection that is there tells more than what became of an attempt to start the daemon.
  const connected = snapshot?.state.kind === 'connected';
  if (!connected && desktop?.kind === 'starting') {
    return { kind: 'starting', step: desktop.step, elapsedMs: desktop.elapsedMs };
  }
  if (!connected && desktop?.kind === 'failed') {
    const { message, exitCode, log } = desktop;
    return { kind: 'start-failed', message, exitCode, log };
  }
  if (snapshot === null) return { kind: 'connecting', sinceMs: openedAtMs };
  const { state } = snapshot;
  const hadConnection = snapshot.connections > 0;
  switch (state.kind) {
    case 'idle':
      return { kind: 'connecting', sinceMs: openedAtMs };
    case 'connecting':
      return snapshot.attempts === 0 || snapshot.lastError === undefined
        ? { kind: 'connecting', sinceMs: state.startedAt }
        : { kind: 'retrying', reason: snapshot.lastError, nextRetryAtMs: null, hadConnection, terminalsGoOn };
    case 'connected':
      return {
        kind: 'connected',
        latencyMs: snapshot.latencyMs ?? null,
        stalledSinceMs: snapshot.stalled ? (snapshot.unansweredSince ?? null) : null,
        behindBytes,
      };
    case 'disconnected':
      if (state.reason.code === 'stopped_by_user') return { kind: 'stopped' };
      if (state.nextRetryAt !== undefined) {
        return {
          kind: 'retrying',
          reason: state.reason,
          nextRetryAtMs: state.nextRetryAt,
          hadConnection,
          terminalsGoOn,
        };
      }
      return { kind: 'refused', reason: state.reason };
  }
}
