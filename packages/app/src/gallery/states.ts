/**
 * Every state that the gallery shows, by a stable name: the rows of the table of connection states, and the other
 * faces of the window. `galleryUrls` lists the addresses for screenshot and accessibility tests.
 */
import type { ConnectionView, Reason } from '../connection/connection-view.js';
import type { HelpTopic } from '../state/window.js';

/** The gallery's clock stands still here, in epoch ms, so that two pictures of one state are the same. */
export const GALLERY_NOW_MS = 1_760_000_000_000;

export type GalleryOverlay = 'settings' | 'details' | 'log' | 'close' | 'paste' | `help-${HelpTopic}`;

export type GalleryState = {
  readonly name: string;
  readonly view: ConnectionView;
  /** What fills the place of the terminal. */
  readonly main?: 'terminal' | 'empty' | 'sized-elsewhere' | 'gone' | 'exited' | 'gap' | 'blank';
  readonly overlay?: GalleryOverlay;
  /** Shows the sheet where the window is narrow. */
  readonly sheet?: boolean;
  readonly sidebarHidden?: boolean;
  readonly renaming?: boolean;
  /** The desktop's window, which can start the daemon. */
  readonly desktop?: boolean;
};

const NOW = GALLERY_NOW_MS;
const CONNECTED: ConnectionView = { kind: 'connected', latencyMs: 2, stalledSinceMs: null, behindBytes: 0 };

function reason(code: string, message: string, more: Partial<Reason> = {}): Reason {
  return { code, message, ...more };
}

function refused(code: string, message: string, more: Partial<Reason> = {}): ConnectionView {
  return { kind: 'refused', reason: reason(code, message, more) };
}

const RESET = reason('connection_reset', 'The connection ended without a close frame.', { closeCode: 1006 });
const UNRESPONSIVE = reason(
  'unresponsive',
  '127.0.0.1:6767 stopped answering although the connection looked up.',
);
const REFUSED = reason('connection_refused', 'Nothing listens at 127.0.0.1:6767.');
const START_LOG = [
  '{"level":30,"time":"2026-01-05T09:12:01.101Z","event":"daemon.starting","version":"0.1.0"}',
  '{"level":50,"time":"2026-01-05T09:12:01.204Z","event":"daemon.failed","msg":"port 6767 is in use by another program"}',
];

