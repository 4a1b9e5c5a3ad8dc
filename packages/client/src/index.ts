/** The client of the Holdfast daemon. Transports and the contract suite have entry points of their own. */
export { DaemonClientV2, type DaemonClientOptions, type DaemonEventMap } from './daemon-client.js';
export type {
  ClientSnapshot,
  ConnectionState,
  DaemonInfo,
  DisconnectReason,
  VersionRange,
} from './connection-state.js';
export type { Attachment, AttachmentLoss, AttachOptions, Output, Snapshot } from './attachment.js';
export type { TerminalList, TerminalListSnapshot } from './terminal-list.js';
export { DaemonClientError } from './errors.js';
export { backoffDelayMs, type ReconnectOptions } from './backoff.js';
export type { ClientClock } from './clock.js';
export type * from './transport.js';
