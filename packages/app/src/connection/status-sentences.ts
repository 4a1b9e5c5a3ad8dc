/**
 * THE table of connection states: for each state the sentence a person reads, what they can press, and its tone.
 * A sentence says what happened, to what, and what happens next. Pure: the same input gives the same words.
 */
import { SAY_BEHIND_BYTES, QUIET_CONNECT_MS, SHOW_LATENCY_MS } from '../limits.js';
import { bytesInWords, secondsUntil, secondsSince } from './amounts.js';
import type { ConnectionNames, ConnectionView, Reason } from './connection-view.js';
import { causeInLog } from './log-line.js';
import { daemonIsGone, reasonInWords } from './reason-words.js';

/** What a person can press. Each has one meaning in the whole interface. */
export type StatusAction =
  | 'cancel'
  | 'connect'
  | 'details'
  | 'how-to-allow-address'
  | 'how-to-allow-origin'
  | 'how-to-get-in'
  | 'how-to-update'
  | 'reconnect'
  | 'reconnect-now'
  | 'show-log'
  | 'start-daemon'
  | 'stop-trying'
  | 'try-start-again';

/** Label of each action. */
export const ACTION_LABELS: { readonly [A in StatusAction]: string } = {
  cancel: 'Cancel',
  connect: 'Connect',
  details: 'Details',
  'how-to-allow-address': 'How to allow it',
  'how-to-allow-origin': 'How to allow it',
  'how-to-get-in': 'How to get in',
  'how-to-update': 'How to update',
  reconnect: 'Reconnect',
  'reconnect-now': 'Reconnect now',
  'show-log': 'Show log',
  'start-daemon': 'Start it',
  'stop-trying': 'Stop trying',
  'try-start-again': 'Try again',
};

/** Stable name of a row, in `data-state` of the status line. */
export type StatusState =
  | 'behind'
  | 'closed-by-daemon'
  | 'connected'
  | 'connecting'
  | 'connecting-quiet'
  | 'daemon-failed'
  | 'daemon-not-running'
  | 'not-a-daemon'
  | 'refused-credential'
  | 'refused-origin'
  | 'refused-policy'
  | 'retrying'
  | 'stalled'
  | 'starting'
  | 'stopped'
  | 'tls'
  | 'version';

/** The four meanings, and none. Each has a shape of its own besides its colour. */
export type Tone = 'quiet' | 'good' | 'working' | 'warning' | 'bad';

/** One row of the table, with its words filled in. */
export type Status = {
  readonly state: StatusState;
  readonly tone: Tone;
  /** Empty where nothing is to be said. */
  readonly sentence: string;
  /**
   * The sentence without numbers that run (countdowns, seconds): what a live region says once. A change of the
   * running number alone leaves it as it is.
   */
  readonly announcement: string;
  readonly actions: readonly StatusAction[];
  /** Latency in ms where it is worth showing, or on hover. */
  readonly latency: { readonly ms: number; readonly always: boolean } | null;
};

function row(
  state: StatusState,
  tone: Tone,
  sentence: string,
  actions: readonly StatusAction[],
  announcement: string = sentence,
): Status {
  return { state, tone, sentence, announcement, actions, latency: null };
}

const GO_ON = 'Your terminals go on running.';

/** Says one state in words. `nowMs` (epoch ms) is what countdowns count from. */
export function statusOf(view: ConnectionView, names: ConnectionNames, nowMs: number): Status {
  switch (view.kind) {
    case 'starting': {
      const seconds = Math.floor(view.elapsedMs / 1000);
      const step = view.step === '' ? '' : `${view.step}, `;
      const sentence = `Starting the Holdfast daemon… (${step}${String(seconds)} s)`;
      return row('starting', 'working', sentence, ['show-log'], 'Starting the Holdfast daemon…');
    }
    case 'start-failed':
      return startFailed(view);
    case 'connecting': {
      const sentence = `Connecting to ${names.daemon}…`;
      return nowMs - view.sinceMs < QUIET_CONNECT_MS
        ? row('connecting-quiet', 'quiet', '', [])
        : row('connecting', 'working', sentence, ['cancel']);
    }
    case 'connected':
      return connected(view, names, nowMs);
    case 'retrying':
      return retrying(view, names, nowMs);
    case 'stopped':
      return row('stopped', 'warning', 'Not connected.', ['connect']);
    case 'refused':
      return refused(view.reason, names);
  }
}

function startFailed(view: Extract<ConnectionView, { kind: 'start-failed' }>): Status {
  const cause = causeInLog(view.log) ?? view.message.trim();
  const sentence =
    view.exitCode === null
      ? `The daemon did not start: ${withStop(cause)}`
      : `The daemon ended with code ${String(view.exitCode)}: ${withStop(cause)}`;
  return row('daemon-failed', 'bad', sentence, ['try-start-again', 'show-log']);
}