export const GALLERY_STATES: readonly GalleryState[] = [
  { name: 'connecting-quiet', view: { kind: 'connecting', sinceMs: NOW - 100 }, main: 'blank' },
  { name: 'connecting', view: { kind: 'connecting', sinceMs: NOW - 2000 }, main: 'blank' },
  {
    name: 'starting',
    view: { kind: 'starting', step: 'waiting for it to listen', elapsedMs: 3200 },
    main: 'blank',
    desktop: true,
  },
  { name: 'connected', view: CONNECTED },
  { name: 'connected-slow', view: { ...CONNECTED, latencyMs: 312 } },
  { name: 'stalled', view: { ...CONNECTED, stalledSinceMs: NOW - 7000 } },
  {
    name: 'retrying',
    view: {
      kind: 'retrying',
      reason: RESET,
      nextRetryAtMs: NOW + 4000,
      hadConnection: true,
      terminalsGoOn: false,
    },
  },
  {
    name: 'retrying-now',
    view: {
      kind: 'retrying',
      reason: UNRESPONSIVE,
      nextRetryAtMs: null,
      hadConnection: true,
      terminalsGoOn: true,
    },
  },
  {
    name: 'retrying-never-connected',
    view: {
      kind: 'retrying',
      reason: reason('timed_out', 'No answer within 10 s.'),
      nextRetryAtMs: NOW + 12_000,
      hadConnection: false,
      terminalsGoOn: false,
    },
    main: 'blank',
  },
  {
    name: 'retrying-daemon-not-running',
    view: {
      kind: 'retrying',
      reason: REFUSED,
      nextRetryAtMs: NOW + 4000,
      hadConnection: true,
      terminalsGoOn: false,
    },
    desktop: true,
  },
  { name: 'stopped', view: { kind: 'stopped' } },
  {
    name: 'daemon-not-running',
    view: { kind: 'refused', reason: reason('daemon_not_running', 'No daemon runs for this user.') },
    desktop: true,
  },
  {
    name: 'daemon-failed',
    view: { kind: 'start-failed', message: 'The daemon ended early.', exitCode: 1, log: START_LOG },
    main: 'blank',
    desktop: true,
  },
  {
    name: 'refused-origin',
    view: refused('upgrade_refused', '403 Origin not allowed', {
      status: 403,
      body: '{"code":"origin_not_allowed","message":"Origin https://example.test is not allowed."}',
    }),
    main: 'blank',
  },
  { name: 'refused-credential', view: refused('unauthorized', 'A key is needed.'), main: 'blank' },
  {
    name: 'refused-policy',
    view: refused('policy_refused', 'Add "ws://192.0.2.7:6767/ws" to the allow list of the capability.'),
    main: 'blank',
    desktop: true,
  },
  {
    name: 'version',
    view: refused('protocol_unsupported', 'No common version.', {
      protocol: { client: { min: 1, max: 1 }, daemon: { min: 2, max: 2 } },
    }),
    main: 'blank',
  },
  { name: 'tls', view: refused('tls', 'certificate has expired'), main: 'blank' },
  { name: 'not-a-daemon', view: refused('upgrade_refused', '200 OK', { status: 200 }), main: 'blank' },
  {
    name: 'closed-by-daemon',
    view: refused('replaced', 'another connection took over this client id', { closeCode: 4409 }),
  },
  { name: 'behind', view: { ...CONNECTED, behindBytes: 3_200_000 } },
  { name: 'gap', view: CONNECTED, main: 'gap' },
  { name: 'empty', view: CONNECTED, main: 'empty' },
  { name: 'sized-elsewhere', view: CONNECTED, main: 'sized-elsewhere' },
  { name: 'gone', view: CONNECTED, main: 'gone' },
  { name: 'exited', view: CONNECTED, main: 'exited' },
  { name: 'sidebar-hidden', view: CONNECTED, sidebarHidden: true },
  { name: 'sheet', view: CONNECTED, sheet: true },
  { name: 'renaming', view: CONNECTED, renaming: true, sheet: true },
  { name: 'settings', view: CONNECTED, overlay: 'settings' },
  {
    name: 'details',
    view: {
      kind: 'retrying',
      reason: RESET,
      nextRetryAtMs: NOW + 4000,
      hadConnection: true,
      terminalsGoOn: false,
    },
    overlay: 'details',
  },
  {
    name: 'log',
    view: { kind: 'start-failed', message: 'The daemon ended early.', exitCode: 1, log: START_LOG },
    main: 'blank',
    overlay: 'log',
    desktop: true,
  },
  {
    name: 'help-allow-origin',
    view: refused('upgrade_refused', '403', { status: 403 }),
    overlay: 'help-allow-origin',
    main: 'blank',
  },
  {
    name: 'help-allow-address',
    view: refused('policy_refused', 'Add "ws://192.0.2.7:6767/ws" to the allow list of the capability.'),
    overlay: 'help-allow-address',
    main: 'blank',
  },
  {
    name: 'help-get-in',
    view: refused('unauthorized', 'A key is needed.'),
    overlay: 'help-get-in',
    main: 'blank',
  },
  {
    name: 'help-update',
    view: refused('protocol_unsupported', 'No common version.'),
    overlay: 'help-update',
    main: 'blank',
  },
  { name: 'close-dialog', view: CONNECTED, overlay: 'close' },
  { name: 'paste-dialog', view: CONNECTED, overlay: 'paste' },
];

/** The log lines that the gallery shows. */
export const GALLERY_LOG: readonly string[] = START_LOG;

/** Addresses of all states in both themes, relative to the gallery's folder. */
export function galleryUrls(): readonly string[] {
  return GALLERY_STATES.flatMap(({ name }) =>
    ['dark', 'light'].map((theme) => `gallery.html?state=${name}&theme=${theme}`),
  );
}