function connected(
  view: Extract<ConnectionView, { kind: 'connected' }>,
  names: ConnectionNames,
  nowMs: number,
): Status {
  if (view.stalledSinceMs !== null) {
    const seconds = secondsSince(view.stalledSinceMs, nowMs);
    return row(
      'stalled',
      'warning',
      `${names.daemon} has not answered for ${String(seconds)} s. ${GO_ON}`,
      ['reconnect-now'],
      `${names.daemon} does not answer. ${GO_ON}`,
    );
  }
  const latency =
    view.latencyMs === null
      ? null
      : { ms: Math.round(view.latencyMs), always: view.latencyMs > SHOW_LATENCY_MS };
  if (view.behindBytes >= SAY_BEHIND_BYTES) {
    const sentence = `This view is ${bytesInWords(view.behindBytes)} behind and catches up by a snapshot.`;
    // It comes and goes many times in a flood of output, so it is shown and not announced.
    return { ...row('behind', 'working', sentence, [], `Connected to ${names.daemon}.`), latency };
  }
  return { ...row('connected', 'good', '', [], `Connected to ${names.daemon}.`), latency };
}

function retrying(
  view: Extract<ConnectionView, { kind: 'retrying' }>,
  names: ConnectionNames,
  nowMs: number,
): Status {
  const next =
    view.nextRetryAtMs === null
      ? 'Trying again now.'
      : `Trying again in ${String(secondsUntil(view.nextRetryAtMs, nowMs))} s.`;
  const words = reasonInWords(view.reason);
  if (daemonIsGone(view.reason) && names.canStart) {
    const cause = view.reason.code === 'connection_refused' ? ' (connection refused)' : '';
    const happened = `The daemon is not running${cause}.`;
    return row(
      'retrying',
      'bad',
      `${happened} ${next}`,
      ['start-daemon', 'stop-trying', 'details'],
      happened,
    );
  }
  const happened = view.hadConnection
    ? `Connection lost: ${words}.`
    : `No connection to ${names.daemon}: ${words}.`;
  const after = view.terminalsGoOn ? ` ${GO_ON}` : '';
  return row(
    'retrying',
    'warning',
    `${happened} ${next}${after}`,
    ['reconnect-now', 'stop-trying', 'details'],
    `${happened}${after}`,
  );
}

/** The rows that end the trying. Which one it is follows from the code, then from the HTTP status. */
function refused(reason: Reason, names: ConnectionNames): Status {
  if (daemonIsGone(reason)) {
    const actions: StatusAction[] = names.canStart ? ['start-daemon', 'details'] : ['connect', 'details'];
    return row('daemon-not-running', 'bad', 'The daemon is not running.', actions);
  }
  if (reason.code === 'policy_refused') {
    const sentence = `This app may not connect to ${names.address}.`;
    return row('refused-policy', 'bad', sentence, ['how-to-allow-address', 'details']);
  }
  if (reason.code === 'unauthorized' || reason.status === 401 || reason.closeCode === 4401) {
    const sentence = 'The daemon asks for a key that this window does not have.';
    return row('refused-credential', 'bad', sentence, ['how-to-get-in', 'details']);
  }
  if (reason.code === 'protocol_unsupported' || reason.closeCode === 4406) {
    const sentence = `This window speaks version ${String(names.protocol)}, the daemon ${daemonVersion(reason)}.`;
    return row('version', 'bad', sentence, ['how-to-update', 'details']);
  }
  if (reason.code === 'tls' || reason.code.startsWith('tls_')) {
    return row('tls', 'bad', `${certificateFault(reason)}.`, ['details']);
  }
  if (reason.status === 403) {
    const sentence = `The daemon does not accept connections from this page (origin ${names.pageOrigin}).`;
    return row('refused-origin', 'bad', sentence, ['how-to-allow-origin', 'details']);
  }
  if (reason.status !== undefined) {
    const sentence = `Something else answers at ${names.address} (HTTP ${String(reason.status)}).`;
    return row('not-a-daemon', 'bad', sentence, ['reconnect', 'details']);
  }
  if (reason.code === 'not_a_daemon') {
    const sentence = `Something else answers at ${names.address} (a WebSocket of another kind).`;
    return row('not-a-daemon', 'bad', sentence, ['reconnect', 'details']);
  }
  if (reason.code === 'handshake_failed') {
    const sentence = `Something else answers at ${names.address} (not a WebSocket).`;
    return row('not-a-daemon', 'bad', sentence, ['reconnect', 'details']);
  }
  const sentence = `The daemon closed this connection: ${withStop(reasonInWords(reason))}`;
  return row('closed-by-daemon', 'bad', sentence, ['reconnect', 'details']);
}

function daemonVersion(reason: Reason): string {
  const range = reason.protocol?.daemon;
  if (range === undefined) return 'another';
  return range.min === range.max
    ? `version ${String(range.max)}`
    : `versions ${String(range.min)} to ${String(range.max)}`;
}

/** Our plugin has a code for each reason; other transports say the same few things in many words. */
function certificateFault({ code, message }: Reason): string {
  const is = 'The daemon’s certificate is';
  switch (code) {
    case 'tls_expired':
      return `${is} expired`;
    case 'tls_not_yet_valid':
      return `${is} not valid yet`;
    case 'tls_wrong_name':
      return `${is} for another name`;
    case 'tls_pin_mismatch':
      return `${is} not the one you paired with`;
    case 'tls_unknown_issuer':
      return `${is} not one that this computer trusts`;
    case 'tls_failed':
      return 'No secure connection with the daemon could be made';
  }
  // Transports that tell the reason in words only.
  if (/expire/i.test(message)) return `${is} expired`;
  if (/name|host|subject/i.test(message)) return `${is} for another name`;
  if (/pin|fingerprint|paired/i.test(message)) return `${is} not the one you paired with`;
  return `${is} not one that this computer trusts`;
}

function withStop(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
